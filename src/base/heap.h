/* heap.h: storage that grows. There are two of it, chosen when the program is
 * linked: heap.c takes pages from the kernel and keeps what is given back (300
 * bytes; the C library's malloc is 8 KB), heap_libc.c asks malloc, so that the
 * sanitizers see every block. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H
#include <stddef.h>

/* What a block of this size really takes: a power of two, or pages. */
enum { HEAP_LEAST = 256, HEAP_PAGE = 4096, HEAP_LARGE = HEAP_PAGE };
static inline size_t heap_round(size_t want)
{
	size_t n = HEAP_LEAST;

	if (want >= HEAP_LARGE)
		return want > (size_t)-HEAP_PAGE ? (size_t)-HEAP_PAGE :
			(want + HEAP_PAGE - 1) & ~(size_t)(HEAP_PAGE - 1);
	while (n < want)
		n *= 2;
	return n;
}

/* Storage for want bytes with the first `was` of old (may be 0, was 0) in it, or as
 * many as fit when want is less; old is gone. 0 without memory: old stays. Zeroed
 * beyond what was there when it grows. */
void *heap_grow(void *old, size_t was, size_t want);
/* Gives it back; size as it was asked for. */
void heap_free(void *p, size_t size);

#endif
