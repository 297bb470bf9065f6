/* plan.c: the heaps (checklist 32 to 36), the retry tables (27) and the set of
 * fresh messages. */
#include <stdlib.h>
#include "../lib/tap.h"
#include "../../src/send/plan.c"

static int drain_sorted(enum plan_heap h, size_t want)
{
	struct plan_entry e;
	int64_t last = INT64_MIN;
	size_t n = 0;

	while (plan_take(h, INT64_MAX, 0, &e)) {
		if (plan_time(&e) < last)
			return 0;
		last = plan_time(&e);
		n++;
	}
	return n == want;
}

static void test_heap(void)
{
	struct plan_entry e;
	int i;

	ok(plan_next(PLAN_LOCAL) == IO_FOREVER && !plan_take(PLAN_LOCAL, INT64_MAX, 0, &e),
		"32: an empty heap has no minimum");
	plan_add(PLAN_LOCAL, 77, 5000, 1, 12345);
	ok(plan_next(PLAN_LOCAL) == 5000 && !plan_take(PLAN_LOCAL, 4999, 0, &e), "not due yet");
	ok(plan_take(PLAN_LOCAL, 5000, 0, &e) && e.id == 77 && plan_fresh(&e) &&
		plan_route(&e) == 12345 && plan_next(PLAN_LOCAL) == IO_FOREVER,
		"33: one element in, the same out, once");
	for (i = 0; i < 500; i++)
		plan_add(PLAN_REMOTE, 1, i, 0, 0);
	ok(drain_sorted(PLAN_REMOTE, 500), "34: ascending insertion");
	for (i = 500; i-- > 0;)
		plan_add(PLAN_REMOTE, 1, i, 0, 0);
	ok(drain_sorted(PLAN_REMOTE, 500), "34: descending insertion");
	for (i = 0; i < 100; i++)
		plan_add(PLAN_REMOTE, 1, 42, i & 1, 0);
	ok(drain_sorted(PLAN_REMOTE, 100), "35: equal times all come out");
	for (i = 0; i < 5000; i++)
		plan_add(PLAN_REMOTE, 1, rand() - RAND_MAX / 2, 0, (uint32_t)rand());
	ok(drain_sorted(PLAN_REMOTE, 5000), "36: mixed and negative times come out ascending");
}

static int not_even(const struct plan_entry *e)
{
	return plan_route(e) % 2 == 0;
}

/* When a message arrived, by its number. */
static int64_t arrived(uint64_t id)
{
	return id < 1000 ? 7 - (int64_t)id : 7;
}

static void test_blocked(void)
{
	struct plan_entry e;
	uint64_t got = 0;
	int i;

	for (i = 0; i < 20; i++)
		plan_add(PLAN_REMOTE, 100 + (uint64_t)i, i, 0, i == 9 || i == 13 ? 1 : 2);
	if (plan_take(PLAN_REMOTE, 1000, not_even, &e))
		got = e.id;
	ok(got == 109, "a busy route is looked past, the earliest of the others is taken");
	plan_now(PLAN_REMOTE, not_even, arrived);
	ok(plan_next(PLAN_REMOTE) == 7 - 119 && drain_sorted(PLAN_REMOTE, 19), "all due now, in the order of arrival");
	for (i = -16; i <= 16; i += 32) {
		plan_add(PLAN_HELD, 1, (int64_t)i * 31556952 * 1000, 1, 1 | (unsigned)i << 28);
		ok(plan_take(PLAN_HELD, INT64_MAX, 0, &e) && plan_fresh(&e) && plan_route(&e) == 1 &&
			plan_time(&e) == (int64_t)i * 31556952 * 1000, "%d years from the boot fit", i);
	}
	plan_add(PLAN_REMOTE, 5, INT64_MAX / 2000000000, 0, 3);
	plan_add(PLAN_REMOTE, 6, clock_mono() + 1000000, 1, 3);
	plan_add(PLAN_REMOTE, 2000, 1, 1, 3);
	plan_now(PLAN_REMOTE, 0, arrived);
	ok(plan_take(PLAN_REMOTE, 1, 0, &e) && e.id == 6 && plan_take(PLAN_REMOTE, 1, 0, &e) &&
		plan_take(PLAN_REMOTE, 2, 0, &e) && e.id == 5, "and what was due later is due; fresh ones that were keep their time");
}

