/* hands.c: `qmta queue`: looking at the queue, and putting one's hands on it. What
 * changes something is written down in lock/commands and carried out by whoever may:
 * the runner, or this process when nobody runs. Then it is looked up in the queue
 * itself what has become of it. Refuses everybody but root and the queue's owner. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../queue/show.h"
#include "command.h"
#include "conf.h"
#include "pass.h"

enum { WAIT_MS = 10000, LOOK_MS = 50, EXIT_SOME = 1 };

static char name[] = "qmta queue";
static struct buf lines = BUF_HEAP(COMMANDS_MAX);	/* ours */
static int alone;		/* carried out here: no runner */

static const char help[] = "usage: qmta queue VERB [ID...]\n"
	"\tlist [--json]      what is in the queue, and why\n"
	"\tshow [-b] ID...    one message: envelope, header, with -b all of it\n"
	"\tretry ID...|all    try now\n"
	"\thold ID...|all     keep, and do not try, until released\n"
	"\trelease ID...|all  back to normal\n"
	"\tremove [--bounce] ID...  throw away; with --bounce its sender is told\n";

static int usage(int fd)
{
	io_write(fd, help, sizeof help - 1);
	return fd == 1 ? EXIT_DONE : EXIT_PERM;
}

static int owner_only(void)
{
	struct stat st;

	if (fstat(queue.dir, &st) < 0)
		return -1;
	if (geteuid() == 0)
		return st.st_uid ? proc_become(st.st_uid, st.st_gid) : 0;
	errno = EPERM;
	return st.st_uid == geteuid() ? 0 : -1;
}

/* The message of that number, as a line. 1, 0 there is none. */
static int add_line(const char *verb, const char *arg)
{
	struct qinfo i;
	uint64_t id, stamp;

	if (!text_is_u64(arg, strlen(arg), &id) ||
		(queue_info(&queue, id, FRESH, &i) <= 0 &&
			queue_info(&queue, id, SETTLED, &i) <= 0) ||
		queue_stamp(&queue, id, &stamp) <= 0) {
		say(name, "%s: there is no such message", arg);
		return 0;
	}
	return buf_fmt(&lines, "%s %llu %llu\n", verb, (unsigned long long)id,
		(unsigned long long)stamp);
}

/* Next line of b from *at on, without its LF; 0 none. */
static const char *next_line(const struct buf *b, size_t *at, size_t *n)
{
	const char *s = b->s + *at, *lf = *at < b->len ? memchr(s, '\n', b->len - *at) : 0;

	if (!lf)
		return 0;
	*n = (size_t)(lf - s);
	*at += *n + 1;
	return s;
}

/* 1 when none of our lines is left in the file. */
static int taken(void)
{
	static struct buf file = BUF_HEAP(COMMANDS_MAX + 1);
	size_t at = 0, mine, n, m;
	const char *s, *t;

	if (queue_command_read(&queue, &file) <= 0)
		return 1;
	while ((s = next_line(&file, &at, &n)))
		for (mine = 0; (t = next_line(&lines, &mine, &m));)
			if (n == m && !memcmp(s, t, n))
				return 0;
	return 1;
}

/* We are the one writer now. 0 / exit code. */
static int do_it_here(int lock, int bad_conf)
{
	int r;

	alone = 1;
	if (bad_conf) {
		say(name, "left for qmta-send: %s", bad_conf > 0 ?
			"control/me is missing" : control_error());
		return EXIT_TEMP;
	}
	if ((r = command_run(0)) < 0)
		say(name, "unable to carry it out:");
	queue_unlock(&queue, lock);
	return r < 0 ? EXIT_TEMP : 0;
}

/* 0; EXIT_SOME the time is over; EXIT_TEMP. */
static int have_it_done(int bad_conf)
{
	int64_t until = clock_mono() + WAIT_MS;
	int lock;

	if (queue_command_add(&queue, lines.s, lines.len, COMMANDS_MAX) < 0) {
		say(name, errno == EWOULDBLOCK ? "too much is waiting in lock/commands"
			" already; try again later" : "unable to write lock/commands:");
		return EXIT_TEMP;
	}
	for (;;) {
		if ((lock = queue_lock(&queue)) >= 0)
			return do_it_here(lock, bad_conf);
		if (errno != EWOULDBLOCK) {
			say(name, "unable to lock lock/sendmutex:");
			return EXIT_TEMP;
		}
		if (taken())
			return 0;
		if (clock_mono() > until)
			return EXIT_SOME;
		poll(0, 0, LOOK_MS);
	}
}

