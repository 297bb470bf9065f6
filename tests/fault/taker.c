/* taker.c: a program for a line of a .qmail: puts what it reads into a Maildir, and
 * exits 0 only when it is there, whole. So a delivery that a program was to do, and
 * that was counted as done, can be found missing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LATER = 111 };

static int put(int fd, const char *s, size_t n)
{
	ssize_t w;

	for (; n; s += w, n -= (size_t)w)
		if ((w = write(fd, s, n)) < 0) {
			if (errno != EINTR)
				return -1;
			w = 0;
		}
	return 0;
}

static int take(int fd)
{
	const char *first[] = { getenv("RPLINE"), getenv("DTLINE") };
	char window[4096];
	ssize_t r;
	int i;

	for (i = 0; i < 2; i++)
		if (!first[i] || put(fd, first[i], strlen(first[i])) < 0)
			return -1;
	for (;;) {
		r = read(0, window, sizeof window);
		if (r == 0)
			return fsync(fd);
		if (r < 0 ? errno != EINTR : put(fd, window, (size_t)r) < 0)
			return -1;
	}
}

int main(int argc, char **argv)
{
	char tmp[512], new[512];
	struct timespec t;
	int fd;

	if (argc != 2 || clock_gettime(CLOCK_REALTIME, &t) < 0)
		return LATER;
	snprintf(tmp, sizeof tmp, "%s/tmp/%ld.%ld.%ld", argv[1], (long)t.tv_sec, t.tv_nsec,
		(long)getpid());
	snprintf(new, sizeof new, "%s/new/%ld.%ld.%ld", argv[1], (long)t.tv_sec, t.tv_nsec,
		(long)getpid());
	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600)) < 0)
		return LATER;
	if (take(fd) < 0 || rename(tmp, new) < 0) {
		unlink(tmp);
		return LATER;
	}
	/* For power cuts: the name is on disk too. */
	snprintf(new, sizeof new, "%s/new", argv[1]);
	fd = open(new, O_RDONLY | O_DIRECTORY);
	return fd < 0 || fsync(fd) < 0 ? LATER : 0;
}
