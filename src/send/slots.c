/* slots.c: the tables of what is in flight. They are as large as the largest
 * concurrency and stay untouched, and so cost no memory, until they are used. */
#include "../base/trim.h"
#include "slots.h"

/* On pages of their own, for slots_trim(). */
_Alignas(4096) struct pass passes[SLOTS_MAX];
_Alignas(4096) struct slot slots[SLOTS_MAX];
_Alignas(4096) struct carrier carriers[CARRIERS];
unsigned slots_busy[2];

/* The first entry of a table whose `used`, its first member, is 0. */
static void *unused(void *table, size_t size)
{
	char *e = table;
	size_t i;

	for (i = 0; i < SLOTS_MAX; i++, e += size)
		if (!*(int *)(void *)e)
			return e;
	return 0;
}

struct pass *pass_new(void)
{
	return unused(passes, sizeof *passes);
}

struct slot *slot_new(void)
{
	return unused(slots, sizeof *slots);
}

struct carrier *carrier_new(void)
{
	return unused(carriers, sizeof *carriers);
}

/* A table in which nothing is used is all zero in what counts, so its pages may go:
 * they read as zero when they are touched again. */
static void trim(void *table, size_t n, size_t each)
{
	char *e = table;
	size_t i;

	for (i = 0; i < SLOTS_MAX; i++)
		if (*(int *)(void *)(e + i * each))
			return;
	trim_pages(table, n * each);
}

void slots_trim(void)
{
	trim(passes, SLOTS_MAX, sizeof *passes);
	trim(slots, SLOTS_MAX, sizeof *slots);
	trim(carriers, CARRIERS, sizeof *carriers);
}

struct slot *slot_oldest(const struct carrier *by)
{
	struct slot *best = 0;
	size_t i;

	for (i = 0; i < SLOTS_MAX; i++)
		if (slots[i].used && slots[i].by == by &&
			(!best || (int32_t)(slots[i].serial - best->serial) < 0))
			best = &slots[i];
	return best;
}

struct slot *slot_find(const struct carrier *by, uint32_t serial)
{
	size_t i;

	for (i = 0; i < SLOTS_MAX; i++)
		if (slots[i].used && slots[i].by == by && slots[i].serial == serial)
			return &slots[i];
	return 0;
}
