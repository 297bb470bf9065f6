/* tls_pool.c: the memory of Mbed TLS: one array, of which the kernel gives the pages
 * that are touched. A handshake takes less than 40 KB; what would go beyond the array gets
 * nothing, whatever a server sends. First fit, and neighbours that are free grow together
 * while a search passes by. */
#include <stdint.h>
#include <string.h>
#include "tls_pool.h"

enum { POOL = 96 * 1024 };

/* Before each block: its length with this, and in bit 0 whether it is in use. */
struct head { uint64_t len; };

static union { struct head first; unsigned char bytes[POOL]; } pool;
static size_t used, peak;

static struct head *next(struct head *h)
{
	return (struct head *)((unsigned char *)h + (h->len & ~(uint64_t)1));
}

static int inside(const struct head *h)
{
	return (const unsigned char *)h < pool.bytes + POOL;
}

void *tls_calloc(size_t n, size_t size)
{
	struct head *h = &pool.first, *after;
	uint64_t want = ((uint64_t)n * size + 2 * sizeof *h - 1) & ~(uint64_t)7;

	if (!h->len)
		h->len = POOL;
	if (n > POOL || size > POOL)
		return 0;
	for (; inside(h); h = next(h)) {
		if (h->len & 1)
			continue;
		for (after = next(h); inside(after) && !(after->len & 1); after = next(h))
			h->len += after->len;
		if (h->len < want)
			continue;
		if (h->len > want) {
			after = (struct head *)((unsigned char *)h + want);
			after->len = h->len - want;
			h->len = want;
		}
		used += want;
		peak = used > peak ? used : peak;
		h->len |= 1;
		return memset(h + 1, 0, want - sizeof *h);
	}
	return 0;
}

void tls_free(void *p)
{
	struct head *h = p;

	if (!p)
		return;
	h--;
	h->len &= ~(uint64_t)1;
	used -= h->len;
}

size_t tls_peak(void)
{
	return peak;
}
