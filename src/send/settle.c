/* settle.c: a message leaves todo/. Removing todo/ID is the commit point: until
 * then a crash repeats the whole first attempt, afterwards only what is not
 * marked done. Fates that cannot be written (disk full) are kept in memory and
 * written later rather than delivered again. */
#include <errno.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/log.h"
#include "fate.h"
#include "pass.h"
#include "report.h"
#include "route.h"
#include "settle.h"

static const char unroutable[] = "Sorry, this address is too long to be delivered. (#5.1.3)\n";

/* May recipient n (from 0) travel in one job with those before it, in the very
 * bytes that stand in todo/? */
static int fits(const struct route *rt, const struct qrcpt *rc,
	const struct settle_plan *sp, uint32_t n, uint64_t hash)
{
	if (n && (rt->chan == LOCAL || sp->chan == LOCAL || rt->hash != hash))
		return 0;
	if (rt->copies > 1)
		return 0;
	return rt->chan == LOCAL || (rt->len == rc->len && !memcmp(rt->addr, rc->addr, rc->len));
}

int settle_study(const struct qinfo *i, struct settle_plan *sp)
{
	struct qread r;
	struct qrcpt rc;
	struct route rt;
	uint32_t n = 0;
	uint64_t hash = 0;
	int got = qread_fresh(&r, &queue, i->id), e;

	sp->one_job = 1;
	if (got <= 0)
		return -1;
	route_sender(i->sender);
	while ((got = qread_next(&r, &rc)) > 0) {
		sp->one_job = route_find(&rt, rc.addr, rc.len) == 0 && n < JOB_RCPTS &&
			fits(&rt, &rc, sp, n, hash);
		if (!sp->one_job)
			break;
		sp->chan = rt.chan;
		hash = rt.hash;
		n++;
	}
	e = errno;
	qread_close(&r);
	errno = e;
	sp->one_job = sp->one_job && n;
	sp->route = (uint32_t)hash;
	return got < 0 ? -1 : 0;
}

/* Fate of the recipient at off before settling: nothing yet, or what its job said.
 * *i walks the job's recipients, which stand in the order of the file. */
static unsigned char fate_of(const struct slot *kept, uint32_t *i, uint32_t off)
{
	while (kept && *i < kept->n && kept->off[*i] < off)
		++*i;
	return kept && *i < kept->n && kept->off[*i] == off ? kept->fate[*i] : 0;
}

static int failed_here(uint64_t id, const struct qrcpt *rc)
{
	char para[ADDR_CAP + 200];
	struct buf b = BUF_OVER(para);

	report_paragraph(&b, REMOTE, rc->addr, rc->len, unroutable, sizeof unroutable - 1);
	return queue_bounce_add(&queue, id, b.s, b.len);
}

/* Recipients that wait, and whether the channel has a file at all: one in which all
 * are done needs its turn as well, to go away. */
struct left { unsigned n[2], any[2]; uint32_t route; };

static int write_one(struct qsettle *s, const struct qrcpt *rc, unsigned char fate,
	struct left *left)
{
	struct route rt;
	int done = fate == 'K' || fate == 'D';
	unsigned copy = 0;
	int r;

	do {
		if ((r = route_copy(&rt, rc->addr, rc->len, copy)) == -2) {
			errno = EINVAL;
			return -1;
		}
		if (r < 0) {
			if (!done && failed_here(s->id, rc) < 0)
				return -1;
			left->any[REMOTE] = 1;
			return qsettle_rcpt(s, REMOTE, 1, rc->addr, rc->len);
		}
		left->any[rt.chan] = 1;
		left->n[rt.chan] += !done;
		if (!done && rt.chan == REMOTE)
			left->route = (uint32_t)rt.hash;
		if (qsettle_rcpt(s, rt.chan, done, rt.addr, rt.len) < 0)
			return -1;
	} while (++copy < rt.copies);
	return 0;
}

static int write_all(const struct qinfo *about, const struct slot *kept, int keep_bounce,
	struct left *left)
{
	struct qsettle s;
	struct qread r;
	struct qrcpt rc;
	const uint64_t id = about->id;
	uint32_t i = 0;
	int got, e;

