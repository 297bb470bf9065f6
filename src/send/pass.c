/* pass.c: one turn of a message, once it has begun (begin.c): the workers' answers,
 * what becomes of those who do not answer, and the end, when each recipient has a
 * fate for now: the next try, a bounce, or the message is gone.
 * From here on nothing may exit: what cannot be written now is tried again. */
#include <string.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "bounce.h"
#include "carry.h"
#include "conf.h"
#include "fate.h"
#include "order.h"
#include "pass.h"
#include "report.h"
#include "route.h"
#include "settle.h"
#include "spawn.h"

/* ---- the end of a pass ---- */

/* How many recipients are not marked done: mark failed, or the cursor passed over
 * them because the control files were reread. -1: it cannot be read. */
static int undone(uint64_t id, enum qchan c)
{
	struct qread r;
	struct qrcpt rc;
	int got = qread_chan(&r, &queue, id, c), n = 0;

	if (got <= 0)
		return got;
	while ((got = qread_next(&r, &rc)) > 0)
		n += !rc.done;
	qread_close(&r);
	return got < 0 ? got : n;
}

static void close_settled(struct pass *p)
{
	uint64_t id = p->info.id;
	int64_t now = clock_mono(), wait = plan_retry(p->age, p->chan), due;
	int r;

	fate_close(p);
	p->used = 0;
	/* Those whose marks could not be written (disk full) are not tried again when
	 * nobody else is left. */
	if (p->later || p->again || undone(id, p->chan) != p->unmarked) {
		/* A server that takes only so many at once gets the rest at once,
		 * but only as long as it does take some. */
		if (p->again && p->gained)
			wait = 0;
		if (queue_set_due(&queue, id, p->chan, clock_wall() + wait) < 0)
			report_trouble("write the retry time of", id);
		plan_add((enum plan_heap)p->chan, id, now + wait * 1000, 0, p->route);
		return;
	}
	if (queue_chan_done(&queue, id, p->chan) < 0) {
		plan_later((enum plan_heap)p->chan, id, 0, p->route);
		return;
	}
	r = queue_due(&queue, id, p->chan == LOCAL ? REMOTE : LOCAL, &due);
	if (r == 0)
		plan_add(PLAN_DONE, id, now, 0, 0);
	else if (r < 0)	/* nothing else would come back to it */
		plan_later((enum plan_heap)p->chan, id, 0, p->route);
}

void pass_close_if_over(struct pass *p)
{
	if (p->jobs || p->more)
		return;
	if (p->fresh)
		settle_after(p);
	else
		close_settled(p);
}

static int forwarded;	/* a delivery that is over has put mail into todo/ */

static void slot_free(struct slot *s)
{
	struct pass *p = s->pass;
	struct carrier *c = s->by;

	slots_busy[p->chan]--;
	p->jobs--;
	c->depth--;
	c->moved = clock_mono();
	forwarded |= c->lent;
	if (p->chan == LOCAL && !c->hung)
		carry_close(c);
	s->by = 0;	/* the job is over: no longer its worker's, should that one die */
	if (p->fresh)
		p->kept = s;	/* its fates are needed once more */
	else
		s->used = 0;
	report_status(0);
	pass_close_if_over(p);
}

/* ---- answers ---- */

/* A local worker has mail to forward, and perhaps no right to the queue: it gets a
 * line to somebody who has. Once, for its job is one; without a descriptor it knows
 * of our trouble. */
static void lend_hand(struct carrier *c)
{
	int fd;

	if (c->chan != LOCAL || c->lent++)
		return;
	fd = spawn_worker('F');
	/* It would wait for the packet as long as it may. */
	if (pass_send(c->sock, "F", 1, &fd, fd >= 0) < 0)
		pass_died(c);
	io_close(fd);
}

