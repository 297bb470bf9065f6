/* walk.c: the queue into the plan. Settled messages are found by their files in
 * local/ and remote/, at one look at each; info/ tells which of these belong to a
 * message, and which messages have no recipient left. Then what dead writers left
 * is removed, by a careful look at what nobody knows. All of it goes in slices
 * beside the deliveries, and a message that comes, moves or goes meanwhile is
 * neither missed nor planned twice: the plan notes what is added to it.
 * Refuses to conclude anything from a directory that cannot be read. */
#include <errno.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/heap.h"
#include "../base/io.h"
#include "../base/log.h"
#include "ids.h"
#include "order.h"
#include "pass.h"
#include "walk.h"

enum { ENTRIES_A_TURN = 256, ENDS_A_TURN = 16 };

static struct qwalk *w;		/* on the heap while a walk is under way: it has some KB */
static int busy, planning, said;
static enum qpart part;
static int64_t again;	/* mono ms when one that failed begins anew; 0 */

int walk_busy(void)
{
	return busy;
}

int walk_orders(void)
{
	return busy && planning && part <= QPART_REMOTE;
}

int walk_failed(void)
{
	return again != 0;
}

int64_t walk_next(void)
{
	return busy ? 0 : again ? again : IO_FOREVER;
}

static void stop(void)
{
	if (w) {
		qwalk_close(w);
		heap_free(w, sizeof *w);
	}
	w = 0;
	busy = 0;
	plan_note(0);
}

void walk_fail(void)
{
	stop();
	again = clock_mono() + TROUBLE_SECS * 1000;
}

static void cannot(const char *what)
{
	if (!said)
		log_line("warning: unable to read the queue's %s: %s; will try again and "
			"say when it works", what, err_text(errno));
	said = 1;
	walk_fail();
}

int walk_begin(int plan)
{
	struct pass *p;
	int r;

	stop();
	queue_sweep_pid(&queue);
	planning = plan;
	again = 0;
	part = QPART_INFO;
	w = heap_grow(0, 0, sizeof *w);
	if (!w || qwalk_part(w, &queue, part) < 0) {
		r = errno;
		walk_fail();
		errno = r;
		return -1;
	}
	busy = 1;
	r = plan_note(1);
	for (p = passes; p < passes + SLOTS_MAX && r == 0; p++)
		if (p->used)
			r = ids_set(p->info.id, IDS_PLANNED << p->chan);
	if (r < 0)
		walk_fail();
	return 0;
}

/* While todo/ID stands, the rest is what an interrupted settling left behind. All of
 * todo/ was seen before, unless there was trouble with some of it. */
static int is_fresh(uint64_t id, unsigned known)
{
	struct qread r;
	int there = 0;

	if (known & IDS_FRESH)
		return 1;
	if (fresh_skipped() && (there = qread_fresh(&r, &queue, id)) > 0)
		qread_close(&r);
	return there;
}

static void plan_it(uint64_t id, enum qchan c, int r, int64_t due, int due_now)
{
	int64_t wait = r < 0 ? TROUBLE_SECS : due - clock_wall();

	/* Written under a clock that ran ahead, or read under one that is behind. */
	if (wait > RETRY_MAX_SECS || (wait > 0 && (due_now || !clock_is_set())))
		wait = 0;
	plan_add((enum plan_heap)c, id, wait > 0 ? clock_mono() + wait * 1000 :
		order_when(id), 0, 0);
}

static void see_channel(uint64_t id, enum qchan c, int due_now)
{
	unsigned known = ids_get(id);
	int64_t due;
	int r;

	if (!known)
		qwalk_orphan(w, id);
	else if (planning && (known & (IDS_INFO | IDS_FRESH | IDS_PLANNED << c)) == IDS_INFO &&
		!is_fresh(id, known) && (r = qwalk_due(w, &due)) != 0)
		plan_it(id, c, r, due, due_now);
}

/* Messages without a recipient that waits. Few: what a crash left between two steps
 * of their end. What is asked here is asked of the files, not of what was seen. */
static int ends(void)
{
	size_t at = 0;
	uint64_t id;
	struct qinfo i;
	int64_t due;
	int n = 0, c;

	while (planning && n < ENDS_A_TURN && ids_next(&at, IDS_INFO, &id)) {
		int any = is_fresh(id, IDS_INFO) || queue_info(&queue, id, SETTLED, &i) == 0;

		for (c = LOCAL; c <= REMOTE && !any; c++) {
			int r = queue_due(&queue, id, (enum qchan)c, &due);

			if (r)
				plan_it(id, (enum qchan)c, r, due, 0);
			any |= r;
		}
		if (!any)
			plan_add(PLAN_DONE, id, clock_mono(), 0, 0);
		/* Asked once, whatever came of it. */
		if (ids_set(id, IDS_PLANNED) == 0)
			n++;
	}
	return n;
}

static void over(void)
{
	stop();
	if (said && planning)
		log_line("info: the whole queue could be read again");
	said &= !planning;
}

/* The next kind of file. Only what must be read stops the walk. */
static void next_part(void)
{
	if (part == QPART_REMOTE && ends())
		return;
	qwalk_close(w);
	for (;;) {
		if (++part == QPARTS) {
			over();
			return;
		}
		if (qwalk_part(w, &queue, part) == 0)
			return;
		if (part <= QPART_REMOTE) {
			cannot(part == QPART_LOCAL ? "local" : "remote");
			return;
		}
	}
}

void walk_on(int due_now)
{
	uint64_t id;
	int n, r = 1;

	for (n = 0; busy && plan_noting() && n < ENTRIES_A_TURN &&
		(r = qwalk_entry(w, &id)) > 0; n++) {
		if (part == QPART_INFO && ids_set(id, IDS_INFO) < 0)
			walk_fail();
		else if (part == QPART_LOCAL || part == QPART_REMOTE)
			see_channel(id, part == QPART_LOCAL ? LOCAL : REMOTE, due_now);
		else if (part > QPART_REMOTE && !ids_get(id))
			qwalk_orphan(w, id);
	}
	/* What is added to the plan could not be noted: without memory it ends here. */
	if (busy && !plan_noting())
		walk_fail();
	if (busy && r < 0 && part <= QPART_REMOTE)
		cannot("directories");
	else if (busy && r <= 0)
		next_part();
}