/* What has become of it, in words; late: it was not yet carried out. */
static const char *outcome(const struct command *c, int late)
{
	struct qinfo i;
	uint64_t stamp;
	int64_t due;
	int gone = queue_stamp(&queue, c->id, &stamp) <= 0 || stamp != c->stamp;
	int fresh = !gone && queue_info(&queue, c->id, FRESH, &i) > 0;

	if (!gone && !fresh && queue_info(&queue, c->id, SETTLED, &i) <= 0)
		gone = 1;
	switch (c->verb) {
	case REMOVE:
		return gone ? "removed" : late ?
			"in delivery; will be removed when that is over" : "not removed";
	case TELL:
		if (gone || (!fresh && queue_due(&queue, c->id, LOCAL, &due) == 0 &&
			queue_due(&queue, c->id, REMOTE, &due) == 0))
			return alone ? "removed; the next qmta-send tells its sender" :
				"removed; its sender is told";
		return late ? "in delivery; will be removed when that is over" : "not removed";
	case HOLD:
		return gone ? "has left the queue" : i.held ? "held" : late ?
			"in delivery; will be held if it stays in the queue" : "not held";
	case RELEASE:
		return gone ? "has left the queue" : i.held ? "still held" : "released";
	default:
		return gone ? "has left the queue" : i.held ? "is held: release it first" :
			alone ? "is tried by the next qmta-send" : "is tried now";
	}
}

/* Exit code. */
static int report(int late)
{
	static char window[WINDOW];
	struct out out = OUT_OVER(1, window);
	size_t at = 0, n;
	struct command c;
	const char *s, *what;
	int code = EXIT_DONE;

	while ((s = next_line(&lines, &at, &n)))
		if (command_parse(&c, s, n) && c.id) {
			what = outcome(&c, late);
			/* "not removed", "not held", "still held": the runner's log says why. */
			if (!memcmp(what, "not", 3) || !memcmp(what, "sti", 3))
				code = EXIT_TEMP;
			else if (!memcmp(what, "is h", 4) && !code)
				code = EXIT_SOME;
			out_fmt(&out, "%llu: %s\n", (unsigned long long)c.id, what);
		} else
			out_puts(&out, late ? "qmta-send has not answered; it will do it later\n" :
				"done\n");
	return out_flush(&out) < 0 ? EXIT_TEMP : code;
}

static int change(const char *verb, char **ids)
{
	int bad_conf, code = EXIT_DONE, r;

	/* As long as we may read what the runner read before it gave up its rights. */
	bad_conf = conf_read();
	if (owner_only() < 0) {
		say(name, "only root and the owner of the queue may do that");
		return EXIT_TEMP;
	}
	for (; *ids; ids++)
		if (!strcmp(*ids, "all"))
			buf_fmt(&lines, "%s all 0\n", verb);
		else if (!add_line(verb, *ids))
			code = EXIT_SOME;
	if (!lines.len)
		return code;
	if ((r = have_it_done(bad_conf)) == EXIT_TEMP)
		return r;
	r = report(r == EXIT_SOME);
	return r ? r : code;
}

static int show(char **ids, int body)
{
	int code = EXIT_DONE, r;
	uint64_t id;

	for (; *ids; ids++) {
		r = text_is_u64(*ids, strlen(*ids), &id) ? show_one(&queue, name, id, body) : 0;
		if (r == 0)
			say(name, "%s: there is no such message", *ids);
		if (r < 0)
			say(name, "%s: %s", *ids, err_text(errno));
		if (r <= 0 && code != EXIT_TEMP)
			code = r ? EXIT_TEMP : EXIT_SOME;
	}
	return code;
}

int hands_main(int argc, char **argv)
{
	static char *self[] = { name, 0 };
	static const char *const verbs[] = { "retry", "hold", "release", "remove" };
	const char *verb = argc > 1 ? argv[1] : "", *flag;
	int i, r, on;

	if (!strcmp(verb, "--help"))
		return usage(1);
	if (argc < 2)
		return usage(2);
	proc_signals_reset();
	flag = !strcmp(verb, "list") ? "--json" : !strcmp(verb, "show") ? "-b" :
		!strcmp(verb, "remove") ? "--bounce" : "";
	argv += 2;
	on = *argv && !strcmp(*argv, flag);
	argv += on;
	if (*argv && **argv == '-')
		return usage(2);
	if (!strcmp(verb, "list"))
		return *argv ? usage(2) : !on ? qread_main(1, self) :
			(r = show_begin(&queue, 1, self)) ? r : show_json(&queue);
	if (!*argv)
		return usage(2);
	for (i = 0; i < 4 && strcmp(verb, verbs[i]); i++)
		;
	if (i == 4 && strcmp(verb, "show"))
		return usage(2);
	for (r = 0; argv[r]; r++)
		if (!strcmp(argv[r], "all") && (i > 2 || argv[1]))
			return usage(2);
	if ((r = show_begin(&queue, 1, self)))
		return r;
	return i == 4 ? show(argv, on) : change(on ? "bounce" : verb, argv);
}
