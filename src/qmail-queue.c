/* qmail-queue.c: the second program, which holds nothing but the queue writer.
 * It is the only one that may carry a set-id bit, so it has no DNS, no TLS and
 * no header parser in it. What it does is in queue/. */
#include "applet.h"
#include "version.h"
#include "base/buf.h"
#include "base/io.h"
#include "exits.h"

/* In place of base/grow.c: no buffer of this program lives on the heap, and so
 * the C library's allocator, a third of its size, stays out. */
int buf_grow(struct buf *b, size_t need)
{
	(void)b, (void)need;
	return 0;
}

int main(int argc, char **argv)
{
	if (io_fds012() == -1)
		return QQ_READ;
	if (version_asked(argc, argv))
		return version_show("none");
	return qqueue_main(argc, argv);
}