void pass_answer(struct carrier *c, const struct answer *a)
{
	struct slot *s = a->letter == 'Q' ? 0 : slot_find(c, a->serial);
	uint32_t i;

	if (a->letter == 'Q') {
		carry_leave(c);
		return;
	}
	if (!s)
		return;
	if (CFG_LOCAL && a->letter == 'F') {
		lend_hand(c);
		return;
	}
	c->moved = clock_mono();
	if (strchr("hsm", a->letter)) {
		if (a->index < s->n && !s->fate[a->index])
			fate_set(s, a->index, (unsigned char)a->letter, a->text, a->len);
		return;
	}
	for (i = 0; i < s->n; i++)
		if (!s->fate[i])
			fate_set(s, i, (unsigned char)a->letter, a->text, a->len);
	if (c->route & ROUTE_QMQP && c->chan == REMOTE)
		order_answer(a->letter == 'Z' ? (int)a->index : 0);
	slot_free(s);
}

/* The worker says nothing more about its oldest job: later, in these words. */
static void end_oldest(struct carrier *c, const char *words)
{
	struct slot *s = slot_oldest(c);
	struct answer a = { 'Z', s ? s->serial : 0, QMQP_UNSURE, words, strlen(words) };

	if (s)
		pass_answer(c, &a);
}

/* The worker is gone. What it was at may or may not have been delivered: later.
 * The jobs behind were not begun: at once. */
void pass_died(struct carrier *c)
{
	struct slot *s;
	uint32_t i;

	end_oldest(c, "Delivery process died. (#4.3.0)\n");
	while ((s = slot_oldest(c))) {
		for (i = 0; i < s->n; i++)
			if (!s->fate[i])
				fate_set(s, i, 'm', "", 0);
		/* Not begun is no lack of progress: try again without waiting. */
		s->pass->gained += !s->pass->later;
		slot_free(s);
	}
	carry_close(c);
}

/* Its socket stays open, as that tells when the process is gone at last. */
void pass_give_up(int64_t now)
{
	struct carrier *c;

	while ((c = carry_overdue(now))) {
		c->hung = 1;
		end_oldest(c, "Delivery has not ended in the time of control/timeoutlocal; "
			"its home directory or program hangs. (#4.3.0)\n");
	}
}

/* ---- all that are open ---- */

struct pass *pass_of(uint64_t id, int c)
{
	struct pass *p;

	for (p = passes; p < passes + SLOTS_MAX; p++)
		if (p->used && p->info.id == id && (c < 0 || (int)p->chan == c))
			return p;
	return 0;
}

int pass_put_back(struct pass *p, uint32_t route)
{
	if (p->begun || !carry_blocked(route))
		return 0;
	p->used = 0;
	plan_add(PLAN_REMOTE, p->info.id, p->due, p->fresh, route);
	return 1;
}

void pass_forget(void)
{
	struct pass *p;

	for (p = passes; p < passes + SLOTS_MAX; p++) {
		if (p->used)
			settle_release(p);
	}
}

int pass_waits(void)
{
	struct pass *p;

	for (p = passes; p < passes + SLOTS_MAX; p++)
		if (p->used && p->more)
			return 1;
	return 0;
}

unsigned pass_open_count(void)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < SLOTS_MAX; i++)
		n += passes[i].used;
	return n;
}

/* Never more than a look: nobody should be left when a message is finished. */
static int unfinished(uint64_t id)
{
	int c, any = 0;

	for (c = LOCAL; c <= REMOTE; c++)
		if (undone(id, (enum qchan)c)) {
			plan_later((enum plan_heap)c, id, 0, 0);
			any = 1;
		}
	return any;
}

int pass_done(const struct plan_entry *e)
{
	int r = 0;

	if (!plan_fresh(e)) {
		/* A new message may have its number: then this one is long gone. */
		if (fresh_known(e->id) || bounce_busy(e->id) || unfinished(e->id))
			return 0;
		r = bounce_send(&queue, e->id);
		if (r == BOUNCE_WAITS)
			return 0;
	}
	if (r < 0 || queue_finish(&queue, e->id) < 0) {
		report_trouble("bounce or remove", e->id);
		plan_later(PLAN_DONE, e->id, plan_fresh(e), 0);
	} else {
		log_line("end msg %llu", (unsigned long long)e->id);
		fresh_del(e->id);
	}
	return r > 0;
}

int pass_forwarded(void)
{
	int r = forwarded;

	forwarded = 0;
	return r;
}
