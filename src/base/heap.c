/* heap.c: storage that grows, for a program whose few buffers double until they
 * are large enough. Small blocks are powers of two, cut from a page, and go back to
 * a list of their size; large ones are mappings of their own, which the kernel
 * moves without copying, and takes back when they shrink. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "heap.h"
#include "near.h"
#include "sys.h"

enum { CHUNK = 16384, SIZES = 4 };	/* 256, 512, 1024, 2048 */

static NEAR(0) struct free { struct free *next; } *lists[SIZES];
static NEAR(0) char *chunk;
static NEAR(0) size_t left;

static void *pages(size_t n)
{
	void *p = sys_mmap(n);

	return p == MAP_FAILED ? 0 : p;
}

static struct free **list_of(size_t n)
{
	size_t i = 0;

	while (((size_t)HEAP_LEAST << i) < n)
		i++;
	return &lists[i];
}

static void *take(size_t n)
{
	struct free **l, *f;
	char *p;

	if (n >= HEAP_LARGE)
		return pages(n);
	l = list_of(n);
	if ((f = *l)) {
		*l = f->next;
		return memset(f, 0, n);
	}
	if (left < n) {
		if (!(p = pages(CHUNK)))
			return 0;
		chunk = p;
		left = CHUNK;
	}
	p = chunk;
	chunk += n;
	left -= n;
	return p;
}

void *heap_grow(void *old, size_t was, size_t want)
{
	size_t a = heap_round(was), n = heap_round(want);
	void *p;

	if (old && a == n)
		return old;
	if (old && a >= HEAP_LARGE && n >= HEAP_LARGE) {
		p = sys_mremap(old, a, n);
		return p == MAP_FAILED ? 0 : p;
	}
	if (!(p = take(n)) || !old)
		return p;
	memcpy(p, old, was < want ? was : want);
	heap_free(old, was);
	return p;
}

void heap_free(void *p, size_t size)
{
	size_t n = heap_round(size);
	struct free *f = p;

	if (!p)
		return;
	if (n >= HEAP_LARGE) {
		munmap(p, n);
		return;
	}
	f->next = *list_of(n);
	*list_of(n) = f;
}
