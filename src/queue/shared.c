/* shared.c: the files below lock/ that several programs write: the counts of
 * limit.c, and the lines that somebody who has his hands on the queue, or a writer
 * that refused mail, leaves for the runner. Whoever may write the queue may write
 * these; a lock is held for moments only, and nobody waits long for one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"

int qfile_shared(const struct queue *q, const char *path)
{
	/* Whoever calls a set-id writer chooses its umask, and would close the file to all. */
	mode_t was = umask(077);
	int fd = qfile_at(q, path, O_RDWR | O_CREAT | O_NONBLOCK);
	struct stat st;

	umask(was);
	if (fd < 0 || fstat(fd, &st) < 0)
		return io_close(fd);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
		errno = EBADMSG;
		return io_close(fd);
	}
	return fd;
}

int qfile_lock(int fd)
{
	int n;

	for (n = 0; n < 50; n++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		poll(0, 0, 2);
	}
	errno = EWOULDBLOCK;
	return -1;
}

static int open_commands(struct queue *q)
{
	int fd = qfile_shared(q, "lock/commands");

	return fd >= 0 && qfile_lock(fd) < 0 ? io_close(fd) : fd;
}

/* All of it or nothing: half a line would be another command. */
static int append(int fd, const char *s, size_t n, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (st.st_size + (off_t)n > (off_t)max) {
		errno = EAGAIN;
		return -1;
	}
	if (pwrite(fd, s, n, st.st_size) == (ssize_t)n)
		return 0;
	(void)!ftruncate(fd, st.st_size);
	errno = ENOSPC;
	return -1;
}

int queue_command_add(struct queue *q, const char *s, size_t n, size_t max)
{
	int fd = open_commands(q), r;

	if (fd < 0)
		return -1;
	r = append(fd, s, n, max);
	io_close(fd);
	queue_wake(q, TRIGGER_COMMANDS);
	return r;
}

int queue_command_read(struct queue *q, struct buf *b)
{
	int r = io_slurp(q->dir, "lock/commands", b);

	return r > 0 ? b->len > 0 : r;
}

int queue_command_keep(struct queue *q, size_t n, struct buf *b)
{
	int fd = open_commands(q);
	ssize_t r;

	if (fd < 0)
		return -1;
	while (buf_room(b, 1) &&
		(r = pread(fd, b->s + b->len, b->cap - b->len, (off_t)n)) > 0) {
		b->len += (size_t)r;
		n += (size_t)r;
	}
	if (pwrite(fd, b->s, b->len, 0) == (ssize_t)b->len &&
		ftruncate(fd, (off_t)b->len) == 0) {
		io_close(fd);
		return 0;
	}
	return io_close(fd);
}
