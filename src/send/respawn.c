/* respawn.c: another spawner for a daemon whose spawner has died (the kernel was out
 * of memory, somebody killed the wrong process). Mail waits meanwhile; workers that
 * run are not its business. One that dies again and again is replaced slowly. */
#include <errno.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/log.h"
#include "pass.h"
#include "report.h"
#include "respawn.h"
#include "spawn.h"

int64_t respawn_at;

void respawn_plan(struct loop *loop)
{
	static int64_t last;
	int64_t now = clock_mono();

	loop->spawner = -1;
	respawn_at = !last || now - last > TROUBLE_SECS * 1000 ? now : now + TROUBLE_SECS * 1000;
	last = respawn_at;
}

/* What has become of the first one is unknown; whoever has its rights has another. */
int respawn(struct loop *loop)
{
	int tcpto = queue_tcpto(&queue);

	log_flush();	/* else the lines that wait would be its as well */
	loop->spawner = spawn_again(tcpto);
	io_close(tcpto);
	if (loop->spawner < 0 && errno != EPERM) {
		if (report_may("spawn", errno))
			log_line("alert: the spawner is gone: %s; will try again", err_text(errno));
		respawn_at = clock_mono() + TROUBLE_SECS * 1000;
		return 0;
	}
	respawn_at = 0;
	if (loop->spawner < 0)
		return -1;
	log_line("alert: the spawner was gone; there is another one now");
	return 0;
}
