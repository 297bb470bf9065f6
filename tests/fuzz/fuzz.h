/* fuzz.h: what the targets of libFuzzer in this directory share that are built by
 * run.sh. Each is a unit test as well (tests/unit/fuzz*.c), which runs its corpus. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void __attribute__((unused)) must(int fact)
{
	if (!fact)
		abort();
}

/* A copy of its own size, so that a byte too far is seen. */
static char *__attribute__((unused)) exact(const void *p, size_t n)
{
	char *c = malloc(n + !n);

	must(c != 0);
	memcpy(c, p, n);
	return c;
}

#endif
