/* queuefix.c: queue-fix makes a queue, or repairs one: directories, owners,
 * rights, the files below lock/, and (fixmsg.c) messages that lie in the wrong
 * place after the split was changed. It holds the runner's lock meanwhile, and
 * refuses a directory with other things in it, since it changes rights. Never
 * removes what could be accepted mail. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../base/passwd.h"
#include "../base/sys.h"
#include "../base/text.h"
#include "../exits.h"
#include "file.h"
#include "fix.h"

#define PROG "queue-fix"
#define PROBLEMS_MAX 99	/* largest exit code of -N */

/* split 0, bigtodo 2: as it is. */
struct options { unsigned split, tcpto, bigtodo; };

int fix_found(struct fix *f, const char *name, const char *what)
{
	f->problems++;
	if (f->on['v'])
		say(PROG, "%s: %s", name, what);
	return !f->on['N'];
}

int fix_failed(struct fix *f, const char *name)
{
	f->failed = 1;
	say(PROG, "unable to repair %s:", name);
	return -1;
}

void fix_rights(struct fix *f, int fd, const char *name, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		fix_failed(f, name);
		return;
	}
	/* A second name may be a file of somebody else's that the queue's owner has
	 * linked here: rights to it are not ours to give. */
	if (!S_ISDIR(st.st_mode) && st.st_nlink != 1) {
		fix_found(f, name, "has a second name; left alone");
		return;
	}
	if (f->own && (st.st_uid != f->uid || st.st_gid != f->gid) &&
		fix_found(f, name, "wrong owner") &&
		fchownat(fd, "", f->uid, f->gid, AT_EMPTY_PATH) < 0)
		fix_failed(f, name);
	if (mode && (st.st_mode & 07777) != mode &&
		fix_found(f, name, "wrong rights") && syscall(SYS_fchmod, fd, mode) < 0)
		fix_failed(f, name);
}

/* An entry of the directory parent, made when it is missing; mode has its type as
 * well. Its descriptor; -1: it could not be had, or (dry run) is missing. label:
 * what to call it. */
static int fix_entry(struct fix *f, int parent, const char *name, const char *label, mode_t mode)
{
	int flags = O_NOFOLLOW | O_CLOEXEC, fd;

	flags |= S_ISDIR(mode) ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
	fd = openat(parent, name, flags);
	if (fd < 0 && errno == ENOENT) {
		if (!fix_found(f, label, "missing"))
			return -1;
		if ((S_ISDIR(mode) ? mkdirat(parent, name, mode) :
			mknodat(parent, name, mode, 0)) == 0)
			fd = openat(parent, name, flags);
	}
	if (fd < 0)
		return fix_failed(f, label);
	fix_rights(f, fd, label, mode & 07777);
	return fd;
}

/* name and, if subs is not 0, its numbered sub-directories. */
static void fix_tree(struct fix *f, int top, const char *name, mode_t mode, unsigned subs)
{
	int fd = fix_entry(f, top, name, name, S_IFDIR | mode);
	char path[QPATH];
	unsigned n;

	for (n = 0; fd >= 0 && n < subs && !f->failed; n++) {
		buf_text(path, sizeof path, "%s/%u", name, n);
		io_close(fix_entry(f, fd, path + strlen(name) + 1, path, S_IFDIR | mode));
	}
	io_close(fd);
}

