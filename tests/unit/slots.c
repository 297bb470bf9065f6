/* slots.c: the tables of what is in flight (checklist 37, as we have them: three
 * tables of fixed size, an entry is free while its `used` is 0). */
#include <string.h>
#include "../lib/tap.h"
#include "../../src/send/slots.c"

/* Takes entries of a table until there are none; how many, or -1 when one was not
 * the lowest that is free. */
#define FILL(table, new) do { \
	for (n = 0; (e = new()) != 0; n++) { \
		if (e != &(table)[n]) \
			break; \
		e->used = 1; \
	} \
	full = !e && n == SLOTS_MAX; \
} while (0)

#define TABLE(name, type, table, new) do { \
	struct type *e; \
	size_t i; \
	int n, full, r = 1; \
	for (i = 0; i < SLOTS_MAX; i++) \
		r &= !(table)[i].used; \
	ok(r, "(37) " name ": all free at first"); \
	FILL(table, new); \
	ok(full, "(37) " name ": the lowest first, up to the last, then none"); \
	(table)[0].used = 0; \
	ok(new() == &(table)[0], "(37) " name ": the first again when it is given back"); \
	(table)[0].used = 1; \
	(table)[SLOTS_MAX - 1].used = 0; \
	ok(new() == &(table)[SLOTS_MAX - 1], "(37) " name ": and the last"); \
	(table)[50].used = (table)[7].used = 0; \
	ok(new() == &(table)[7], "(37) " name ": of several the lowest"); \
	for (i = 0; i < SLOTS_MAX; i++) \
		(table)[i].used = 0; \
} while (0)

static void test_tables(void)
{
	TABLE("passes", pass, passes, pass_new);
	TABLE("slots", slot, slots, slot_new);
	TABLE("carriers", carrier, carriers, carrier_new);
}

static void job(size_t at, struct carrier *by, uint32_t serial)
{
	slots[at].used = 1;
	slots[at].by = by;
	slots[at].serial = serial;
}

static void test_find(void)
{
	job(3, carriers, 0xfffffffeu);
	job(1, carriers, 1);
	job(2, carriers, 0xffffffffu);
	job(0, carriers + 1, 0xfffffff0u);
	ok(slot_oldest(carriers) == &slots[3], "the oldest job, though the numbers wrapped");
	ok(slot_oldest(carriers + 1) == &slots[0], "each carrier has its own");
	ok(slot_oldest(carriers + 2) == 0, "one without jobs has none");
	ok(slot_find(carriers, 1) == &slots[1], "found by its number");
	ok(slot_find(carriers, 0xfffffff0u) == 0, "not by that of another carrier");
	slots[1].used = 0;
	ok(slot_find(carriers, 1) == 0, "nor once it is given back");
}

static void test_trim(void)
{
	slots[SLOTS_MAX - 1].used = 1;
	slots[5].first = 55;
	slots_trim();
	ok(slots[5].first == 55 && slots[SLOTS_MAX - 1].used, "a table in use keeps its memory");
	memset(slots, 0, sizeof slots);
	slots[5].first = 55;
	slots_trim();
	ok(slots[5].first == 0 && slot_new() == &slots[0], "an unused one is all zero afterwards");
}

int main(void)
{
	test_tables();
	test_find();
	test_trim();
	return done();
}
