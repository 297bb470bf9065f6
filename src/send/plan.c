/* plan.c: what is to be done when. A binary heap per channel holds the time and
 * the number of each waiting message, nothing else: the rest is read from the
 * queue when its turn comes, so a hundred thousand deferred messages cost a few
 * megabytes and no more. */
#include "../base/clock.h"
#include "../base/heap.h"
#include "../base/io.h"
#include "../base/text.h"
#include "ids.h"
#include "plan.h"

/* key: 40 bits of milliseconds since EPOCH_MS before the boot, 1 bit fresh, 23 bits of
 * route. So a host may be up for 17 years: a time beyond the end would be due at once,
 * for ever. */
enum { ROUTE_BITS = PLAN_FRESH_BIT, LOOK_AHEAD = 48, HEAP_FIRST = 32 };
#define EPOCH_MS ((int64_t)1 << 39)
#define TIME_MAX (((int64_t)1 << 40) - 1)

struct heap { struct plan_entry *v; size_t n, cap; };

static struct heap heaps[PLAN_HEAPS];
static int lost, noting;
static size_t fresh_n, skipped;
static size_t roving;	/* where the look behind the front goes on */

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

int64_t plan_time(const struct plan_entry *e)
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

/* Earlier, and at one time the lesser number: the kernel's clock for files ticks slowly,
 * and numbers rise more often than not. */
static int before(const struct plan_entry *a, const struct plan_entry *b)
{
	uint64_t t = a->key >> (ROUTE_BITS + 1), u = b->key >> (ROUTE_BITS + 1);

	return t != u ? t < u : a->id < b->id;
}

static void up(struct heap *h, size_t i)
{
	for (; i && before(&h->v[i], &h->v[(i - 1) / 2]); i = (i - 1) / 2)
		swap(h, i, (i - 1) / 2);
}

static void down(struct heap *h, size_t i)
{
	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= h->n)
			return;
		if (c + 1 < h->n && before(&h->v[c + 1], &h->v[c]))
			c++;
		if (!before(&h->v[c], &h->v[i]))
			return;
		swap(h, i, c);
		i = c;
	}
}

static int resize(struct heap *h, size_t cap)
{
	struct plan_entry *v = heap_grow(h->v, h->cap * sizeof *v, cap * sizeof *v);

	if (!v)
		return -1;
	h->v = v;
	h->cap = cap;
	return 0;
}

/* A message whose recipients are all done counts for a channel as well; one that is
 * held has its channel in place of a route. */
static int note(enum plan_heap which, uint64_t id, uint32_t route)
{
	int remote = which == PLAN_HELD ? route == REMOTE : which == PLAN_REMOTE;

	return ids_set(id, remote ? IDS_PLANNED_TOO : IDS_PLANNED);
}

int plan_note(int on)
{
	int h;
	size_t i;

	noting = on;
	if (!on)
		ids_forget(IDS_ALL & ~IDS_FRESH);
	for (h = 0; on && h < PLAN_HEAPS; h++)
		for (i = 0; i < heaps[h].n; i++)
			if (note((enum plan_heap)h, heaps[h].v[i].id, plan_route(&heaps[h].v[i])) < 0)
				return -1;
	return 0;
}

void plan_clear(void)
{
	int h;

	for (h = 0; h < PLAN_HEAPS; h++) {
		heaps[h].n = 0;
		if (heaps[h].cap)
			resize(&heaps[h], HEAP_FIRST);
	}
	ids_forget(IDS_ALL);
	fresh_n = skipped = 0;
	noting = 0;
}

int plan_noting(void)
{
	return noting;
}

