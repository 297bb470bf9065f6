/* order.c: who goes first. The plan holds times; what is due gets the time of its
 * arrival there, fresh or settled, so that the plan's order is that of arrival. The
 * arrival is read from the message's file, which nobody writes to afterwards.
 * Mail whose QMQP servers do not answer keeps its retry times. But each new message
 * for such servers, and each hint, has the oldest of what waits tried first; when that
 * works all the rest is due. Refuses to believe hints more often than once a minute. */
#include <errno.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/log.h"
#include "carry.h"
#include "conf.h"
#include "order.h"
#include "pass.h"
#include "report.h"
#include "route.h"
#include "walk.h"

enum { TRY_MS = 500, HINT_MS = 60000, AGAIN_MS = 31000, JITTER_MS = 2 };

/* failed: nobody has answered since somebody did; at the start nobody knows.
 * QMQP_UNSURE: they may take what they get, so each try may be one copy more, and none is
 * made before its time. */
static int failed = QMQP_DOWN, marked, hint;
static int all[2];		/* channels of which all is to be due */
static uint64_t oldest;		/* of what waits, 0 not known */
static int64_t try_at, hint_at;	/* mono ms, not before */
static int64_t again_at;	/* mono ms, one try by ourselves; 0 none */

int64_t order_of(int64_t arrived)
{
	static int64_t apart;	/* the two clocks; the same for all while they only tremble */
	int64_t now = clock_mono(), d = clock_wall_usec() / 1000 - now;

	if (d > apart + JITTER_MS || d < apart - JITTER_MS)
		apart = d;
	arrived -= apart;
	return arrived < now ? arrived : now;
}

int64_t order_when(uint64_t id)
{
	int64_t ms;

	return queue_arrived(&queue, id, &ms) > 0 ? order_of(ms) : clock_mono();
}

void order_all(void)
{
	all[LOCAL] = all[REMOTE] = 1;
}

/* May wait for QMQP servers: one that was not tried in this run has no route yet. */
static int may_wait(const struct plan_entry *e)
{
	return !plan_fresh(e) && (!plan_route(e) || plan_route(e) & ROUTE_QMQP);
}

/* The oldest of what waits is due. 1 when it was not before. */
static int try_oldest(int64_t now)
{
	int r = -1;

	if (failed & QMQP_UNSURE || now < try_at || walk_orders() || (oldest && pass_of(oldest, REMOTE)))
		return 0;
	try_at = now + TRY_MS;
	if (oldest)	/* its first try may have shown that it waits for others */
		r = plan_hasten(oldest, now, may_wait, order_when);
	if (r < 0 && (oldest = plan_oldest(may_wait, order_when)))
		r = plan_hasten(oldest, now, may_wait, order_when);
	return r > 0;
}

int order_older(const struct plan_entry *e)
{
	return failed && plan_route(e) & ROUTE_QMQP && e->id != oldest &&
		try_oldest(clock_mono());
}

static void mark(int on)
{
	if (on == marked)
		return;
	marked = on;
	if (queue_wait_mark(&queue, on) < 0 && report_may("mark", errno))
		log_line("warning: unable to make or remove lock/qmqpwait: %s", err_text(errno));
}

void order_answer(int down)
{
	if (down) {
		failed = down & (QMQP_DOWN | QMQP_UNSURE);
		mark(1);
		/* A new message that was no try: one is made up for it, later. */
		if (down & QMQP_DOWN_STILL && !again_at)
			again_at = clock_mono() + AGAIN_MS;
	} else if (failed) {
		failed = 0;
		oldest = 0;
		plan_now(PLAN_REMOTE, may_wait, order_when);
	}
}

void order_hint(int sure)
{
	hint = 1;
	if (sure)
		hint_at = 0;
}

/* 1 when no mail waits for the servers any more. */
static int all_out(int64_t now)
{
	struct pass *p;

	if (failed ? plan_count(PLAN_REMOTE) != 0 : plan_next(PLAN_REMOTE) <= now)
		return 0;
	for (p = passes; p < passes + SLOTS_MAX; p++)
		if (p->used && p->chan == REMOTE && p->route & ROUTE_QMQP)
			return 0;
	return 1;
}

/* Its route is busy; or an older message may not have been seen yet. New mail does not
 * wait for that, unless it is for QMQP servers, where the older ones have priority. */
int order_blocked(const struct plan_entry *e)
{
	return (walk_orders() && (!plan_fresh(e) || plan_route(e) & ROUTE_QMQP)) ||
		carry_blocked(plan_route(e));
}

void order_turn(int64_t now)
{
	int c;

	for (c = LOCAL; c <= REMOTE; c++)
		if (all[c] && conf.limit[c]) {
			all[c] = 0;
			plan_now((enum plan_heap)c, 0, order_when);
		}
	if (marked && all_out(now))
		mark(0);
	hint = hint && marked;
	again_at = marked ? again_at : 0;
	if (now >= order_next()) {
		if (hint && now >= hint_at)
			hint_at = now + HINT_MS;
		hint = again_at = 0;
		try_at = now;
		try_oldest(now);
	}
}

int64_t order_next(void)
{
	int64_t at = hint ? hint_at : IO_FOREVER;

	return again_at && again_at < at ? again_at : at;
}

void order_start(void)
{
	failed = QMQP_DOWN;
	oldest = 0;
	marked = 1;	/* by a run that was killed, perhaps */
	mark(0);
}

void order_end(void)
{
	mark(0);
}
