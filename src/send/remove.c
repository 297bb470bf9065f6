/* remove.c: the end of a message because somebody wants it: silently, or with a
 * bounce that names all who have not got it. Order as everywhere: the text of a
 * failure is on disk before its recipient is gone. Refuses a message that is in
 * delivery at the moment, or whose bounce a child is making. */
#include "../base/clock.h"
#include "../base/log.h"
#include "bounce.h"
#include "pass.h"
#include "remove.h"
#include "report.h"

static const char removed[] = "Removed from the queue by the administrator. (#5.7.0)\n";

static void say_removed(uint64_t id, const char *more)
{
	log_line("info: msg %llu was removed by the administrator%s",
		(unsigned long long)id, more);
}

int remove_waits(uint64_t id)
{
	return pass_of(id, -1) || bounce_busy(id);
}

int remove_silently(uint64_t id, int log)
{
	if (remove_waits(id))
		return 0;
	plan_forget(id);
	if (queue_finish(&queue, id) < 0) {
		report_trouble("remove", id);
		fresh_skip(id);
		plan_later(PLAN_DONE, id, 0, 0);
		return 1;
	}
	fresh_del(id);
	if (log) {
		say_removed(id, "");
		log_line("end msg %llu", (unsigned long long)id);
	}
	return 1;
}

/* Those who have not got it, as paragraphs of the bounce; several a write, as each
 * write is synced. got: what opening the list returned. 0 / -1. */
static int tell_list(int got, struct qread *r, uint64_t id, enum qchan c)
{
	char text[WINDOW];
	struct buf b = BUF_OVER(text);
	struct qrcpt rc;

	while (got > 0 && (got = qread_next(r, &rc)) > 0) {
		if (rc.done)
			continue;
		if (b.len > sizeof text - 2 * ADDR_CAP) {
			if (queue_bounce_add(&queue, id, b.s, b.len) < 0)
				break;
			buf_clear(&b);
		}
		report_paragraph(&b, c, rc.addr, rc.len, removed, sizeof removed - 1);
	}
	qread_close(r);
	if (got)
		return -1;
	return b.len ? queue_bounce_add(&queue, id, b.s, b.len) : 0;
}

static int tell_fresh(uint64_t id)
{
	struct qsettle s;
	struct qread r;
	int got;

	/* What lies there is left from before a crash. */
	if (queue_bounce_drop(&queue, id) < 0)
		return -1;
	got = qread_fresh(&r, &queue, id);
	if (tell_list(got, &r, id, REMOTE) < 0)
		return -1;
	/* Settled without recipients: all are done. */
	return qsettle_begin(&s, &queue, id, 1) < 0 ? -1 : qsettle_commit(&s);
}

/* The texts are on disk before their recipients are gone. */
static int tell_settled(uint64_t id)
{
	struct qread r;
	int got, c;

	for (c = LOCAL; c <= REMOTE; c++) {
		got = qread_chan(&r, &queue, id, (enum qchan)c);
		if (tell_list(got, &r, id, (enum qchan)c) < 0 ||
			queue_chan_done(&queue, id, (enum qchan)c) < 0)
			return -1;
	}
	return 0;
}

int remove_and_tell(uint64_t id, int log)
{
	struct qinfo i;
	int fresh;

	if (remove_waits(id))
		return 0;
	fresh = queue_info(&queue, id, FRESH, &i);
	if (fresh < 0 || (fresh ? tell_fresh(id) : tell_settled(id)) < 0) {
		report_trouble("remove", id);
		return 1;
	}
	if (log)
		say_removed(id, "; its sender is told");
	plan_forget(id);
	fresh_del(id);
	plan_add(PLAN_DONE, id, clock_mono(), 0, 0);
	return 1;
}
