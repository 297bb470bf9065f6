/* grow.c: buffers that grow (checklist 38, as we have them: storage doubles, up to
 * a bound, and what does not fit changes nothing). */
#include <stdint.h>
#include <string.h>
#include "../lib/tap.h"
#include "../../src/base/grow.c"

static void test_room(void)
{
	struct buf b = BUF_HEAP(1 << 20);
	size_t cap;
	char *s;

	ok(buf_room(&b, 42) && b.cap >= 42 && b.len == 0, "(38) room for 42 is there");
	s = b.s;
	cap = b.cap;
	ok(buf_puts(&b, "abc") && buf_room(&b, cap - 3) && b.s == s && b.cap == cap,
		"(38) room that is there already changes nothing");
	ok(buf_put(&b, "0123456789", 10) && b.s == s && b.cap == cap && b.len == 13,
		"(38) appending keeps the storage");
	ok(!buf_room(&b, SIZE_MAX) && !buf_room(&b, SIZE_MAX - 13) && !buf_room(&b, SIZE_MAX - 12) &&
		!buf_room(&b, SIZE_MAX / 2 + 1) && b.full, "(38) a size that overflows is refused");
	ok(b.s == s && b.cap == cap && b.len == 13 && !memcmp(s, "abc0123456789", 13),
		"(38) and leaves the bytes as they were");
	ok(!buf_put(&b, s, SIZE_MAX - 5) && b.len == 13, "(38) so does a put");
	ok(buf_room(&b, cap) && b.len == 13 && !memcmp(b.s, "abc0123456789", 13),
		"(38) and it can go on growing");
	buf_free(&b);
}

static void test_bound(void)
{
	size_t max;
	int r = 1;

	for (max = 1; max < 1500; max++) {
		struct buf b = BUF_HEAP(max);

		while (buf_putc(&b, 'x'))
			;
		r &= b.len == max && b.cap == max && b.full;
		buf_free(&b);
	}
	ok(r, "every bound is kept to the byte");
}

static void test_lent(void)
{
	char space[8];
	struct buf b = BUF_GROW(space, 1000);
	int r;

	r = buf_puts(&b, "12345678") && b.s == space && b.lent;
	ok(r && buf_puts(&b, "9") && b.s != space && !b.lent && b.len == 9 &&
		!memcmp(b.s, "123456789", 9), "from the caller's array to the heap");
	ok(!memcmp(space, "12345678", 8), "which is left as it was");
	buf_free(&b);
}

int main(void)
{
	test_room();
	test_bound();
	test_lent();
	return done();
}
