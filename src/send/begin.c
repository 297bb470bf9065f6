/* begin.c: a message's turn begins: one that was just found in todo/, or one whose
 * time has come in the plan. What is fresh and fits one job is tried as it lies; what
 * needs more is settled first. A message that lacks its text, or is damaged, stays
 * where it is and is said once a run: nothing we could do would be right.
 * Nothing may exit here: what cannot be read now is looked at again later. */
#include <errno.h>
#include "../base/clock.h"
#include "../base/log.h"
#include "anchor.h"
#include "conf.h"
#include "order.h"
#include "pass.h"
#include "report.h"
#include "settle.h"

enum { NO_ROOM_MS = 1000 };

static int too_old(const struct pass *p)
{
	uint64_t life = *p->info.sender ? conf.lifetime : conf.bouncelifetime;

	/* A clock that was never set knows no ages, and a message that nobody has
	 * tried yet is not old, whenever it was written. */
	if (!clock_is_set() || (p->fresh && life))
		return 0;
	return p->age > 0 && (uint64_t)p->age > life;
}

static void open_pass(struct pass *p, enum qchan c, int fresh)
{
	p->used = 1;
	p->chan = c;
	p->fresh = fresh;
	p->conf = conf_serial;
	p->age = fresh ? 0 : clock_wall() - p->info.birth;
	p->dying = too_old(p);
	p->more = 1;
	p->begun = p->bounced = 0;
	p->note_fd = -1;
	p->kept = 0;
	p->stuck = 0;
	p->jobs = p->later = p->again = p->gained = 0;
	p->unmarked = 0;
	p->route = 0;
}

/* An envelope without its message, or one that is damaged: nothing we could do
 * would be right. It stays, is counted as left over, and is said once a run. */
static int is_whole(const struct qinfo *i)
{
	if (i->size)
		return 1;
	log_line("warning: msg %llu has lost its text; queue-fix tells more",
		(unsigned long long)i->id);
	if (i->state == SETTLED)	/* a new message may get its number */
		fresh_skip(i->id);
	else
		fresh_add(i->id);
	return 0;
}

/* Which channel can try a fresh message as it stands: planned there, unless it is
 * `here` already (then 1); a message that needs several jobs is settled. */
static int plan_fresh_message(const struct qinfo *i, int here)
{
	struct settle_plan sp;

	if (settle_study(i, &sp) < 0) {
		int e = errno;

		report_trouble("read the envelope of", i->id);
		/* A damaged one stays known, so that only a new start looks at it. */
		if (e != EBADMSG)
			fresh_skip(i->id);
	} else if (sp.one_job && (int)sp.chan == here)
		return 1;
	else if (sp.one_job)
		plan_add((enum plan_heap)sp.chan, i->id, order_of(i->arrived), 1, sp.route);
	else
		settle_now(i);
	return 0;
}

/* The control files were reread since its route was found: whether all its
 * recipients still fit one job has to be looked at again. */
int pass_replan(struct pass *p)
{
	if (plan_fresh_message(&p->info, (int)p->chan))
		p->conf = conf_serial;
	else
		p->used = 0;
	return p->used;
}

void pass_begin(const struct plan_entry *e, enum qchan c)
{
	struct pass *p = pass_new();
	int fresh = plan_fresh(e), r;

	/* A new message has the number: then this one is long gone. */
	if (!fresh && fresh_known(e->id))
		return;
	if (c == REMOTE && order_older(e)) {
		plan_add(PLAN_REMOTE, e->id, plan_time(e), fresh, plan_route(e));
		return;
	}
	if (!p) {
		plan_add((enum plan_heap)c, e->id, clock_mono() + NO_ROOM_MS, fresh, plan_route(e));
		return;
	}
	r = queue_info(&queue, e->id, fresh ? FRESH : SETTLED, &p->info);
	if (r < 0) {
		report_trouble("open", e->id);
		plan_later((enum plan_heap)c, e->id, plan_fresh(e), plan_route(e));
		return;
	}
	if (r == 0) {
		log_line("warning: msg %llu is no longer in the queue", (unsigned long long)e->id);
		if (fresh)
			fresh_del(e->id);
		return;
	}
	if (!is_whole(&p->info))
		return;
	if (p->info.held) {
		plan_add(PLAN_HELD, e->id, clock_mono(), fresh, (uint32_t)c);
		return;
	}
	if (!fresh)
		anchor_birth(&queue, &p->info);
	open_pass(p, c, fresh);
	p->due = plan_time(e);
	p->route = plan_route(e);
	if (fresh && conf_serial)
		pass_replan(p);
}

void pass_arrived(uint64_t id)
{
	struct qinfo i;
	int r = queue_info(&queue, id, FRESH, &i);

	if (r < 0) {
		report_trouble("open", id);
		fresh_skip(id);
		return;
	}
	if (r == 0) {
		fresh_del(id);
		return;
	}
	if (!is_whole(&i))
		return;
	report_new(&i);
	plan_fresh_message(&i, -1);
}
