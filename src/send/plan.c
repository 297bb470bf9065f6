/* plan.c: what is to be done when. A binary heap per channel holds the time and
 * the number of each waiting message, nothing else: the rest is read from the
 * queue when its turn comes, so a hundred thousand deferred messages cost a few
 * megabytes and no more. */
#include <string.h>
#include "../base/clock.h"
#include "../base/heap.h"
#include "../base/io.h"
#include "../base/text.h"
#include "plan.h"

/* key: 36 bits of milliseconds since EPOCH_MS before the start, 1 bit fresh, 27
 * bits of route. Waiting times of a year in both directions fit. */
enum { ROUTE_BITS = PLAN_FRESH_BIT, LOOK_AHEAD = 48 };
#define EPOCH_MS ((int64_t)1 << 35)
#define TIME_MAX (((int64_t)1 << 36) - 1)

struct heap { struct plan_entry *v; size_t n, cap; };

static struct heap heaps[PLAN_HEAPS];
static int lost;

static uint64_t key_of(int64_t at, int fresh, uint32_t route)
{
	int64_t t = at + EPOCH_MS;

	if (t < 0)
		t = 0;
	if (t > TIME_MAX)
		t = TIME_MAX;
	return (uint64_t)t << (ROUTE_BITS + 1) | (uint64_t)!!fresh << ROUTE_BITS |
		(route & PLAN_ROUTE_MASK);
}

static int64_t time_of(const struct plan_entry *e)
{
	return (int64_t)(e->key >> (ROUTE_BITS + 1)) - EPOCH_MS;
}

int plan_fresh(const struct plan_entry *e)
{
	return e->key >> ROUTE_BITS & 1;
}

uint32_t plan_route(const struct plan_entry *e)
{
	return e->key & PLAN_ROUTE_MASK;
}

static void swap(struct heap *h, size_t a, size_t b)
{
	struct plan_entry t = h->v[a];

	h->v[a] = h->v[b];
	h->v[b] = t;
}

static void up(struct heap *h, size_t i)
{
	for (; i && h->v[i].key < h->v[(i - 1) / 2].key; i = (i - 1) / 2)
		swap(h, i, (i - 1) / 2);
}

static void down(struct heap *h, size_t i)
{
	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= h->n)
			return;
		if (c + 1 < h->n && h->v[c + 1].key < h->v[c].key)
			c++;
		if (h->v[i].key <= h->v[c].key)
			return;
		swap(h, i, c);
		i = c;
	}
}

int plan_add(enum plan_heap which, uint64_t id, int64_t at, int fresh, uint32_t route)
{
	struct heap *h = &heaps[which];

	if (h->n == h->cap) {
		size_t cap = h->cap ? h->cap * 2 : 32;
		struct plan_entry *v = heap_grow(h->v, h->cap * sizeof *v, cap * sizeof *v);

		if (!v) {
			lost = 1;
			return 0;
		}
		h->v = v;
		h->cap = cap;
	}
	h->v[h->n].id = id;
	h->v[h->n].key = key_of(at, fresh, route);
	up(h, h->n++);
	return 1;
}

void plan_later(enum plan_heap h, uint64_t id, int fresh, uint32_t route)
{
	plan_add(h, id, clock_mono() + TROUBLE_SECS * 1000, fresh, route);
}

int plan_lost(void)
{
	int was = lost;

	lost = 0;
	return was;
}

size_t plan_count(enum plan_heap h)
{
	return heaps[h].n;
}

static void take_out(struct heap *h, size_t i, struct plan_entry *e)
{
	*e = h->v[i];
	if (i == --h->n)
		return;
	h->v[i] = h->v[h->n];
	up(h, i);
	down(h, i);
}

int plan_take(enum plan_heap which, int64_t now, plan_blocked *blocked,
	struct plan_entry *e)
{
	struct heap *h = &heaps[which];
	size_t i, best = h->n;

	/* The array's front is nearly in order: good enough to look past a route
	 * that is busy, and the earliest of those seen is taken. */
	for (i = 0; i < h->n && i < LOOK_AHEAD; i++) {
		if (time_of(&h->v[i]) > now)
			continue;
		if (best < h->n && h->v[best].key <= h->v[i].key)
			continue;
		if (!blocked || !blocked(plan_route(&h->v[i])))
			best = i;
		if (i == 0 && best == 0)
			break;
	}
	if (best == h->n)
		return 0;
	take_out(h, best, e);
	return 1;
}

