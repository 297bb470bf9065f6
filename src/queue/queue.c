/* queue.c: opening the queue: where it is, how it is split, what the control
 * files say about it. The first step of every program that touches a message.
 * Refuses a directory that is not laid out as a queue; makes nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/sys.h"
#include "../exits.h"
#include "file.h"
#include "queue.h"

const char *queue_dir(void)
{
	const char *e = getenv("QUEUEDIR");

	if (e && *e && !proc_is_setid())
		return e;
	return QUEUE_DIR;
}

void queue_worker(struct user *u)
{
	struct stat st = { 0 };

	if (stat(queue_dir(), &st) < 0 && passwd_name(u, "qmailq") > 0) {
		st.st_uid = u->uid;
		st.st_gid = u->gid;
	}
	passwd_worker(u, st.st_uid, st.st_gid);
}

static int is_dir(const struct queue *q, int dir, unsigned sub)
{
	char path[QPATH];
	struct stat st;

	return fstatat(q->dir, qpath(path, dir, -1, sub), &st,
		AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* How many of dir/0, dir/1, ... there are without a gap, given that dir/0 is there.
 * Gallops, so that the usual queue (one) costs one look and a split of 151 costs 15. */
static unsigned count_subs(const struct queue *q, int dir)
{
	unsigned lo = 0, hi = 1, mid;

	while (hi < SPLIT_MAX && is_dir(q, dir, hi)) {
		lo = hi;
		hi *= 2;
	}
	if (hi > SPLIT_MAX)
		hi = SPLIT_MAX;
	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (is_dir(q, dir, mid))
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

void queue_layout(struct queue *q)
{
	q->split = count_subs(q, MESS);
	q->bigtodo = is_dir(q, TODO, 0) ? count_subs(q, TODO) : 0;
}

int qdir_open(const struct queue *q, int dir)
{
	char path[QPATH];

	return openat(q->dir, qdir_subs(q, dir) == 1 ? qpath(path, dir, -1, 0) :
		qdir_name[dir], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int read_settings(struct queue *q)
{
	uint64_t sync = 1;

	q->minfree = QUEUE_MINFREE_AUTO;
	if (control_num(&sync, "conf-fsync") < 0 ||
		control_num(&q->minfree, "minfree") < 0 ||
		control_num(&q->databytes, "databytes") < 0 ||
		control_num(&q->sendermax, "sendermax") < 0 ||
		control_num(&q->queuemax, "queuemax") < 0 ||
		control_num(&q->queuemaxbytes, "queuemaxbytes") < 0)
		return -1;
	q->sync = sync != 0;
	return 0;
}

int queue_open(struct queue *q, const char *dir)
{
	int code = QQ_DIR;

	memset(q, 0, sizeof *q);
	q->mess = q->todo = -1;
	q->dir = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (q->dir < 0)
		return QQ_HOME;
	queue_layout(q);
	q->mess = qdir_open(q, MESS);
	if (q->mess >= 0 && (q->todo = qdir_open(q, TODO)) >= 0) {
		code = QQ_CONFIG;
		if (read_settings(q) == 0)
			return 0;
	}
	queue_close(q);
	return code;
}

void queue_close(struct queue *q)
{
	q->dir = io_close(q->dir);
	q->mess = io_close(q->mess);
	q->todo = io_close(q->todo);
}

/* pid/ is where every new message starts; who may write there owns the queue. */
int queue_writable(const struct queue *q)
{
	return syscall(SYS_faccessat, q->dir, "pid", W_OK | X_OK) == 0;
}

int queue_seem(const struct queue *q)
{
	struct stat top;

	if (geteuid() != 0)
		return 0;
	if (fstat(q->dir, &top) < 0)
		return -1;
	return top.st_uid ? proc_seem(top.st_uid, top.st_gid) : 0;
}

/* A reader that went away is no error, nor is a trigger that is missing: the
 * runner looks into todo/ by itself as well. */
void queue_wake(struct queue *q, char hint)
{
	int fd = qfile_at(q, "lock/trigger", O_WRONLY | O_NONBLOCK);

	if (fd < 0)
		return;
	(void)!write(fd, &hint, 1);
	close(fd);
}

void queue_trigger(struct queue *q)
{
	queue_wake(q, TRIGGER_MAIL);
}

/* Whoever may look there sees a runner by its end of the FIFO: one that was killed has
 * left its mark, and nobody would send what is put in. */
int queue_wait_marked(struct queue *q)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int fd;

	if (syscall(SYS_faccessat, q->dir, "lock/qmqpwait", F_OK) < 0 || queue_seem(q) < 0)
		return 0;
	fd = qfile_at(q, "lock/trigger", O_WRONLY | O_NONBLOCK);
	if (!uid)
		proc_seem(uid, gid);
	io_close(fd);
	return fd >= 0;
}
