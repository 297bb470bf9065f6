/* heap_libc.c: the same promises by malloc, for builds on the host's C library. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "heap.h"

void *heap_grow(void *old, size_t was, size_t want)
{
	size_t n = heap_round(want);
	char *p;

	if (n > PTRDIFF_MAX)
		return 0;
	if (old && heap_round(was) == n)
		return old;
	if ((p = realloc(old, n)) && was < n)
		memset(p + was, 0, n - was);
	return p;
}

void heap_free(void *p, size_t size)
{
	(void)size;
	free(p);
}
