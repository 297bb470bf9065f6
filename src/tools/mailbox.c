/* mailbox.c: the applets maildir2mbox, and qail, elq and pinq, which do the same
 * before they become a mail reader.
 *
 * The mailbox and all messages of the Maildir are copied into a new file, which is
 * synced, takes the mailbox's name, and only when that is on disk too are the files
 * of the Maildir removed. A crash in between repeats messages and loses none. The
 * mailbox is locked all the while. Refuses a mailbox that is a link: the new file
 * would take the link's place. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/exec.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../deliver/mbox.h"
#include "../exits.h"
#include "maillist.h"

struct move {
	const char *name, *mail, *tmp;
	struct maillist list;
	struct mbox box;
	struct out out;
	char tmp_room[MBOX_PATH], window[WINDOW];
};

static int fail(const struct move *m, const char *what, const char *path)
{
	say(m->name, "unable to %s %s:", what, path);
	return -1;
}

static int names(struct move *m)
{
	const char *env = getenv("MAILTMP");
	struct buf b = BUF_OVER(m->tmp_room);
	struct stat st;

	m->mail = getenv("MAIL");
	if (!m->mail || !*m->mail) {
		say(m->name, "set MAIL to the path of your mailbox");
		return -1;
	}
	if (lstat(m->mail, &st) == 0 && S_ISLNK(st.st_mode)) {
		say(m->name, "%s is a link: set MAIL to the file it leads to", m->mail);
		return -1;
	}
	buf_fmt(&b, "%s.tmp", m->mail);
	m->tmp = env && *env ? env : m->tmp_room;
	errno = ENAMETOOLONG;
	return buf_z(&b) ? 0 : fail(m, "use", "MAIL");
}

/* The new file has the rights of the old one. What is in it is of a run that was cut
 * off; but the mailbox itself under another name must not be emptied, and a file that
 * somebody else has put there must not become the mailbox. */
static int open_tmp(struct move *m)
{
	int fd = openat(AT_FDCWD, m->tmp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC, 0600);
	struct stat box, tmp;

	if (fd < 0)
		return -1;
	m->out = (struct out)OUT_OVER(fd, m->window);
	if (fstat(fd, &tmp) < 0 || fstat(m->box.fd, &box) < 0)
		return -1;
	if ((tmp.st_ino == box.st_ino && tmp.st_dev == box.st_dev) || !S_ISREG(tmp.st_mode) ||
		(tmp.st_uid != geteuid() && tmp.st_uid != box.st_uid)) {
		errno = EEXIST;
		return -1;
	}
	if (fchownat(fd, "", box.st_uid, box.st_gid, AT_EMPTY_PATH) < 0)
		box.st_mode &= 0700;
	return syscall(SYS_fchmod, fd, box.st_mode & 0777) < 0 ? -1 : ftruncate(fd, 0);
}

static int copy_box(struct move *m)
{
	const char *gap = mbox_gap(m->box.fd, m->box.size);
	char piece[WINDOW];
	ssize_t r = -1;

	if (!gap || lseek(m->box.fd, 0, SEEK_SET) < 0)
		return fail(m, "read", m->mail);
	while ((r = io_read(m->box.fd, piece, sizeof piece)) > 0)
		if (out_put(&m->out, piece, (size_t)r) < 0)
			return fail(m, "write", m->tmp);
	if (r < 0)
		return fail(m, "read", m->mail);
	return out_puts(&m->out, gap) < 0 ? fail(m, "write", m->tmp) : 0;
}

/* What the Return-Path line at the start of the message says, in b. */
static void sender_of(int fd, struct buf *b)
{
	static const char field[] = "Return-Path: <";
	char top[2 * ADDR_CAP];
	ssize_t r = pread(fd, top, sizeof top, 0);
	size_t n = r > 0 ? (size_t)r : 0, at;
	const char *lf = memchr(top, '\n', n);

	if (lf)
		n = (size_t)(lf - top);
	at = text_rchr(top, n, '>');
	if (lf && at < n && text_casestarts(top, n, field))
		buf_put(b, top + sizeof field - 1, at - (sizeof field - 1));
	if (!buf_z(b))
		b->s[0] = 0;
}

