/* shared.c: small answers of many processes: found until they end, never a wrong one by
 * what two write at a time, whatever stands in the page. */
#include "../../src/listen/shared.c"
#include <stdlib.h>
#include <sys/wait.h>
#include "../lib/tap.h"

static int64_t ms = 5000000;
int64_t clock_mono(void) { return ms; }
int64_t clock_wall(void) { return 0; }
int64_t clock_wall_usec(void) { return 0; }
int64_t clock_build(void) { return 0; }
int clock_is_set(void) { return 1; }

static unsigned char *key(unsigned n)
{
	static unsigned char k[16];

	memset(k, 0, sizeof k);
	memcpy(k, &n, sizeof n);
	return k;
}

static void test_one(void)
{
	ok(shared_get(1, key(1)) == -1, "no page: nothing");
	shared_put(1, key(1), 5, 60);
	ok(shared_get(1, key(1)) == -1, "and nothing is kept");
	shared_open();
	ok(shared_get(1, key(1)) == -1, "an empty page");
	shared_put(1, key(1), 5, 60);
	ok(shared_get(1, key(1)) == 5, "found");
	ok(shared_get(2, key(1)) == -1 && shared_get(1, key(2)) == -1, "nothing else is");
	shared_put(1, key(1), 0, 10);
	ok(shared_get(1, key(1)) == 0, "replaced");
	ms += 9999;
	ok(shared_get(1, key(1)) == 0, "until its end");
	ms += 1;
	ok(shared_get(1, key(1)) == -1, "and not longer");
}

static void test_many(void)
{
	unsigned i, kept = 0, wrong = 0;

	for (i = 0; i < 5000; i++)
		shared_put(7, key(i), (int)(i % 100), 60);
	for (i = 0; i < 5000; i++) {
		int v = shared_get(7, key(i));

		kept += v >= 0;
		wrong += v >= 0 && v != (int)(i % 100);
	}
	ok(kept > ENTRIES / 2 && kept <= ENTRIES, "of 5000 a page full is kept: %u", kept);
	ok(!wrong, "and right");
}

/* Others see only what somebody has written as a whole. */
static void test_processes(void)
{
	unsigned i, k, wrong = 0, seen = 0;
	pid_t pid[4];

	for (k = 0; k < 4; k++)
		if (!(pid[k] = fork())) {
			for (i = 0; i < 50000; i++)
				shared_put(k % 2, key(i % 50), (int)(i % 50 * 2 + k % 2), 60);
			_exit(0);
		}
	for (i = 0; i < 50000; i++) {
		unsigned n = i % 50;
		int v = shared_get(i % 2, key(n));

		seen += v >= 0;
		wrong += v >= 0 && v != (int)(n * 2 + i % 2);
	}
	for (k = 0; k < 4; k++)
		waitpid(pid[k], 0, 0);
	ok(!wrong, "four writers, %u found, %u wrong", seen, wrong);
	ok(shared_get(1, key(49)) == 99, "the parent sees what children wrote");
}

static void test_junk(void)
{
	unsigned i, n, found = 0;

	srand(1);
	for (i = 0; i < 2000; i++) {
		for (n = 0; n < PAGE; n++)
			((unsigned char *)entries)[n] = (unsigned char)rand();
		found += shared_get(1, key(i)) != -1;
		shared_put(1, key(i), 3, 60);
		found += shared_get(1, key(i)) != 3;
	}
	ok(!found, "junk is nothing, and is replaced");
	entries[0].value = UINT32_MAX;
	memset(entries, 0xff, PAGE);
	ok(shared_get(1, key(1)) == -1, "all ones neither");
}

int main(void)
{
	test_one();
	test_many();
	test_processes();
	test_junk();
	return done();
}
