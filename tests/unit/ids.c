/* ids.c: the table of message numbers against a plain array, without memory at
 * times; and what it costs, and gives back. */
#include <stdlib.h>
#include <string.h>
#include "../lib/tap.h"
#include "../../src/base/heap.h"

static size_t taken, most;
static int none;	/* no memory */

static void *counted_grow(void *old, size_t was, size_t want)
{
	void *p = none ? 0 : heap_grow(old, was, want);

	if (p)
		taken += want - (old ? was : 0);
	if (taken > most)
		most = taken;
	return p;
}

static void counted_free(void *p, size_t size)
{
	taken -= p ? size : 0;
	heap_free(p, size);
}

#define heap_grow counted_grow
#define heap_free counted_free
#include "../../src/send/ids.c"

enum { MODEL = 3000, MANY = 100000 };
static unsigned char model[MODEL];

/* Numbers as inodes have them: near each other, and far above 32 bits. */
static uint64_t number(size_t i)
{
	return i % 3 ? (uint64_t)i : ((uint64_t)i + 1) << 40;
}

static int same(void)
{
	size_t i, n = 0;

	for (i = 0; i < MODEL; i++) {
		if (ids_get(number(i)) != model[i])
			return 0;
		n += model[i] != 0;
	}
	return t.n >= n && t.n <= t.cap - t.cap / 8;
}

static void change(void)
{
	size_t i = (size_t)rand() % MODEL;
	unsigned bits = (unsigned)rand() % IDS_ALL + 1;

	if (rand() % 2) {
		if (ids_set(number(i), bits) == 0)
			model[i] |= (unsigned char)bits;
	} else {
		ids_clear(number(i), bits);
		model[i] &= (unsigned char)~bits;
	}
}

static void forget(unsigned bits)
{
	size_t i;

	ids_forget(bits);
	for (i = 0; i < MODEL; i++)
		model[i] &= (unsigned char)~bits;
}

static int listed(unsigned bits)
{
	size_t at = 0, i, want = 0, got = 0;
	uint64_t id;

	for (i = 0; i < MODEL; i++)
		want += model[i] == bits;
	while (ids_next(&at, bits, &id)) {
		got++;
		if (ids_get(id) != bits)
			return 0;
	}
	return got == want;
}

static void test_model(void)
{
	size_t round, i;
	int good = 1, lists = 1;

	ok(!ids_get(1) && !ids_get(0), "nothing is known at first");
	ids_clear(1, IDS_ALL);
	for (round = 0; round < 40; round++) {
		for (i = 0; i < 2000; i++) {
			none = round % 5 == 4 && rand() % 3;
			change();
		}
		none = round % 7 == 6;
		if (round % 3 == 2)
			forget((unsigned)rand() % IDS_ALL + 1);
		none = 0;
		good &= same();
		lists &= listed(IDS_FRESH) && listed(IDS_INFO | IDS_PLANNED);
	}
	ok(good, "as the plain array says, also where memory did not suffice");
	ok(lists, "lists those of one kind");
	forget(IDS_ALL);
	ok(same() && !t.n, "all is forgotten");
}

static void test_none(void)
{
	uint64_t id;
	int r = 0;

	none = 1;
	for (id = 1; id < 1000 && r == 0; id++)
		r = ids_set(id, IDS_FRESH);
	ok(r == -1, "without memory: it says so");
	ok(!ids_get(id - 1) && ids_get(1), "and knows what it knew");
	ids_forget(IDS_ALL);
	ok(!ids_get(1), "and can forget");
	none = 0;
	ok(ids_set(1, IDS_INFO) == 0 && ids_get(1) == IDS_INFO, "and goes on");
	ids_forget(IDS_ALL);
}

static void test_memory(void)
{
	size_t before = taken, i, bad = 0;

	most = 0;
	for (i = 0; i < MANY; i++) {
		ids_set(1000001 + i, IDS_FRESH);
		bad += i >= 1000 && taken > 13 * (i + 1) + EACH * LEAST;
	}
	ok(!bad, "%d messages: at most 13 bytes each, however many there are", MANY);
	ok(most <= 24 * (size_t)MANY, "and 24 while it grows (%zu)", most / MANY);
	for (i = 0; i < MANY; i++)
		ids_set(1000001 + i, IDS_INFO);
	ids_forget(IDS_INFO);
	ok(taken <= 13 * (size_t)MANY, "more about the same: no more");
	bad = 0;
	for (i = 0; i < MANY; i++) {
		ids_clear(1000001 + i, IDS_FRESH);
		bad += taken > 5 * 13 * (MANY - i) + EACH * LEAST;
	}
	ok(!bad, "it shrinks as they go");
	ok(taken <= before && t.cap <= LEAST, "and nothing is left (%zu)", taken);
	for (i = 0; i < MANY; i++)
		ids_set(1000001 + i, IDS_INFO);
	ids_forget(IDS_ALL);
	ok(taken <= before, "nor when all is forgotten at once (%zu)", taken);
}

int main(void)
{
	srand(1);
	test_model();
	test_none();
	test_memory();
	return done();
}