static int copy_message(struct move *m, size_t i, int fd, struct letter *l)
{
	char sender[2 * ADDR_CAP];
	struct buf b = BUF_OVER(sender);
	struct stat st;
	int r;

	sender_of(fd, &b);
	l->fd = fd;
	l->ufline = BUF_OVER(l->store);
	if (fstat(fd, &st) < 0)
		return fail(m, "read", maillist_name(&m->list, i));
	l->size = st.st_size;
	letter_ufline(&l->ufline, sender, st.st_mtime);
	r = mbox_write(&m->out, l);
	return r == -2 ? fail(m, "read", maillist_name(&m->list, i)) :
		r ? fail(m, "write", m->tmp) : 0;
}

static int copy_messages(struct move *m)
{
	static struct letter l;
	size_t i;
	int fd, r;

	for (i = 0; i < m->list.n; i++) {
		if ((fd = maillist_file(&m->list, i)) < 0) {
			if (errno != ENOENT)
				return fail(m, "open", maillist_name(&m->list, i));
			m->list.items[i].at = -1;	/* moved by a reader: it stays */
			continue;
		}
		r = copy_message(m, i, fd, &l);
		close(fd);
		if (r < 0)
			return r;
	}
	return 0;
}

/* From here on it is there twice, and then once. */
static int change_over(struct move *m)
{
	size_t i;

	if (out_flush(&m->out) < 0 || fsync(m->out.fd) < 0)
		return fail(m, "write", m->tmp);
	if (rename(m->tmp, m->mail) < 0) {
		say(m->name, "unable to rename %s to %s (are they on one file system?):",
			m->tmp, m->mail);
		return -1;
	}
	if (mbox_syncdir(m->mail) < 0)
		return fail(m, "sync the directory of", m->mail);
	for (i = 0; i < m->list.n; i++)
		if (m->list.items[i].at != -1)
			unlinkat(m->list.dir, maillist_name(&m->list, i), 0);
	return 0;
}

static int move_all(struct move *m)
{
	int r;

	m->out.fd = -1;
	if (open_tmp(m) < 0)
		r = fail(m, "use MAILTMP", m->tmp);
	else if ((r = copy_box(m)) < 0 || (r = copy_messages(m)) < 0 || (r = change_over(m)) < 0)
		unlink(m->tmp);
	io_close(m->out.fd);
	return r;
}

/* Exit number. */
static int convert(const char *name)
{
	static struct move m;
	const char *why;
	int r;

	m.name = name;
	if (maillist_open(&m.list, name) < 0 || names(&m) < 0)
		return EXIT_TEMP;
	if (maillist_read(&m.list, 1) < 0) {
		fail(&m, "read", "the Maildir");
		return EXIT_TEMP;
	}
	if (!m.list.n)
		return EXIT_DONE;
	/* Ended half-way, our dot-lock would keep mail out for minutes. */
	proc_signals(SIG_IGN);
	if ((why = mbox_open(&m.box, m.mail)) != 0) {
		say(name, "%s", why);
		r = -1;
	} else {
		r = move_all(&m);
		mbox_close(&m.box);
	}
	proc_signals_reset();
	proc_signal(SIGPIPE, SIG_DFL);
	return r < 0 ? EXIT_TEMP : EXIT_DONE;
}

int maildir2mbox_main(int argc, char **argv)
{
	if (argc > 1)
		return say_usage(argv[0], " (from $MAILDIR to $MAIL, through $MAILTMP)");
	return convert(argv[0]);
}

int qail_main(int argc, char **argv)
{
	const char *name = argv[0];
	int r = convert(name);

	(void)argc;
	if (r)
		return r;
	argv[0] = *name == 'q' ? "mail" : *name == 'e' ? "elm" : "pine";
	exec_path(argv);
	say(name, "unable to run %s:", argv[0]);
	return EXIT_TEMP;
}
