/* rcpts.c: recipients in memory. The classic order of an envelope is each
 * field from right to left; the parser goes from left to right, so a field's
 * recipients are turned round once it is read. */
#include <string.h>
#include "rcpts.h"

int rcpts_add(struct buf *b, const char *addr, size_t n)
{
	if (!buf_room(b, n + 1))
		return 0;
	return buf_put(b, addr, n) && buf_putc(b, 0);
}

static void turn(char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n / 2; i++) {
		char c = s[i];

		s[i] = s[n - 1 - i];
		s[n - 1 - i] = c;
	}
}

void rcpts_reverse(struct buf *b, size_t from)
{
	size_t n;

	if (b->len <= from)
		return;
	turn(b->s + from, b->len - 1 - from);	/* all bytes, then each record */
	for (; from < b->len; from += n + 1) {
		n = strlen(b->s + from);
		turn(b->s + from, n);
	}
}

size_t rcpts_before(const struct buf *b, size_t end)
{
	for (end--; end && b->s[end - 1]; end--)
		;
	return end;
}