/* The files below lock/, which is open. */
static void fix_lock(struct fix *f, int lock, unsigned tcpto)
{
	struct stat st;
	int fd;

	io_close(fix_entry(f, lock, "sendmutex", "lock/sendmutex", S_IFREG | 0600));
	fd = fix_entry(f, lock, "tcpto", "lock/tcpto", S_IFREG | 0600);
	if (fstat(fd, &st) == 0 && st.st_size < (off_t)tcpto &&
		fix_found(f, "lock/tcpto", "too short") && ftruncate(fd, (off_t)tcpto) < 0)
		fix_failed(f, "lock/tcpto");
	io_close(fd);
	if (fstatat(lock, "trigger", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISFIFO(st.st_mode)) {
		if (!fix_found(f, "lock/trigger", "not a FIFO"))
			return;
		unlinkat(lock, "trigger", 0);
	}
	/* A writer that is not the owner must be able to wake the runner, if
	 * there can be one. */
	io_close(fix_entry(f, lock, "trigger", "lock/trigger",
		S_IFIFO | (f->shared ? 0622 : 0600)));
}

/* The runner's lock, when there is one already. -1: a runner is alive. */
static int take_lock(struct queue *q)
{
	int fd = qfile_at(q, "lock/sendmutex", O_RDWR | O_NONBLOCK);

	queue_layout(q);
	/* Kept until we exit. The file may have been removed below a runner. */
	if ((fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) &&
		(flock(qdir_open(q, MESS), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK))
		return 0;
	say(PROG, errno == EWOULDBLOCK ? "qmta-send works on this queue: "
		"stop it first" : "unable to lock lock/sendmutex");
	return -1;
}

/* 1 when the directory holds a queue or nothing at all. */
static int may_be_queue(int top)
{
	struct stat st;
	struct dir d;
	int r;

	if (dir_open(&d, top, ".") < 0)
		return 0;
	r = dir_next(&d) == 0 || fstatat(top, qdir_name[MESS], &st, AT_SYMLINK_NOFOLLOW) == 0;
	dir_close(&d);
	return r;
}

/* Root gives the queue to qmailq:qmail, or to whom it belongs already when that is
 * another user (a private queue); anyone else can only make his own. */
static void choose_owner(struct fix *f, int top)
{
	struct user u;
	struct stat st;

	f->uid = geteuid();
	f->gid = getegid();
	f->own = f->uid == 0;
	if (!f->own)
		return;
	if (fstat(top, &st) == 0 && st.st_uid != 0) {
		f->uid = st.st_uid;
		f->gid = st.st_gid;
	} else if (passwd_name(&u, "qmailq") == 1) {
		f->uid = u.uid;
		if (group_name(&f->gid, "qmail") != 1)
			f->gid = u.gid;
	} else if (f->on['v'])
		say(PROG, "there is no user qmailq: the queue belongs to root");
	f->shared = f->uid != 0;
}

/* Sub-directories beyond the split, once they are empty. */
static void drop_surplus(struct fix *f, struct queue *q)
{
	char path[QPATH];
	struct stat st;
	unsigned n;
	int dir;

	for (dir = 0; dir < QDIRS; dir++) {
		if (dir == BOUNCE || dir == NOTE)
			continue;
		for (n = qdir_subs(q, dir); n < SPLIT_MAX; n++)
			if (fstatat(q->dir, qpath(path, dir, -1, n), &st,
				AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
				fix_found(f, path, "not needed with this split") &&
				unlinkat(q->dir, path, AT_REMOVEDIR) < 0 &&
				errno != ENOTEMPTY && errno != EEXIST)
				fix_failed(f, path);
	}
}

static void fix_all(struct fix *f, struct queue *q, const struct options *o)
{
	int dir, lock;

	queue_layout(q);
	if (o->split)
		q->split = o->split;
	if (o->bigtodo <= 1)
		q->bigtodo = o->bigtodo * q->split;
	for (dir = 0; dir < QDIRS; dir++)
		fix_tree(f, q->dir, qdir_name[dir], dir == MESS || dir == TODO ? 0750 : 0700,
			qdir_subs(q, dir));
	fix_tree(f, q->dir, "pid", 0700, 0);
	if (f->on['t'])
		fix_tree(f, q->dir, "trash", 0700, 0);
	if (f->on['r'])
		fix_tree(f, q->dir, "ratelimit", 0750, 0);
	lock = fix_entry(f, q->dir, "lock", "lock", S_IFDIR | 0750);
	if (lock >= 0)
		fix_lock(f, lock, o->tcpto);
	io_close(lock);
	if (f->failed)
		return;
	fix_messages(f, q);
	drop_surplus(f, q);
	if (!f->on['N'])
		syncfs(q->dir);
}

/* The value of an option: 1 a number from least to most, 0 not. */
static int number(const char *s, unsigned least, unsigned most, unsigned *v)
{
	uint64_t n;

	if (!text_is_u64(s, strlen(s), &n) || n < least || n > most)
		return 0;
	*v = (unsigned)n;
	return 1;
}

/* The directory; 0: the arguments are wrong. -m is "one owner for all": always so. */
static const char *arguments(struct fix *f, struct options *o, int argc, char **argv)
{
	struct opt opt = OPT_INIT(argc, argv);
	int c, good = 1;

	while (good && (c = opt_next(&opt, "iNvrmts:b:S:")) != -1) {
		f->on[c] = 1;
		if (c == 's')
			good = number(opt.arg, 1, SPLIT_MAX, &o->split);
		else if (c == 'b')
			good = number(opt.arg, 0, 1, &o->bigtodo);
		else if (c == 'S')
			good = number(opt.arg, 0, 1u << 20, &o->tcpto);
		else
			good = c != '?';
	}
	return good && opt.at + 1 == argc && *argv[opt.at] ? argv[opt.at] : 0;
}

int queuefix_main(int argc, char **argv)
{
	struct options o = { 0, 2048, 2 };
	struct fix f = { 0 };
	struct queue q = { .mess = -1, .todo = -1, .sync = 1 };
	const char *dir = arguments(&f, &o, argc, argv);
	mode_t mode;

	if (!dir)
		return say_usage(PROG, " [-iNvrmt] [-s split] [-b 0|1] [-S tcptosize] directory");
	umask(0);
	q.dir = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	choose_owner(&f, q.dir);
	mode = f.shared ? 0750 : 0700;
	if (q.dir < 0)
		q.dir = fix_entry(&f, AT_FDCWD, dir, dir, S_IFDIR | mode);
	else if (!may_be_queue(q.dir)) {
		say(PROG, "%s holds other things and no queue: nothing is changed", dir);
		return EXIT_TEMP;
	} else if (take_lock(&q) < 0)
		return EXIT_TEMP;
	else
		fix_rights(&f, q.dir, dir, mode);
	if (q.dir >= 0)
		fix_all(&f, &q, &o);
	if (f.failed)
		return EXIT_TEMP;
	return !f.on['N'] ? EXIT_DONE :
		f.problems < PROBLEMS_MAX ? (int)f.problems : PROBLEMS_MAX;
}