	memset(left, 0, sizeof *left);
	if (qread_fresh(&r, &queue, id) <= 0)
		return -1;
	route_sender(about->sender);
	if (qsettle_begin(&s, &queue, id, keep_bounce) < 0)
		goto out;
	while ((got = qread_next(&r, &rc)) > 0)
		if (write_one(&s, &rc, fate_of(kept, &i, rc.off), left) < 0)
			goto abort;
	if (got == 0 && qsettle_commit(&s) == 0) {
		qread_close(&r);
		/* By our clock, which is the one that ages are counted by. */
		if (queue_set_birth(&queue, id, clock_wall()) < 0)
			report_trouble("write the birth of", id);
		return 0;
	}
abort:
	e = errno;
	qsettle_abort(&s);
	errno = e;
out:
	e = errno;
	qread_close(&r);
	errno = e;
	return -1;
}

static void plan_channels(uint64_t id, const struct left *left, int64_t at)
{
	if (!left->n[LOCAL] && !left->n[REMOTE]) {
		plan_add(PLAN_DONE, id, at, 0, 0);
		return;
	}
	if (left->any[LOCAL])
		plan_add(PLAN_LOCAL, id, at, 0, 0);
	if (left->any[REMOTE])
		plan_add(PLAN_REMOTE, id, at, 0, left->route);
}

void settle_now(const struct qinfo *i)
{
	const uint64_t id = i->id;
	struct left left;

	if (write_all(i, 0, 0, &left) < 0) {
		report_trouble("settle", id);
		fresh_skip(id);	/* the next scan of todo/ finds it again */
		return;
	}
	fresh_del(id);
	plan_channels(id, &left, clock_mono());
}

void settle_release(struct pass *p)
{
	fate_close(p);
	if (p->kept)
		p->kept->used = 0;
	p->kept = 0;
	p->stuck = 0;
	p->used = 0;
}

static int all_delivered(const struct slot *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->fate[i] != 'K')
			return 0;
	return 1;
}

static void settle_fates(struct pass *p)
{
	uint64_t id = p->info.id;
	int64_t wait = p->again && p->gained ? 0 : plan_retry(0, p->chan);
	struct left left;

	if (write_all(&p->info, p->kept, p->bounced, &left) < 0) {
		report_trouble("settle", id);
		/* Only what must not be done twice has to be remembered. */
		if (!p->gained) {
			plan_later((enum plan_heap)p->chan, id, 1, p->route);
			settle_release(p);
			return;
		}
		p->stuck = clock_mono() + TROUBLE_SECS * 1000;
		return;
	}
	fresh_del(id);
	if (p->info.held && queue_hold(&queue, id, 1) < 0)
		report_trouble("hold", id);
	if ((p->later || p->again) &&
		queue_set_due(&queue, id, p->chan, clock_wall() + wait) < 0)
		report_trouble("write the retry time of", id);
	plan_channels(id, &left, clock_mono() +
		(left.n[LOCAL] || left.n[REMOTE] ? wait * 1000 : 0));
	settle_release(p);
}

void settle_after(struct pass *p)
{
	struct plan_entry done = { p->info.id, 0 };

	if (!p->kept) {
		/* Could not even be started: it stays fresh. */
		plan_later((enum plan_heap)p->chan, p->info.id, 1, p->route);
		settle_release(p);
	} else if (all_delivered(p->kept)) {
		done.key = (uint64_t)1 << PLAN_FRESH_BIT;
		settle_release(p);
		pass_done(&done);
	} else
		settle_fates(p);
}

void settle_stuck(int64_t now, int all)
{
	struct pass *p;

	for (p = passes; p < passes + SLOTS_MAX; p++)
		if (p->used && p->stuck && (all || p->stuck <= now))
			settle_fates(p);
}

int64_t settle_next(void)
{
	int64_t at = IO_FOREVER;
	struct pass *p;

	for (p = passes; p < passes + SLOTS_MAX; p++)
		if (p->used && p->stuck && p->stuck < at)
			at = p->stuck;
	return at;
}

unsigned settle_count(void)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < SLOTS_MAX; i++)
		n += passes[i].used && passes[i].stuck;
	return n;
}
