/* runner.c: the files below lock/ that belong to the runner: the lock that makes
 * it the only one, the trigger that wakes it, the table of hosts that timed out,
 * what it tells of itself, and the clock's anchor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"
#include "queue.h"

/* A plain file below lock/, made when it is missing. */
static int open_plain(struct queue *q, const char *path)
{
	return qfile_at(q, path, O_RDWR | O_CREAT | O_NONBLOCK);
}

int queue_lock(struct queue *q)
{
	int fd = open_plain(q, "lock/sendmutex");

	/* Who only looks whether somebody runs has it for a moment. The file can be
	 * removed while it is locked; mess/ cannot, as long as there is mail (on NFS
	 * a directory cannot be locked: then the file is all). */
	if (fd < 0 || qfile_lock(fd) < 0 || (qfile_lock(q->mess) < 0 && errno == EWOULDBLOCK))
		return io_close(fd);
	return fd;
}

void queue_unlock(struct queue *q, int fd)
{
	flock(q->mess, LOCK_UN);
	io_close(fd);
}

int queue_lock_lost(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !st.st_nlink;
}

/* A shared lock: two who look do not see each other. */
static int is_locked(int fd)
{
	int r = flock(fd, LOCK_SH | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? 1 : -1;

	flock(fd, LOCK_UN);
	return r;
}

int queue_running(struct queue *q)
{
	int fd, r = is_locked(q->mess);

	if (r > 0)
		return r;
	fd = qfile_at(q, "lock/sendmutex", O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	r = is_locked(fd);
	io_close(fd);
	return r;
}

/* In place and not synced: it is news, and flash wears out. */
int queue_health_write(struct queue *q, const char *s, size_t n)
{
	int fd = open_plain(q, "lock/status");

	if (fd < 0 || pwrite(fd, s, n, 0) != (ssize_t)n || ftruncate(fd, (off_t)n) < 0)
		return io_close(fd);
	return close(fd);
}

int queue_health_read(struct queue *q, struct buf *b)
{
	return io_slurp(q->dir, "lock/status", b);
}

/* Open for writing as well: then there is always a writer, and poll(2) does not
 * report the end of the last one for ever. */
int queue_trigger_open(struct queue *q)
{
	int fd = qfile_at(q, "lock/trigger", O_RDWR | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT && mkfifoat(q->dir, "lock/trigger", 0622) == 0)
		fd = qfile_at(q, "lock/trigger", O_RDWR | O_NONBLOCK);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)))
		return fd;
	/* A plain file would be readable for ever, and we would spin. */
	errno = EBADMSG;
	return io_close(fd);
}

int queue_wait_mark(struct queue *q, int on)
{
	static const char path[] = "lock/qmqpwait";
	int fd;

	if (!on)
		return unlinkat(q->dir, path, 0) < 0 && errno != ENOENT ? -1 : 0;
	fd = open_plain(q, path);
	return fd < 0 ? -1 : close(fd);
}

/* Root hands it to a worker that talks to strangers: a second name could make it
 * any file of this disk. */
int queue_tcpto(struct queue *q)
{
	return qfile_shared(q, "lock/tcpto");
}

int queue_replaced(const struct queue *q, const char *dir)
{
	struct stat ours, named;

	return fstat(q->dir, &ours) == 0 && fstatat(AT_FDCWD, dir, &named, 0) == 0 &&
		(ours.st_ino != named.st_ino || ours.st_dev != named.st_dev);
}

int queue_state_read(struct queue *q, struct buf *b)
{
	return io_slurp(q->dir, "lock/clock", b);
}

/* Renamed into place, so that a power cut leaves the old one or the new one. */
int queue_state_write(struct queue *q, const char *s, size_t n)
{
	int fd = qfile_at(q, "lock/clock.new", O_WRONLY | O_CREAT | O_TRUNC);

	if (fd < 0 || io_write(fd, s, n) < 0 || (q->sync && fdatasync(fd) < 0))
		return io_close(fd);
	if (close(fd) < 0)
		return -1;
	return renameat(q->dir, "lock/clock.new", q->dir, "lock/clock");
}
