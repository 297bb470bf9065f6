/* The pool: random blocks, none over another, zeroed, aligned; a pool that is full says so
 * and is whole again when all is given back. */
#include <stdlib.h>
#include "../../src/net/tls_pool.c"
#include "../lib/tap.h"

enum { BLOCKS = 64 };

static struct { unsigned char *p; size_t n; unsigned char fill; } b[BLOCKS];

static int holds(const unsigned char *p, size_t n, unsigned char fill)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != fill)
			return 0;
	return 1;
}

static int turn(unsigned i)
{
	int good = 1;

	if (b[i].p) {
		good = holds(b[i].p, b[i].n, b[i].fill);
		tls_free(b[i].p);
		b[i].p = 0;
		return good;
	}
	b[i].n = (size_t)(rand() % (rand() % 4 ? 200 : 6000)) + 1;
	b[i].fill = (unsigned char)rand();
	if (!(b[i].p = tls_calloc(1, b[i].n)))
		return 1;
	good = holds(b[i].p, b[i].n, 0) && (uintptr_t)b[i].p % 8 == 0;
	memset(b[i].p, b[i].fill, b[i].n);
	return good;
}

int main(void)
{
	int i, good = 1;
	void *p;

	srand(5);
	for (i = 0; i < 200000; i++)
		good &= turn((unsigned)rand() % BLOCKS);
	ok(good, "200000 random takings and givings back");
	for (i = 0; i < BLOCKS; i++)
		if (b[i].p)
			turn((unsigned)i);
	ok(used == 0, "all is given back");
	ok((p = tls_calloc(1, POOL - 8)) != 0, "then it is one block again");
	ok(!tls_calloc(1, 1), "a full pool has nothing");
	tls_free(p);
	tls_free(0);
	ok(!tls_calloc(POOL, 1) && !tls_calloc((size_t)-1, 2) && !tls_calloc(2, (size_t)-1) &&
		!tls_calloc((size_t)1 << (sizeof(size_t) * 4), (size_t)1 << (sizeof(size_t) * 4)),
		"more than there is, and products that do not fit: nothing");
	ok((p = tls_calloc(0, 5)) != 0, "nothing asked for is a block");
	tls_free(p);
	ok(tls_peak() == POOL, "the most that was in use");
	return done();
}