static void test_oldest(void)
{
	struct plan_entry e;
	int64_t late = clock_mono() + 1000000;
	int i, good = 1;

	for (i = 50; i-- > 0;)
		plan_add(PLAN_REMOTE, 100 + (uint64_t)i, late, 0, i % 3 ? 2 : 3);
	ok(plan_oldest(not_even, arrived) == 149 && plan_oldest(0 ? 0 : not_even, arrived) == 149, "the oldest of some");
	ok(plan_hasten(149, late - 1, not_even, arrived) == 1 && plan_hasten(149, late - 1, not_even, arrived) == 0 &&
		plan_hasten(77, late - 1, not_even, arrived) == -1, "it is hastened, once");
	ok(plan_take(PLAN_REMOTE, 7, 0, &e) && e.id == 149 && !plan_take(PLAN_REMOTE, 7, 0, &e), "and it alone is due");
	for (i = 0; i < 49; i++)
		good &= plan_take(PLAN_REMOTE, late, 0, &e) && e.id == 100 + (uint64_t)i;
	ok(good, "at one time they go by their numbers");
}

static void test_retry(void)
{
	static const int64_t table[][3] = {
		{ 0, 100, 400 }, { 99, 361, 841 }, { 100, 400, 900 }, { 399, 841, 1521 },
		{ 400, 900, 1600 }, { 3600, 4900, 6400 }, { 86400, 91809, 97969 },
		{ 604800, 619369, 635209 },
	};
	int64_t age;
	size_t i;
	int r = 1;

	for (i = 0; i < sizeof table / sizeof *table; i++)
		r &= plan_retry(table[i][0], LOCAL) == table[i][1] - table[i][0] &&
			plan_retry(table[i][0], REMOTE) == table[i][2] - table[i][0];
	ok(r, "27: both schedule tables");
	for (age = 0, i = 0; age <= 604800; age += plan_retry(age, LOCAL))
		r &= age == (int64_t)(100 * i * i), i++;
	ok(r && i == 78 && age == 608400, "a week of local retries: 77, then one at 608400");
	for (age = 0, i = 0; age <= 604800; age += plan_retry(age, REMOTE))
		r &= age == (int64_t)(400 * i * i), i++;
	ok(r && i == 39 && age == 608400, "a week of remote retries: 38, then one at 608400");
	ok(plan_retry(-5000000000, REMOTE) == 400, "born in the future: as if born now");
}

static void test_fresh(void)
{
	static char in[4000];
	size_t n = 0;
	int i, r = 1;

	for (i = 0; i < 200000 && r; i++) {
		unsigned id = (unsigned)rand() % 4000;

		if (rand() & 1) {
			r = fresh_add(id + 1) == !in[id];
			n += !in[id];
			in[id] = 1;
		} else {
			n -= (size_t)in[id];
			in[id] = 0;
			fresh_del(id + 1);
		}
		r &= fresh_known(id + 1) == in[id] && fresh_count() == n;
	}
	ok(r, "the set of fresh messages agrees with a table, 200000 steps");
}

static void test_forget(void)
{
	struct plan_entry e;
	int i;

	for (i = 0; i < 300; i++)
		plan_add((enum plan_heap)(i % 2), (uint64_t)(rand() % 5 + 1), rand() % 1000, 0, 0);
	plan_add(PLAN_DONE, 3, 5, 0, 0);
	plan_add(PLAN_HELD, 3, 5, 0, REMOTE);
	plan_forget(3);
	plan_forget(77);
	ok(!plan_count(PLAN_DONE) && !plan_count(PLAN_HELD), "forgotten in every heap");
	for (i = 0; plan_take(PLAN_LOCAL, INT64_MAX, 0, &e);)
		i += e.id == 3;
	ok(i == 0 && drain_sorted(PLAN_REMOTE, plan_count(PLAN_REMOTE)),
		"however often it stood there; the rest stays in order");
}

static void test_held(void)
{
	struct plan_entry e;

	plan_add(PLAN_HELD, 7, 100, 1, REMOTE);
	plan_add(PLAN_HELD, 8, 100, 0, LOCAL);
	plan_add(PLAN_HELD, 8, 100, 0, REMOTE);
	plan_unpark(9, 500);
	ok(plan_count(PLAN_HELD) == 3, "released: only who is meant");
	plan_unpark(7, 500);
	ok(plan_count(PLAN_HELD) == 2 && plan_next(PLAN_REMOTE) == 500 &&
		plan_take(PLAN_REMOTE, 500, 0, &e) && e.id == 7 && plan_fresh(&e),
		"back in its channel, due at once, fresh as it was");
	plan_unpark(0, 600);
	ok(!plan_count(PLAN_HELD) && plan_take(PLAN_LOCAL, 600, 0, &e) && e.id == 8 &&
		plan_take(PLAN_REMOTE, 600, 0, &e) && e.id == 8, "all of them");
}

int main(void)
{
	test_heap();
	test_blocked();
	test_oldest();
	test_retry();
	test_fresh();
	test_forget();
	test_held();
	return done();
}
