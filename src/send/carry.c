/* carry.c: which worker takes a job. All mail of a route goes over one kept
 * connection, a few jobs ahead, so that a thousand queued messages cost a
 * smarthost one session. Only when that session has not answered for a while is
 * another opened beside it: a large message on a slow link must not hold up the
 * small ones behind it. */
#include <unistd.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/log.h"
#include "carry.h"
#include "conf.h"
#include "plan.h"
#include "route.h"
#include "spawn.h"

/* A local worker ends its own work in time; one that does not is stuck in the kernel.
 * So few of them are left behind that they cost nothing to speak of. */
enum { GRACE_SECS = 60, HUNG_MAX = 8 };

static struct carrier *start(char kind, enum qchan c, uint64_t route)
{
	struct carrier *w = carrier_new();

	if (!w || (w->sock = spawn_worker(kind)) < 0)
		return 0;
	w->used = 1;
	w->chan = c;
	w->route = route;
	w->lent = 0;
	w->depth = 0;
	w->hung = 0;
	w->moved = clock_mono();
	return w;
}

/* Mono ms; it has a job. A second connection to a QMQP server that hangs would hang as
 * well, and overtake the first when it does not. */
static int64_t stalls_at(const struct carrier *c)
{
	return c->moved + CARRY_STALL_MS +
		(c->route & ROUTE_QMQP ? (int64_t)conf.timeoutremote * 1000 : 0);
}

static int stalled(const struct carrier *c, int64_t now)
{
	return c->depth && now > stalls_at(c);
}

/* A remote worker without work that holds a connection nobody asks for now. */
static void make_room(void)
{
	struct carrier *c, *idle = 0;
	unsigned n = 0;

	for (c = carriers; c < carriers + SLOTS_MAX; c++) {
		if (!c->used || c->chan != REMOTE)
			continue;
		n++;
		if (!c->depth && (!idle || c->moved < idle->moved))
			idle = c;
	}
	if (n >= conf.limit[REMOTE] && idle)
		carry_close(idle);
}

/* The least busy worker of the route that moves and has room, 0 none; *moving 1:
 * there is one that moves. Only the bits of mask count. */
static struct carrier *find(uint64_t route, uint64_t mask, int *moving)
{
	int64_t now = clock_mono();
	struct carrier *c, *best = 0;

	*moving = 0;
	for (c = carriers; c < carriers + SLOTS_MAX; c++) {
		if (!c->used || c->chan != REMOTE || ((c->route ^ route) & mask) ||
			stalled(c, now))
			continue;
		*moving = 1;
		/* QMQP has a connection for each message, so nothing is gained by being
		 * ahead, and the order would be fixed too early. */
		if (c->depth < (c->route & ROUTE_QMQP ? 1 : ROUTE_DEPTH) && (!best || c->depth < best->depth))
			best = c;
	}
	return best;
}

struct carrier *carry_remote(uint64_t route, int *why)
{
	int moving;
	struct carrier *best = find(route, ~(uint64_t)0, &moving);

	*why = 0;
	if (best || moving)
		return best;
	make_room();
	best = start('R', REMOTE, route);
	*why = !best;
	return best;
}

struct carrier *carry_local(uint64_t who)
{
	return start('L', LOCAL, who);
}

/* ---- local deliveries that hang ---- */

static int64_t over_at(const struct carrier *c)
{
	return c->moved + ((int64_t)conf.timeoutlocal + GRACE_SECS) * 1000;
}

static unsigned hung_count(void)
{
	struct carrier *c;
	unsigned n = 0;

	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		n += c->used && c->hung;
	return n;
}

/* The local delivery that was begun first, of those that have not ended. */
static struct carrier *first_local(void)
{
	struct carrier *c, *best = 0;

	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		if (c->used && c->chan == LOCAL && c->depth && (!best || c->moved < best->moved))
			best = c;
	return best;
}

struct carrier *carry_overdue(int64_t now)
{
	static int said;
	struct carrier *c = first_local();
	int full = hung_count() >= HUNG_MAX;

	if (!c || over_at(c) > now)
		return 0;
	if (full && !said)
		log_line("alert: %u local deliveries hang; others wait for them now (is a file "
			"system gone?)", HUNG_MAX);
	said = full;
	return full ? 0 : c;
}

int64_t carry_limit(void)
{
	const struct carrier *c = first_local();

	return c && hung_count() < HUNG_MAX ? over_at(c) : IO_FOREVER;
}

int carry_hung(uint64_t who)
{
	struct carrier *c;

	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		if (c->used && c->hung && c->route == who)
			return 1;
	return 0;
}

int64_t carry_stall(int64_t now)
{
	int64_t at = now + CARRY_STALL_MS;
	struct carrier *c;

	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		if (c->used && c->chan == REMOTE && c->depth && !stalled(c, now) &&
			stalls_at(c) < at)
			at = stalls_at(c);
	return at + 1;
}

int carry_blocked(uint32_t route)
{
	int moving;

	return route && !find(route, PLAN_ROUTE_MASK, &moving) && moving;
}

void carry_close(struct carrier *c)
{
	if (c->used)
		close(c->sock);
	c->used = 0;
}

void carry_leave(struct carrier *c)
{
	/* A job may be on its way to it: then it stays, as job.h says. */
	if (!c->depth)
		carry_close(c);
}
