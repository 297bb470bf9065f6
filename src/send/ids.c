/* ids.c: a table of message numbers with a few bits for each: open addressing with
 * linear probing, grown by quarters and at most 7/8 full, so that a hundred thousand
 * messages that may not leave cost their share and no more. It shrinks as they
 * go. Refuses nothing but what there is no memory for. */
#include "../base/heap.h"
#include "ids.h"

enum { LEAST = 28, EACH = sizeof(uint64_t) + 1, KEPT = 128 };

/* A place is free when its bits are 0. KEPT: nothing is known of it any more, but
 * there was no memory to take it out. The bits lie behind all the numbers. */
static struct table { uint64_t *id; unsigned char *bits; size_t cap, n; } t;

static size_t after(size_t i)
{
	return i + 1 < t.cap ? i + 1 : 0;
}

/* Where it stands, or the free place where it would. */
static size_t place(uint64_t id)
{
	uint64_t hash = id * 11400714819323198485u >> 32;
	size_t i = (size_t)(hash * t.cap >> 32);

	while (t.bits[i] && t.id[i] != id)
		i = after(i);
	return i;
}

/* All entries that have one of these bits move to a table of this size. */
static int rebuild(size_t cap, unsigned keep)
{
	struct table old = t;
	size_t i, j;
	uint64_t *v = heap_grow(0, 0, cap * EACH);

	if (!v)
		return -1;
	t = (struct table){ v, (unsigned char *)(v + cap), cap, 0 };
	for (i = 0; i < old.cap; i++) {
		if (!(old.bits[i] & keep))
			continue;
		j = place(old.id[i]);
		t.id[j] = old.id[i];
		t.bits[j] = old.bits[i] & (unsigned char)keep;
		t.n++;
	}
	heap_free(old.id, old.cap * EACH);
	return 0;
}

unsigned ids_get(uint64_t id)
{
	return t.cap ? t.bits[place(id)] & IDS_ALL : 0;
}

int ids_set(uint64_t id, unsigned bits)
{
	size_t i;

	if (t.cap && t.bits[i = place(id)]) {
		t.bits[i] |= (unsigned char)bits;
		return 0;
	}
	if (t.n >= t.cap - t.cap / 8 &&
		rebuild(t.cap + t.cap / 4 + LEAST, IDS_ALL) < 0)
		return -1;
	i = place(id);
	t.id[i] = id;
	t.bits[i] = (unsigned char)bits;
	t.n++;
	return 0;
}

/* What stands behind a place that became free may have been pushed past it. */
static void close_gap(size_t gap)
{
	size_t i, to;

	for (i = after(gap); t.bits[i]; i = after(i)) {
		unsigned char bits = t.bits[i];

		t.bits[i] = 0;
		to = place(t.id[i]);
		t.id[to] = t.id[i];
		t.bits[to] = bits;
	}
}

void ids_clear(uint64_t id, unsigned bits)
{
	size_t i;

	if (!t.cap || !t.bits[i = place(id)])
		return;
	if ((t.bits[i] &= (unsigned char)~bits))
		return;
	t.n--;
	close_gap(i);
	if (t.n < t.cap / 4 && t.cap > LEAST)
		rebuild(t.cap / 2 < LEAST ? LEAST : t.cap / 2, IDS_ALL);
}

void ids_forget(unsigned bits)
{
	unsigned char keep = IDS_ALL & (unsigned char)~bits;
	size_t i, n = 0;

	for (i = 0; i < t.cap; i++)
		n += (t.bits[i] & keep) != 0;
	if (!n && t.cap <= LEAST) {
		for (i = t.n = 0; i < t.cap; i++)
			t.bits[i] = 0;
		return;
	}
	n += n / 4 + LEAST;
	if (rebuild(n < t.cap ? n : t.cap, keep) == 0)
		return;
	for (i = 0; i < t.cap; i++)
		if (t.bits[i])
			t.bits[i] = (t.bits[i] & keep) | KEPT;
}

int ids_next(size_t *at, unsigned bits, uint64_t *id)
{
	while (*at < t.cap) {
		size_t i = (*at)++;

		if ((t.bits[i] & IDS_ALL) == bits && bits) {
			*id = t.id[i];
			return 1;
		}
	}
	return 0;
}
