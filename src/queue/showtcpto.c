/* showtcpto.c: qmail-tcpto shows which hosts timed out lately, qmail-tcpok
 * forgets them, so that the next try is not held back. */
#include <errno.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../exits.h"
#include "../net/tcpto.h"
#include "show.h"

static unsigned char table[TCPTO_RECORDS * TCPTO_BYTES];

/* The file, locked: a worker that is writing it is done within a moment. Exit code. */
static int open_table(int *fd, int argc, char **argv)
{
	struct queue q;
	int r = show_begin(&q, argc, argv), tries = 0;

	if (r)
		return r;
	*fd = queue_seem(&q) < 0 ? -1 : queue_tcpto(&q);
	while (*fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || ++tries > 50)
			*fd = io_close(*fd);
		else
			poll(0, 0, 100);
	}
	if (*fd >= 0)
		return EXIT_DONE;
	say(argv[0], "unable to open and lock lock/tcpto in %s:", queue_dir());
	return EXIT_TEMP;
}

int tcpok_main(int argc, char **argv)
{
	int fd, r = open_table(&fd, argc, argv);

	if (!r && (ftruncate(fd, 0) < 0 || io_write(fd, table, sizeof table) < 0)) {
		say(argv[0], "unable to clear lock/tcpto:");
		r = EXIT_TEMP;
	}
	return r;
}

static void show(struct out *out, const unsigned char *record)
{
	char host[ADDR_TEXT];
	struct addr a;
	unsigned count;
	int64_t at, age;

	if (!tcpto_record(record, &a, &count, &at))
		return;
	addr_text(&a, host);
	age = clock_wall() - at;
	out_fmt(out, "%s timed out %lld seconds ago; # recent timeouts: %u\n",
		host, (long long)(age < 0 ? 0 : age), count);
}

int tcpto_main(int argc, char **argv)
{
	char window[WINDOW];
	struct out out = OUT_OVER(1, window);
	int fd, i, r = open_table(&fd, argc, argv);
	ssize_t n;

	if (r)
		return r;
	if ((n = io_read(fd, table, sizeof table)) < 0) {
		say(argv[0], "unable to read lock/tcpto:");
		return EXIT_TEMP;
	}
	for (i = 0; (i + 1) * TCPTO_BYTES <= n; i++)
		show(&out, table + i * TCPTO_BYTES);
	return out_flush(&out) < 0 ? EXIT_TEMP : EXIT_DONE;
}
