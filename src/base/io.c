/* io.c: the one place that reads, writes and polls. A signal never shows as an
 * error, a deadline is a point in time and not a length, and a write that
 * returned 0 has written everything. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clock.h"
#include "io.h"

enum { NOREPLACE = 1 };	/* RENAME_NOREPLACE of linux/fs.h */

ssize_t io_read(int fd, void *p, size_t n)
{
	ssize_t r;

	do
		r = read(fd, p, n);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t io_read_at(int fd, void *p, size_t n, off_t at)
{
	ssize_t r;

	do
		r = pread(fd, p, n, at);
	while (r < 0 && errno == EINTR);
	return r;
}

int io_write(int fd, const void *p, size_t n)
{
	return io_write_by(fd, p, n, IO_FOREVER);
}

int io_timeout(int64_t at)
{
	int64_t left;

	if (at == IO_FOREVER)
		return -1;
	left = at - clock_mono();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int io_wait(int fd, short events, int64_t at)
{
	struct pollfd p = { fd, events, 0 };
	int r;

	do
		r = poll(&p, 1, io_timeout(at));
	while (r < 0 && errno == EINTR);
	return r > 0 ? 1 : r;
}

static int wait_or_errno(int fd, short events, int64_t at)
{
	int r = io_wait(fd, events, at);

	if (r == 0)
		errno = ETIMEDOUT;
	return r > 0 ? 0 : -1;
}

ssize_t io_read_by(int fd, void *p, size_t n, int64_t at)
{
	for (;;) {
		ssize_t r = io_read(fd, p, n);

		if (r >= 0 || errno != EAGAIN)
			return r;
		if (wait_or_errno(fd, POLLIN, at) < 0)
			return -1;
	}
}

int io_write_by(int fd, const void *p, size_t n, int64_t at)
{
	const char *s = p;

	while (n) {
		ssize_t r = write(fd, s, n);

		if (r >= 0) {
			s += r;
			n -= (size_t)r;
		} else if (errno == EAGAIN) {
			if (wait_or_errno(fd, POLLOUT, at) < 0)
				return -1;
		} else if (errno != EINTR)
			return -1;
	}
	return 0;
}

int out_flush(struct out *o)
{
	if (!o->err && o->b.len && io_write(o->fd, o->b.s, o->b.len) < 0)
		o->err = errno;
	buf_clear(&o->b);
	if (o->err)
		errno = o->err;
	return o->err ? -1 : 0;
}

int out_put(struct out *o, const void *p, size_t n)
{
	if (buf_put(&o->b, p, n))
		return 0;
	if (out_flush(o) < 0)
		return -1;
	if (buf_put(&o->b, p, n))
		return 0;
	o->b.full = 0;
	if (io_write(o->fd, p, n) < 0)
		o->err = errno;
	return o->err ? -1 : 0;
}

int out_puts(struct out *o, const char *s)
{
	return out_put(o, s, strlen(s));
}

int out_fmt(struct out *o, const char *fmt, ...)
{
	int tries = 0, r;
	va_list ap;

	do {
		va_start(ap, fmt);
		r = buf_vfmt(&o->b, fmt, ap);
		va_end(ap);
	} while (!r && !tries++ && out_flush(o) == 0);
	return o->err ? -1 : 0;
}

int in_fill(struct in *i, size_t *n)
{
	ssize_t r;

	if (i->pos == i->len && !i->eof) {
		if ((r = io_read(i->fd, i->s, i->cap)) < 0)
			return -1;
		i->pos = 0;
		i->len = (size_t)r;
		i->eof = !r;
	}
	*n = i->len - i->pos;
	return *n > 0;
}

void in_used(struct in *i, size_t n)
{
	i->pos += n;
}

int in_getc(struct in *i)
{
	size_t n;
	int r = in_fill(i, &n);

	if (r <= 0)
		return r - 1;
	return (unsigned char)i->s[i->pos++];
}

int in_line(struct in *i, struct buf *b, const char **wrong)
{
	int c;

	*wrong = 0;
	while ((c = in_getc(i)) >= 0 && c != '\n')
		if (!c || !buf_putc(b, c) || b->len == b->cap) {
			*wrong = c ? "too long" : "a NUL byte";
			return c;
		}
	buf_z(b);
	return c;
}

int io_close(int fd)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return -1;
}

int io_fds012(void)
{
	struct pollfd p[3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 2, 0, 0 } };
	int fd;

	poll(p, 3, 0);
	for (fd = 0; fd < 3; fd++)
		if ((p[fd].revents & POLLNVAL) &&
			openat(AT_FDCWD, "/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

int io_syncdir(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return -1;
	r = fsync(fd);
	io_close(fd);
	return r;
}

/* Where the kernel or the file system has no such rename (before 3.15, NFS), or
 * a container's filter says EPERM to calls it does not know, a link does it. */
int io_rename(int dirfd, const char *from, const char *to)
{
	if (syscall(SYS_renameat2, dirfd, from, dirfd, to, NOREPLACE) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL && errno != ENOTSUP && errno != EPERM)
		return -1;
	if (linkat(dirfd, from, dirfd, to, 0) < 0)
		return -1;
	unlinkat(dirfd, from, 0);
	return 0;
}

/* Reads to the end of fd; the last read that returns 0 is saved when the
 * buffer was not filled, as regular files give all there is. */
int io_slurp_fd(int fd, struct buf *b)
{
	for (;;) {
		size_t room;
		ssize_t r;

		if (!buf_room(b, b->cap - b->len ? 1 : 256) && !buf_room(b, 1)) {
			errno = EFBIG;
			return -1;
		}
		room = b->cap - b->len;
		if ((r = io_read(fd, b->s + b->len, room)) < 0)
			return -1;
		b->len += (size_t)r;
		if ((size_t)r < room)
			return 1;
	}
}

int io_slurp(int dirfd, const char *name, struct buf *b)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	buf_clear(b);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	r = io_slurp_fd(fd, b);
	io_close(fd);
	return r;
}