int plan_add(enum plan_heap which, uint64_t id, int64_t at, int fresh, uint32_t route)
{
	struct heap *h = &heaps[which];

	if (noting && note(which, id, route) < 0) {
		noting = 0;
		lost = 1;
	}
	if (h->n == h->cap && resize(h, h->cap ? h->cap * 2 : HEAP_FIRST) < 0) {
		lost = 1;
		if (fresh)
			fresh_skip(id);
		return 0;
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
	if (i != --h->n) {
		h->v[i] = h->v[h->n];
		up(h, i);
		down(h, i);
	}
	/* What a large queue took goes back as it empties. */
	if (h->n < h->cap / 4 && h->cap > HEAP_FIRST)
		resize(h, h->cap / 2);
}

/* The earliest of the entries from..to that is due and not blocked; h->n: none. */
static size_t look(const struct heap *h, size_t from, size_t to, int64_t now,
	plan_test *blocked)
{
	size_t i, best = h->n;

	for (i = from; i < to && i < h->n; i++) {
		if (plan_time(&h->v[i]) > now)
			continue;
		if (best < h->n && !before(&h->v[i], &h->v[best]))
			continue;
		if (!blocked || !blocked(&h->v[i]))
			best = i;
		if (i == 0 && best == 0)
			break;
	}
	return best;
}

int plan_take(enum plan_heap which, int64_t now, plan_test *blocked,
	struct plan_entry *e)
{
	struct heap *h = &heaps[which];
	size_t best;

	if (!h->n || plan_time(&h->v[0]) > now)
		return 0;
	/* The array's front is nearly in order: good enough to look past a route
	 * that is busy, and the earliest of those seen is taken. When a busy route
	 * fills the front, another part of the rest is looked at each time, so that
	 * no other route waits for the end of it. */
	best = look(h, 0, LOOK_AHEAD, now, blocked);
	if (best == h->n && h->n > LOOK_AHEAD) {
		if (roving < LOOK_AHEAD || roving >= h->n)
			roving = LOOK_AHEAD;
		best = look(h, roving, roving + LOOK_AHEAD, now, blocked);
		roving += LOOK_AHEAD;
	}
	if (best == h->n)
		return 0;
	take_out(h, best, e);
	return 1;
}

int64_t plan_next(enum plan_heap h)
{
	return heaps[h].n ? plan_time(&heaps[h].v[0]) : IO_FOREVER;
}

void plan_now(enum plan_heap which, plan_test *test, plan_when *when)
{
	struct heap *h = &heaps[which];
	int64_t now = clock_mono();
	size_t i;

	for (i = 0; i < h->n; i++) {
		struct plan_entry *e = &h->v[i];

		if ((!plan_fresh(e) || plan_time(e) > now) && (!test || test(e)))
			e->key = key_of(when(e->id), plan_fresh(e), plan_route(e));
	}
	for (i = h->n / 2; i-- > 0;)
		down(h, i);
}

/* The place where it stands in the heap, or the heap's end. */
static size_t place_of(const struct heap *h, uint64_t id)
{
	size_t i = 0;

	while (i < h->n && id && h->v[i].id != id)
		i++;
	return i;
}

uint64_t plan_oldest(plan_test *test, plan_when *when)
{
	const struct heap *h = &heaps[PLAN_REMOTE];
	int64_t least = IO_FOREVER, t;
	uint64_t id = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (test(&h->v[i]) && ((t = when(h->v[i].id)) < least ||
			(t == least && h->v[i].id < id))) {
			least = t;
			id = h->v[i].id;
		}
	return id;
}

int plan_hasten(uint64_t id, int64_t now, plan_test *test, plan_when *when)
{
	struct heap *h = &heaps[PLAN_REMOTE];
	size_t i = place_of(h, id);
	struct plan_entry e;

	if (i == h->n || !test(&h->v[i]))
		return -1;
	if (plan_time(&h->v[i]) <= now)
		return 0;
	take_out(h, i, &e);
	return plan_add(PLAN_REMOTE, id, when(id), 0, plan_route(&e));
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

int fresh_add(uint64_t id)
{
	if (fresh_known(id))
		return 0;
	if (ids_set(id, IDS_FRESH) < 0) {
		lost = 1;
		skipped++;
		return -1;
	}
	fresh_n++;
	return 1;
}

int fresh_known(uint64_t id)
{
	return ids_get(id) & IDS_FRESH;
}

void fresh_del(uint64_t id)
{
	if (!fresh_known(id))
		return;
	ids_clear(id, IDS_FRESH);
	fresh_n--;
}

size_t fresh_count(void)
{
	return fresh_n;
}

void fresh_skip(uint64_t id)
{
	fresh_del(id);
	skipped++;
}

size_t fresh_skipped(void)
{
	return skipped;
}
