/* spool.c: a message on its way out that has to wait for its envelope. One piece of
 * memory is all there is: first it holds the message, later the window through which
 * the file is written and read, so that a long message needs no more than a short one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/proc.h"
#include "../exits.h"
#include "spool.h"

void spool_open(struct spool *s)
{
	s->fd = -1;
	s->own = 0;
	s->start = 0;
	s->size = s->held = 0;
}

/* A file without a name, or one whose name is gone at once. -1 errno. */
static int open_temp(void)
{
	const char *dir = proc_is_setid() ? 0 : getenv("TMPDIR");
	char name[400];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = openat(AT_FDCWD, dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	/* Not every file system has these. */
	if (fd < 0 && buf_text(name, sizeof name, "%s/qmta.%lld.%d", dir,
		(long long)clock_wall_usec(), (int)getpid())) {
		fd = openat(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			unlinkat(AT_FDCWD, name, 0);
	}
	return fd;
}

int spool_settle(struct spool *s)
{
	if (s->fd < 0) {
		if ((s->fd = open_temp()) < 0)
			return -1;
		s->own = 1;
	}
	/* The piece stays, and if it is tried again it must not follow a part of itself. */
	if (s->held && io_write(s->fd, s->space, s->held) < 0) {
		lseek(s->fd, (off_t)(s->size - s->held), SEEK_SET);
		return -1;
	}
	s->held = 0;
	return 0;
}

int spool_put(struct spool *s, const char *p, size_t n)
{
	size_t k;

	for (; n; p += k, n -= k) {
		if (s->held == sizeof s->space && spool_settle(s) < 0)
			return QQ_WRITE;
		k = sizeof s->space - s->held;
		if (k > n)
			k = n;
		memcpy(s->space + s->held, p, k);
		s->held += k;
		s->size += k;
	}
	return 0;
}

/* A plain file of a known length; what /proc has says that it is empty. */
static int is_file(struct spool *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	s->start = lseek(fd, 0, SEEK_CUR);
	return s->start >= 0 && st.st_size > s->start && (s->size = (uint64_t)(st.st_size - s->start));
}

int spool_take(struct spool *s, int fd)
{
	ssize_t n;

	if (is_file(s, fd)) {
		s->fd = fd;
		return 0;
	}
	s->start = 0;
	for (;;) {
		if (s->held == sizeof s->space && spool_settle(s) < 0)
			return QQ_WRITE;
		n = io_read(fd, s->space + s->held, sizeof s->space - s->held);
		if (n <= 0)
			return n ? QQ_READ : 0;
		s->held += (size_t)n;
		s->size += (uint64_t)n;
	}
}

ssize_t spool_read(struct spool *s, uint64_t at, uint64_t want, const char **p)
{
	ssize_t n;

	*p = s->space + at;
	if (s->held == s->size)
		return (ssize_t)want;
	*p = s->space;
	if (s->held && spool_settle(s) < 0)
		return -1;
	if (want > sizeof s->space)
		want = sizeof s->space;
	do
		n = pread(s->fd, s->space, (size_t)want, s->start + (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

void spool_close(struct spool *s)
{
	if (s->own)
		io_close(s->fd);
	spool_open(s);
}
