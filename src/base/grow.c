/* grow.c: the heap behind a buffer. Refuses to go beyond the bound that the
 * buffer's owner has set. */
#include <string.h>
#include "buf.h"
#include "heap.h"

int buf_grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 128;
	char *s;

	do	/* there is no room, so once at least */
		cap = cap > b->max / 2 ? b->max : cap * 2;
	while (cap < need);
	if (!(s = heap_grow(b->lent ? 0 : b->s, b->lent ? 0 : b->cap, cap)))
		return 0;
	if (b->lent)
		memcpy(s, b->s, b->len);
	b->lent = 0;
	b->s = s;
	b->cap = cap;
	return 1;
}

void buf_free(struct buf *b)
{
	if (b->max && !b->lent)
		heap_free(b->s, b->cap);
	b->s = 0;
	b->len = b->cap = 0;
	b->full = b->lent = 0;
}
