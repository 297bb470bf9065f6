/* end.c: the end of a run: what is left, and the exit number that says so. */
#include "../base/log.h"
#include "../exits.h"
#include "anchor.h"
#include "carry.h"
#include "end.h"
#include "health.h"
#include "pass.h"
#include "scan.h"
#include "settle.h"
#include "walk.h"

int end_run(struct loop *loop, int leaving)
{
	struct carrier *c;
	size_t left;

	health_save(&queue, 1);
	if (settle_count())
		loop->broken = 1;
	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		carry_close(c);
	left = plan_count(PLAN_LOCAL) + plan_count(PLAN_REMOTE) + plan_count(PLAN_DONE) +
		plan_count(PLAN_HELD) +
		fresh_count() + fresh_skipped() + pass_open_count() +
		(size_t)(scan.first || scan.want || scan.busy || walk_busy() || walk_failed());
	if (left)
		anchor_save(&queue);
	if (loop->daemon || leaving)
		log_line("status: exiting");
	log_flush();
	if (loop->broken)
		return EXIT_TEMP;
	/* A daemon that was told to end has done so well, whatever waits. */
	return left && !loop->daemon ? EXIT_LEFT : EXIT_DONE;
}
