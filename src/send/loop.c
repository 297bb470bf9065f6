/* loop.c: the runner's one loop: wait, take signals and answers, hand out what is due,
 * remove what is done. One-shot is the same loop with an end. It wakes up for a
 * descriptor or for the next thing that is due, for nothing else, and it never waits
 * anywhere but here.
 * From here on nothing may exit: errors are logged, and tried again later. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/control.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../base/trim.h"
#include "../exits.h"
#include "anchor.h"
#include "bounce.h"
#include "carry.h"
#include "command.h"
#include "conf.h"
#include "end.h"
#include "health.h"
#include "loop.h"
#include "order.h"
#include "pass.h"
#include "report.h"
#include "respawn.h"
#include "scan.h"
#include "settle.h"
#include "spawn.h"
#include "walk.h"

enum { ANSWERS_A_TURN = 64, BEGINS_A_TURN = 32, IDLE_MS = 1000, GRACE_MS = 1500 };

static struct loop *loop;
static int leaving;		/* TERM: start nothing new */
static int said_lost;		/* a trouble that is said once, until it ends */
static int64_t lost_until;	/* mono ms when what memory did not suffice for is looked for; 0 */

static int in_flight(void)
{
	return slots_busy[LOCAL] || slots_busy[REMOTE] || bounce_running();
}

/* Lines of `qmta queue`, and of writers that refused a flood. Those that cannot be
 * read now are read at the next hint, or with the next scan that nobody asked for. */
static void commands(void)
{
	if (!scan.commands && !command_ready())
		return;
	scan.commands = 0;
	if (command_run(1) < 0)
		log_line("warning: unable to carry out lock/commands: %s", err_text(errno));
}

/* ---- work that is due ---- */

static int room(enum qchan c)
{
	return !leaving && !scan.moved && !respawn_at && slots_busy[c] < conf.limit[c] && pass_new();
}

/* Some a turn, so that answers and new mail never wait behind a large queue. 1 when
 * more may be due. */
static int begin_due(int64_t now, enum qchan c)
{
	struct plan_entry e;
	int n;

	for (n = 0; n < BEGINS_A_TURN; n++) {
		if (!room(c) || !plan_take((enum plan_heap)c, now, order_blocked, &e))
			return 0;
		pass_begin(&e, c);
		pass_push_all();
	}
	return 1;
}

/* 1 when there is more to do at once. */
static int hand_out(int64_t now)
{
	struct plan_entry e;
	int more, n;

	pass_give_up(now);
	settle_stuck(now, 0);
	if (leaving || scan.moved || respawn_at)
		return 0;
	pass_push_all();
	more = begin_due(now, LOCAL) | begin_due(now, REMOTE);
	/* A bounce lies in todo/ now; the trigger may be broken. */
	for (n = 0; n < BEGINS_A_TURN && bounce_room() && plan_take(PLAN_DONE, now, 0, &e); n++)
		scan.want |= pass_done(&e);
	return more;
}

/* When the loop must look again by itself. What cannot start now (held, or all
 * slots busy) wakes nobody: an answer will. */
static int64_t next_time(int64_t now)
{
	int64_t at = carry_limit(), t;
	int c, waits = pass_waits();

	if (loop->until && (t = loop->until + leaving * GRACE_MS) < at)
		at = t;
	if (leaving)
		return at;
	if ((t = order_next()) < at)
		at = t;
	if ((t = scan_due(loop, in_flight())) < at)
		at = t;
	if ((t = loop->daemon || walk_busy() ? walk_next() : IO_FOREVER) < at)
		at = t;
	if (lost_until && lost_until < at)
		at = lost_until;
	if (respawn_at && respawn_at < at)
		at = respawn_at;
	for (c = LOCAL; c <= REMOTE; c++) {
		if (!room((enum qchan)c))
			continue;
		t = plan_next((enum plan_heap)c);
		if (t <= now)	/* its route is busy; an answer wakes us, or a stall */
			waits = 1;
		else if (t < at)
			at = t;
	}
	if (waits && (t = carry_stall(now)) < at)
		at = t;
	if (bounce_room() && (t = plan_next(PLAN_DONE)) < at)
		at = t;
	if ((t = settle_next()) < at)
		at = t;
	return at;
}

