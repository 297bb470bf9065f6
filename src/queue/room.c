/* room.c: asked by a server when a client says how large its message is. It need not be
 * able to look into the queue. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "queue.h"
#include "room.h"

int room_for(uint64_t size)
{
	const char *other = getenv("QMAILQUEUE");
	uint64_t left, want;
	struct queue q = { .minfree = QUEUE_MINFREE_AUTO };

	if (!CFG_QUEUE || (other && *other) || control_num(&q.minfree, "minfree") < 0)
		return 1;
	q.todo = openat(AT_FDCWD, queue_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (q.todo < 0)
		return 1;
	queue_space(&q, &left, &want);
	close(q.todo);
	return left >= want && left - want >= size;
}