int64_t plan_next(enum plan_heap h)
{
	return heaps[h].n ? time_of(&heaps[h].v[0]) : IO_FOREVER;
}

void plan_all_now(int64_t now)
{
	size_t c, i;

	for (c = PLAN_LOCAL; c <= PLAN_REMOTE; c++) {
		struct heap *h = &heaps[c];

		for (i = 0; i < h->n; i++)
			if (time_of(&h->v[i]) > now)
				h->v[i].key = key_of(now, plan_fresh(&h->v[i]), plan_route(&h->v[i]));
		for (i = h->n / 2; i-- > 0;)
			down(h, i);
	}
}

/* The place where it stands in the heap, or the heap's end. */
static size_t place_of(const struct heap *h, uint64_t id)
{
	size_t i = 0;

	while (i < h->n && id && h->v[i].id != id)
		i++;
	return i;
}

void plan_forget(uint64_t id)
{
	struct plan_entry e;
	struct heap *h;
	size_t i;

	/* From the start again after each: filling its place moves others. */
	for (h = heaps; h < heaps + PLAN_HEAPS; h++)
		while ((i = place_of(h, id)) < h->n)
			take_out(h, i, &e);
}

void plan_unpark(uint64_t id, int64_t now)
{
	struct heap *h = &heaps[PLAN_HELD];
	struct plan_entry e;
	size_t i;

	while ((i = place_of(h, id)) < h->n) {
		take_out(h, i, &e);
		plan_add((enum plan_heap)plan_route(&e), e.id, now, plan_fresh(&e), 0);
	}
}

int64_t plan_retry(int64_t age, enum qchan c)
{
	uint64_t root = age > 0 ? text_isqrt((uint64_t)age) : 0;
	int64_t next;

	root += c == LOCAL ? 10 : 20;
	next = (int64_t)(root * root) - (age > 0 ? age : 0);
	return next > 1 ? next : 1;
}

/* Open addressing with linear probing; 0 marks a free place (no message is 0). */
static uint64_t *seen;
static size_t seen_cap, seen_n;

static size_t place(uint64_t id)
{
	return (size_t)((id * 11400714819323198485u) >> 20) & (seen_cap - 1);
}

static int seen_grow(void)
{
	size_t was = seen_cap, cap = was ? was * 2 : 64, i;
	uint64_t *old = seen, *v = heap_grow(0, 0, cap * sizeof *v);

	if (!v)
		return 0;
	seen = v;
	seen_cap = cap;
	seen_n = 0;
	for (i = 0; i < was; i++)
		if (old[i])
			fresh_add(old[i]);
	heap_free(old, was * sizeof *old);
	return 1;
}

int fresh_add(uint64_t id)
{
	size_t i;

	if (seen_n >= seen_cap / 2 && !seen_grow())
		return -1;
	for (i = place(id); seen[i]; i = (i + 1) & (seen_cap - 1))
		if (seen[i] == id)
			return 0;
	seen[i] = id;
	seen_n++;
	return 1;
}

int fresh_known(uint64_t id)
{
	size_t i;

	if (!seen_cap)
		return 0;
	for (i = place(id); seen[i]; i = (i + 1) & (seen_cap - 1))
		if (seen[i] == id)
			return 1;
	return 0;
}

void fresh_del(uint64_t id)
{
	size_t i, j;

	if (!seen_cap)
		return;
	for (i = place(id); seen[i] != id; i = (i + 1) & (seen_cap - 1))
		if (!seen[i])
			return;
	seen[i] = 0;
	seen_n--;
	/* What stood behind may have been pushed past this place: put it in anew. */
	for (j = (i + 1) & (seen_cap - 1); seen[j]; j = (j + 1) & (seen_cap - 1)) {
		uint64_t id2 = seen[j];

		seen[j] = 0;
		seen_n--;
		fresh_add(id2);
	}
}

size_t fresh_count(void)
{
	return seen_n;
}

static size_t skipped;

void fresh_skip(uint64_t id)
{
	fresh_del(id);
	skipped++;
}

size_t fresh_skipped(void)
{
	return skipped;
}