/* ---- what woke us ---- */

static void reread(void)
{
	if (conf_reread() < 0)
		log_line("alert: unable to reread controls: %s; the old ones stay in force",
			control_error());
	if ((conf.locals.len || conf.virtualdomains.len) && !spawn_can_local()) {
		log_line("alert: local domains were added: local mail waits until qmta-send is started again");
		conf.limit[LOCAL] = 0;
	}
	order_hint(1);
	scan.want = scan.check = 1;
}

static void on_signal(int sig)
{
	switch (sig) {
	case SIGTERM:
	case SIGINT:
		leaving = 1;
		report_status(1);
		break;
	case SIGALRM:
		order_all();
		loop->all_now |= walk_busy();
		scan.want = scan.check = 1;
		break;
	case SIGHUP:
		reread();
		break;
	}
}

static void take_answers(struct carrier *c)
{
	static _Alignas(uint32_t) char buf[ANSWER_PACKET];
	struct answer a;
	int n;

	for (n = 0; n < ANSWERS_A_TURN && c->used; n++) {
		int r = answer_recv(c->sock, &a, buf);

		if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (r <= 0) {
			pass_died(c);
			return;
		}
		/* Given up, and moves again: it ends when nobody listens any more. */
		if (c->hung)
			carry_close(c);
		else
			pass_answer(c, &a);
	}
}

struct watch { struct pollfd p[3 + SLOTS_MAX]; struct carrier *c[3 + SLOTS_MAX]; nfds_t n; };

static void watch_add(struct watch *w, int fd, struct carrier *c)
{
	w->p[w->n].fd = fd;
	w->p[w->n].events = POLLIN;
	w->p[w->n].revents = 0;
	w->c[w->n++] = c;
}

/* EINTR: the signal is in the pipe. Else (memory, a limit that was lowered) we look
 * at everything by ourselves, once a second. */
static void cannot_wait(struct watch *w)
{
	nfds_t i;

	if (errno == EINTR) {
		w->n = 0;
		return;
	}
	if (report_may("wait", errno))
		log_line("alert: unable to wait: %s; looking every second", err_text(errno));
	log_flush();
	poll(0, 0, 1000);
	for (i = 0; i < w->n; i++)
		w->p[i].revents = i == 1 ? 0 : POLLIN;
}

static void wait_for(struct watch *w, int64_t at)
{
	struct carrier *c;
	int idle = !in_flight(), ms;

	w->n = 0;
	watch_add(w, loop->signals, 0);
	watch_add(w, loop->spawner, 0);
	/* Pulled and not yet answered by a scan: it would only spin. */
	watch_add(w, leaving || scan.want ? -1 : loop->trigger, 0);
	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		if (c->used)
			watch_add(w, c->sock, c);
	log_flush();
	if (idle) {
		health_save(&queue, 0);
		log_trim();
		slots_trim();
		trim_stack();
	}
	ms = io_timeout(at);
	idle &= ms < 0 || ms >= IDLE_MS;
	if ((idle ? trim_poll : poll)(w->p, w->n, ms) < 0)
		cannot_wait(w);
}

static void dying(void)
{
	log_line("alert: oh no! lost spawn connection! dying...");
	loop->broken = leaving = 1;
}

