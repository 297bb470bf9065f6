/* workers.c: where the runner's fork becomes a delivery. It lies above all the
 * rooms because send must not know deliver: send asks job_worker(), declared
 * in queue/job.h, and only this file knows who answers. */
#include "queue/job.h"
#include "queue/handin.h"
#include "deliver/local.h"
#include "deliver/remote.h"
#include "exits.h"
#include "config.h"
#include <unistd.h>

/* Mail for a domain of ours, and nothing here that could deliver it: it waits for
 * somebody to say where it is to go. */
static void no_local(const struct worker *w)
{
	static const char text[] = "Local delivery is not built in: control/adminaddr or "
		"control/locals can send such mail elsewhere. (#4.3.5)\n";

	answer_send(w->sock, 'Z', w->job->serial, 0, text, sizeof text - 1);
}

void job_worker(const struct worker *w)
{
	if (CFG_LOCAL && w->kind == 'L')
		local_worker(w);
	if (CFG_LOCAL && w->kind == 'F')
		_exit(handin_serve(w->sock));
	if (!CFG_LOCAL && w->kind == 'L')
		no_local(w);
	if (CFG_SEND && w->kind == 'R')
		remote_worker(w);
	_exit(EXIT_TEMP);
}
