/* spool.c: what was put in comes out, in memory, in a file, and behind a failure to
 * write; whatever the sizes of the pieces. */
#include "../../src/queue/spool.c"
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "../lib/tap.h"

enum { MOST = 200000 };
static struct spool s;
static char text[MOST], got[MOST];

/* Files may have so many bytes: a disk that is full, and has room again. */
static void disk(rlim_t n)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = n;
	setrlimit(RLIMIT_FSIZE, &r);
}

static int put(size_t n, size_t piece)
{
	size_t at, k;

	spool_open(&s);
	for (at = 0; at < n; at += k) {
		k = n - at < piece ? n - at : piece;
		if (spool_put(&s, text + at, k))
			return -1;
	}
	return 0;
}

/* 1 when all of it can be read, and is as it was; want: at most so much at once. */
static int same(size_t n, size_t from, size_t want)
{
	uint64_t at;
	const char *p;
	ssize_t r;

	memset(got, 0, sizeof got);
	if (s.size != n)
		return 0;
	for (at = from; at < n; at += (uint64_t)r) {
		r = spool_read(&s, at, n - at < want ? n - at : want, &p);
		if (r <= 0 || (uint64_t)r > n - at)
			return 0;
		memcpy(got + at, p, (size_t)r);
	}
	return !memcmp(got + from, text + from, n - from);
}

static void test_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 4096, SPOOL_MEMORY - 1, SPOOL_MEMORY, SPOOL_MEMORY + 1,
		2 * SPOOL_MEMORY, 2 * SPOOL_MEMORY + 1, MOST };
	static const size_t pieces[] = { 7, 4096, SPOOL_MEMORY, MOST };
	size_t i, k;

	for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (k = 0; k < sizeof pieces / sizeof *pieces; k++) {
			int fine = put(sizes[i], pieces[k]) == 0 && same(sizes[i], 0, MOST) &&
				same(sizes[i], 0, 1000) && same(sizes[i], sizes[i] / 2, MOST);

			ok(fine && (s.fd >= 0) == (sizes[i] > SPOOL_MEMORY),
				"%zu bytes in pieces of %zu", sizes[i], pieces[k]);
			ok(spool_settle(&s) == 0 && s.fd >= 0 && same(sizes[i], 0, MOST),
				"the same, settled");
			spool_close(&s);
		}
}

/* Both ends of what fits. A half-written piece is written again, in its place. */
static void test_full(void)
{
	size_t n;

	for (n = SPOOL_MEMORY + 1; n <= SPOOL_MEMORY + 9000; n += 1800) {
		put(n, 5000);
		disk(SPOOL_MEMORY + 1000);
		ok(same(n, 0, MOST) == (n <= SPOOL_MEMORY + 1000), "a full disk is told: %zu bytes", n);
		disk(RLIM_INFINITY);
		ok(same(n, 0, MOST), "with room again it is the same message");
		spool_close(&s);
	}
	put(20000, 5000);
	disk(6000);
	ok(spool_settle(&s) < 0, "a message in memory has no room on disk");
	ok(same(20000, 0, MOST), "but is there");
	disk(RLIM_INFINITY);
	ok(spool_settle(&s) == 0 && same(20000, 0, MOST), "and on disk when it can be");
	ok(s.held == 0, "all of it");
	spool_close(&s);
	disk(50000);
	ok(put(MOST, 5000) < 0, "a long one is refused while it comes");
	disk(RLIM_INFINITY);
	spool_close(&s);
}

static void test_take(void)
{
	int fd[2], f;
	pid_t pid;

	if (pipe(fd) < 0 || (pid = fork()) < 0)
		return;
	if (!pid) {
		close(fd[0]);
		_exit(io_write(fd[1], text, MOST) < 0);
	}
	close(fd[1]);
	spool_open(&s);
	ok(spool_take(&s, fd[0]) == 0 && same(MOST, 0, MOST), "from a pipe");
	waitpid(pid, 0, 0);
	close(fd[0]);
	spool_close(&s);
	f = openat(AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600);
	if (f < 0 || io_write(f, text, 5000) < 0 || io_write(f, text, 50000) < 0)
		return;
	lseek(f, 5000, SEEK_SET);
	spool_open(&s);
	ok(spool_take(&s, f) == 0 && s.fd == f && s.start == 5000 && same(50000, 0, MOST),
		"a file, from where it stands");
	if (ftruncate(f, 30000) == 0)
		ok(!same(50000, 0, MOST), "one that gets shorter is an error");
	spool_close(&s);
	ok(fcntl(f, F_GETFD) >= 0, "and stays its owner's");
	lseek(f, 0, SEEK_END);
	spool_open(&s);
	ok(spool_take(&s, f) == 0 && s.size == 0, "one at its end is empty");
	spool_close(&s);
	close(f);
}

int main(void)
{
	size_t i;

	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < MOST; i++)
		text[i] = (char)(i * 2654435761u >> 13);
	test_sizes();
	test_full();
	test_take();
	return done();
}
