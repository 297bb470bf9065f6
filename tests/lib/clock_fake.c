/* clock_fake.c: base/clock.c for tests; the build links it into build/test/
 * only. The two files are read again at every call, so a test moves the time of
 * a running program by writing them:
 *   $QMTA_FAKE_CLOCK  "N" adds N seconds to the wall clock; "=N" stops it at N
 *   $QMTA_FAKE_MONO   "N" adds N milliseconds to the monotonic clock; "=N" stops it
 * A file that is missing or empty changes nothing. */
#include "../../src/base/clock.h"
#include "config.h"
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The number in the file that variable var names. Returns 0 when there is
 * none, '=' when it began so, else '+'. */
static int fake_read(const char *var, int64_t *n)
{
	char s[32], *p = s;
	const char *name = getenv(var);
	ssize_t len;
	int fd;

	*n = 0;
	if (!name || (fd = open(name, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	len = read(fd, s, sizeof s - 1);
	close(fd);
	if (len <= 0)
		return 0;
	s[len] = 0;
	if (*p == '=')
		p++;
	*n = strtoll(p, 0, 10);
	return p > s ? '=' : '+';
}

int64_t clock_wall_usec(void)
{
	struct timespec t;
	int64_t n;

	if (fake_read("QMTA_FAKE_CLOCK", &n) == '=')
		return n * 1000000;
	clock_gettime(CLOCK_REALTIME, &t);
	return ((int64_t)t.tv_sec + n) * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall(void)
{
	int64_t usec = clock_wall_usec();

	return usec >= 0 ? usec / 1000000 : -((999999 - usec) / 1000000);
}

int64_t clock_mono(void)
{
	struct timespec t;
	int64_t n;

	if (fake_read("QMTA_FAKE_MONO", &n) == '=')
		return n;
	if (clock_gettime(CLOCK_BOOTTIME, &t) < 0)
		clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + n;
}

int64_t clock_build(void)
{
	return BUILD_DATE;
}

int clock_is_set(void)
{
	return clock_wall() >= clock_build();
}
