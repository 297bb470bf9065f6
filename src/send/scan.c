/* scan.c: new mail: the trigger, and the scans of todo/ that tell the plan what has
 * come. It also watches that the queue is still the one that was opened: trigger,
 * lock or the whole directory may have been replaced under a daemon that runs for
 * years. What cannot be read is tried again later and never ends the runner. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/log.h"
#include "order.h"
#include "pass.h"
#include "report.h"
#include "scan.h"
#include "settle.h"
#include "walk.h"

enum { ARRIVALS_A_TURN = 256, PAUSE_MS = 100 };

struct scan scan = { .first = 1 };

static struct qwalk walk;
static int64_t scanned;		/* mono ms of the last scan of todo/ */
static int said_blind;		/* a trouble that is said once, until it ends */

/* Before todo/ is read: a message that comes later pulls it again. */
static void trigger_drain(struct loop *loop)
{
	char dust[256];
	ssize_t r = 0;

	while (loop->trigger >= 0 && (r = io_read(loop->trigger, dust, sizeof dust)) > 0) {
		scan.commands |= memchr(dust, TRIGGER_COMMANDS, (size_t)r) != 0;
		if (memchr(dust, TRIGGER_UP, (size_t)r))
			order_hint(0);
	}
	/* One that cannot be emptied would wake us for ever: we look by ourselves. */
	if (r < 0 && errno != EAGAIN) {
		close(loop->trigger);
		loop->trigger = -1;
	}
}

/* Not at once: what is wrong with todo/ does not pass in a moment. A one-shot run
 * leaves it to the next one. */
static void cannot_scan(struct loop *loop)
{
	if (!said_blind)
		log_line("warning: unable to read todo: %s; will try again and say when it works",
			err_text(errno));
	said_blind = 1;
	fresh_skip(0);	/* the walk must ask each file whether it is what a settling left */
	scan.blind = clock_mono() + TROUBLE_SECS * 1000;
	loop->broken |= !loop->daemon;
}

/* The trigger or the lock may have been removed and made anew; the directory may be another one
 * (a file system was mounted, a queue was restored), and ours is nobody's then. */
static void check_queue(struct loop *loop)
{
	int fd = queue_trigger_open(&queue);

	scan.check = 0;
	if (fd >= 0) {
		io_close(loop->trigger);
		loop->trigger = fd;
	}
	if (queue_lock_lost(loop->lock) && (fd = queue_lock(&queue)) >= 0) {
		io_close(loop->lock);
		loop->lock = fd;
	}
	if (scan.moved || !queue_replaced(&queue, queue_dir()))
		return;
	log_line("alert: %s is another directory now; going over to it", queue_dir());
	scan.moved = 1;
}

void scan_go_over(struct loop *loop)
{
	struct queue n;
	int fd = -1;

	if (queue_open(&n, queue_dir()) != 0 || (fd = queue_lock(&n)) < 0) {
		if (report_may("go over", errno))
			log_line("warning: unable to use %s: %s; will try again", queue_dir(),
				err_text(errno));
		queue_close(&n);
		scan.blind = clock_mono() + TROUBLE_SECS * 1000;
		return;
	}
	order_end();
	settle_stuck(0, 1);	/* the old one may have room, and be used again */
	queue_close(&queue);
	io_close(loop->lock);
	queue = n;
	loop->lock = fd;
	order_start();
	scan.moved = 0;
	if (scan.busy)
		qwalk_close(&walk);
	scan.busy = 0;
	pass_forget();
	plan_clear();
	scan.first = scan.check = 1;
	scan.blind = 0;
	walk_begin(1);
}

static void begin(struct loop *loop)
{
	if (!scan.want || scan.check || scan.blind)
		check_queue(loop);
	scan.blind = 0;
	if (scan.moved)
		return;
	/* Nobody asked: it is time to tidy up as well. */
	scan.commands |= scan.first || !scan.want;
	if (!scan.want && !scan.first && !walk_busy() && !walk_failed())
		walk_begin(0);
	scan.want = 0;
	scanned = clock_mono();
	trigger_drain(loop);
	if (qwalk_open(&walk, &queue, FRESH) < 0)
		cannot_scan(loop);
	else
		scan.busy = 1;
}

static void end(struct loop *loop, int failed)
{
	if (failed)
		cannot_scan(loop);
	else {
		if (said_blind)
			log_line("info: todo can be read again");
		scan.first = said_blind = 0;
	}
	qwalk_close(&walk);
	scan.busy = 0;
}

int scan_on(struct loop *loop, int64_t now)
{
	uint64_t id;
	int n, r = 1;

	if (!scan.busy && scan_due(loop, 0) <= now)
		begin(loop);
	if (!scan.busy)
		return 0;
	for (n = 0; n < ARRIVALS_A_TURN && (r = qwalk_next(&walk, &id)) > 0; n++)
		if (fresh_add(id) > 0)
			pass_arrived(id);
	if (r <= 0)
		end(loop, r < 0);
	return 1;
}

int64_t scan_due(const struct loop *loop, int in_flight)
{
	if (scan.busy && !scan.moved)
		return 0;
	if (scan.moved && !scan.blind)
		return in_flight ? IO_FOREVER : 0;
	if (scan.blind)
		return loop->daemon ? scan.blind : IO_FOREVER;
	if (scan.first)
		return 0;
	if (scan.want)
		/* Each scan passes over all that wait there: rarely, when many do. */
		return fresh_count() ? scanned + PAUSE_MS + (int64_t)(fresh_count() / 64) : 0;
	return loop->daemon ? scanned + TODO_RESCAN_SECS * 1000 : IO_FOREVER;
}