static void serve(struct watch *w)
{
	nfds_t i;
	int sig;

	while ((sig = sig_take(loop->signals)))
		on_signal(sig);
	scan.want |= bounce_reap(&queue);
	if (w->n && w->p[1].revents) {
		respawn_plan(loop);
		if (!loop->daemon || leaving)
			dying();
	}
	if (w->n && w->p[2].revents)
		scan.want = 1;
	for (i = 3; i < w->n; i++)
		if (w->p[i].revents && w->c[i]->used && w->c[i]->sock == w->p[i].fd)
			take_answers(w->c[i]);
	/* A forward, and its trigger may be broken. */
	scan.want |= pass_forwarded();
}

/* ---- the end ---- */

static int nothing_now(int64_t now)
{
	int c;

	if (in_flight() || scan.busy || walk_busy() || pass_open_count() > settle_count())
		return 0;
	if (!scan.blind && (scan.want || scan.first))
		return 0;
	for (c = LOCAL; c <= REMOTE; c++)
		if (conf.limit[c] && plan_next((enum plan_heap)c) <= now)
			return 0;
	return plan_next(PLAN_DONE) > now;
}

/* Mail that came while we were busy is part of the job. */
static int trigger_pulled(void)
{
	return loop->trigger >= 0 && io_wait(loop->trigger, POLLIN, 0) > 0;
}

static int may_leave(int64_t now)
{
	if (leaving)
		return !in_flight() || (loop->until && now >= loop->until + GRACE_MS);
	if (loop->daemon || !nothing_now(now))
		return 0;
	if (!scan.blind && trigger_pulled()) {
		scan.want = 1;
		return 0;
	}
	return 1;
}

static int last(void)
{
	settle_stuck(0, 1);
	order_end();
	commands();	/* what waited for the last deliveries */
	return end_run(loop, leaving);
}

/* The plan is not all of the queue any more: some of it is found again later. */
static void look_after_loss(int64_t now)
{
	if (plan_lost()) {
		if (!said_lost)
			log_line("alert: out of memory; some messages wait until there is more");
		said_lost = 1;
		loop->broken |= !loop->daemon;
		walk_fail();
		lost_until = now + TROUBLE_SECS * 1000;
	} else if (lost_until && now >= lost_until) {
		lost_until = 0;
		scan.want = 1;
	} else if (said_lost && !lost_until && !walk_failed() && !walk_busy()) {
		log_line("info: memory suffices again");
		said_lost = 0;
	}
}

/* todo/ first, as new mail must not wait for the walk over what is deferred. */
static void look(int64_t now)
{
	if (respawn_at && respawn_at <= now && respawn(loop) < 0)
		dying();
	if (scan.moved && !in_flight() && scan.blind <= now)
		scan_go_over(loop);
	if (scan.moved)
		return;
	if (scan_on(loop, now))
		return;		/* what was found goes out before the walk goes on */
	if (!walk_busy() && loop->daemon && walk_next() <= now && walk_begin(1) < 0)
		return;
	if (!scan.first || scan.blind)
		walk_on(loop->all_now);
}

uint32_t loop_left(void)
{
	int64_t left = loop->until - clock_mono();

	return !loop->until ? 0 : left > 0 ? (uint32_t)(left + 999) / 1000 : 1;
}

int loop_run(struct loop *l)
{
	static struct watch w;
	int64_t now;
	int more;

	loop = l;
	scan.first = 1;
	anchor_start(&queue);
	order_start();
	if (walk_begin(1) < 0) {
		log_line("alert: cannot start: unable to read the queue: %s; run queue-fix",
			err_text(errno));
		return EXIT_TEMP;
	}
	for (;;) {
		now = clock_mono();
		leaving |= loop->until && now >= loop->until;
		if (anchor_check(&queue))
			scan.want = 1;
		if (!leaving)
			look(now);
		/* One time for handing out and for the wait: what is due between the
		 * two would be taken for something that waits for its route. */
		now = clock_mono();
		commands();
		order_turn(now);
		more = hand_out(now);
		look_after_loss(now);
		if (may_leave(clock_mono()))
			return last();
		wait_for(&w, more ? 0 : next_time(now));
		serve(&w);
	}
}
