/* direct.c: qmail-direct: a queue program (descriptors 0 and 1, answer in the exit
 * number) that has no queue: the message goes into a Maildir and is on disk, name and
 * all, before the exit number is 0. As $QMAILQUEUE it keeps the mail of a machine that
 * sends none.
 *
 * The Maildir is the caller's own, $HOME/Maildir; when root calls, that of $USER, who
 * it becomes before it looks at his home. Recipients are written down and are not
 * looked up. The sender is known after the message only, so that the message waits in
 * a file without a name meanwhile: nothing is left of one that is not finished.
 * Refuses: rights of a set-id bit, and a home that is another's or open to all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/date.h"
#include "../base/log.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../deliver/maildir.h"
#include "../exits.h"
#include "../msg/quote.h"
#include "../queue/envelope.h"

static const char box[] = "Maildir";
static char sender[ADDR_CAP];
static uid_t caller;
static struct buf rcpts = BUF_HEAP(HEADER_MAX);

/* ---- whose ---- */

/* Fills in u and has his rights. 0 or a QQ_ number. */
static int become(struct user *u)
{
	const char *name = getenv("USER"), *home = getenv("HOME");
	uid_t uid = geteuid();

	if (uid == 0 && name && *name && strcmp(name, "root")) {
		if (passwd_name(u, name) != 1) {
			/* The number's words speak of configuration, and not of which. */
			say("qmail-direct", "USER is %s, who is not in /etc/passwd", name);
			return QQ_CONFIG;
		}
		if (u->uid != 0)
			return proc_become(u->uid, u->gid) < 0 ? QQ_CONFIG : 0;
	} else if (passwd_uid(u, uid) != 1) {
		/* A board without a line for this uid: the environment has to do. */
		*u = (struct user){ .name = "user", .uid = uid };
		text_copy(u->name, sizeof u->name, name);
	}
	if (home && *home == '/')
		text_copy(u->home, sizeof u->home, home);
	return 0;
}

static int go_home(const struct user *u)
{
	struct stat st;

	if (u->home[0] != '/' || chdir(u->home) < 0 || stat(".", &st) < 0 ||
		st.st_uid != geteuid() || (st.st_mode & S_IWOTH))
		return QQ_HOME;
	if (stat(box, &st) < 0 && (errno != ENOENT || maildir_make(box) < 0))
		return QQ_HOME;
	return 0;
}

/* ---- the message ---- */

/* A file without a name on the Maildir's file system. -1 errno. */
static int open_spool(void)
{
	char name[64];
	int fd = openat(AT_FDCWD, "Maildir/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* Not every file system has these; what is left of a crash just here is removed by
	 * readers of the Maildir when it is old. */
	if (fd < 0 && errno != ENOENT && errno != ENOSPC && errno != EACCES) {
		buf_text(name, sizeof name, "Maildir/tmp/%lld.%d.spool",
			(long long)clock_wall_usec(), (int)getpid());
		fd = openat(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			unlink(name);
	}
	return fd;
}

static int copy_message(struct letter *l)
{
	char piece[WINDOW];
	ssize_t r;

	if ((l->fd = open_spool()) < 0)
		return errno == ENOENT ? QQ_HOME : QQ_WRITE;
	while ((r = io_read(0, piece, sizeof piece)) > 0) {
		if (io_write(l->fd, piece, (size_t)r) < 0)
			return QQ_WRITE;
		l->size += r;
	}
	return r < 0 ? QQ_READ : 0;
}

static int take(int letter, const char *s, size_t n)
{
	int r = letter == 'F' ? envelope_sender(s, n) : envelope_rcpt(s, n);

	if (r)
		return r;
	if (letter == 'F') {
		memcpy(sender, s, n);
		sender[n] = 0;
		return 0;
	}
	buf_puts(&rcpts, rcpts.len ? ",\n\t" : "X-Recipients: ");
	addr_quote(&rcpts, s, n);
	return rcpts.full ? QQ_NOMEM : 0;
}

/* The lines on top: those of any delivery, and the trace of this one. */
static int make_head(struct letter *l, const struct user *u)
{
	struct buf host = BUF_HEAP(CONTROL_MAX), head;
	int r = control_line(&host, "me");

	if (r < 0)
		return QQ_CONFIG;
	if (!r || !host.len)
		host.s = "localhost";
	if (letter_open(l, l->fd, l->size, sender, u->name, host.s) < 0)
		return errno == EMSGSIZE ? QQ_CONFIG : QQ_READ;
	head = l->head;
	head.max = 2 * HEADER_MAX;
	head.lent = 1;
	buf_put(&head, rcpts.s, rcpts.len);
	buf_fmt(&head, "\nReceived: (qmail %d invoked by uid %lu); ", (int)getpid(),
		(unsigned long)caller);
	date_mail(&head, clock_wall());
	buf_putc(&head, '\n');
	l->head = head;
	return head.full ? QQ_NOMEM : 0;
}

int direct_main(int argc, char **argv)
{
	static char window[WINDOW];
	static struct letter l;
	struct in envelope = IN_OVER(1, window);
	struct user u;
	int r;

	(void)argc, (void)argv;
	caller = getuid();
	proc_signals_reset();
	proc_signal(SIGXFSZ, SIG_IGN);
	alarm(WRITER_SECS);
	umask(077);
	if (proc_is_setid() && proc_drop_setid() < 0)
		return QQ_CONFIG;
	if ((r = become(&u)) != 0 || (r = go_home(&u)) != 0 ||
		(r = copy_message(&l)) != 0 || (r = envelope_read(&envelope, take)) != 0)
		return r;
	if (!rcpts.len)
		return QQ_ENVELOPE;
	if ((r = make_head(&l, &u)) != 0)
		return r;
	/* It has a name soon, and whoever stops us then would leave it. */
	alarm(0);
	proc_signals(SIG_IGN);
	return maildir_put(box, &l, 0) ? QQ_WRITE : 0;
}
