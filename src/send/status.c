/* status.c: `qmta status`, for monit, procd and Docker's HEALTHCHECK: is mail being
 * delivered? One line in plain words and the exit code: 0 healthy, 1 not. A reader
 * only; it never disturbs the runner. What counts as trouble beyond a queue that
 * cannot be read, a clock that is not set and a disk that is full is the caller's to
 * say: who runs qmta-send from cron has none running most of the time. */
#include <errno.h>
#include <string.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../exits.h"
#include "../queue/show.h"
#include "pass.h"

enum { HEALTHY = 0, UNHEALTHY = 1 };

static struct {
	int running;
	uint64_t fresh, deferred, held, left, want;
	int64_t oldest;			/* age in seconds of the oldest that is not held */
	int64_t success, error;		/* wall seconds, 0 unknown */
	const char *text;		/* of the error */
	size_t len;
} found;

static struct { int daemon, json; uint64_t age, queue; } asked = { 0, 0, UINT64_MAX, UINT64_MAX };
static char window[1024];
static struct out out = OUT_STATIC(1, window);

static int usage(int fd)
{
	static const char help[] = "usage: qmta status [--json] [--daemon]"
		" [--max-age seconds] [--max-queue messages]\n";

	io_write(fd, help, sizeof help - 1);
	return fd == 1 ? HEALTHY : EXIT_PERM;
}

/* ---- looking ---- */

static int count(enum qstate state)
{
	struct qwalk w;
	struct qinfo i;
	uint64_t id;
	int r;

	if (qwalk_open(&w, &queue, state) < 0)
		return -1;
	while ((r = qwalk_next(&w, &id)) > 0) {
		if (queue_info(&queue, id, state, &i) == 0)
			continue;	/* left meanwhile; a damaged one counts, from 1970 */
		if (i.held)
			found.held++;
		else if (state == FRESH)
			found.fresh++;
		else
			found.deferred++;
		if (!i.held && i.birth && clock_wall() - i.birth > found.oldest)
			found.oldest = clock_wall() - i.birth;
	}
	qwalk_close(&w);
	return r;
}

/* "NAME SECONDS[ text]": the seconds, and what is behind them. */
static int64_t field(const char *all, const char *name, const char **rest)
{
	const char *at = text_line(all, name);
	uint64_t v = 0;

	if (!at)
		return 0;
	at += text_u64(at, strlen(at), &v);
	*rest = *at == ' ' ? at + 1 : at;
	return (int64_t)v;
}

static void read_health(void)
{
	static char space[1024];
	struct buf b = BUF_OVER(space);
	const char *none;

	if (queue_health_read(&queue, &b) <= 0 || !buf_z(&b))
		return;
	found.success = field(space, "success ", &none);
	found.error = field(space, "error ", &found.text);
	if (found.error)
		found.len = strcspn(found.text, "\n");
}

static int look(void)
{
	found.running = queue_running(&queue);
	queue_space(&queue, &found.left, &found.want);
	read_health();
	return found.running < 0 || count(FRESH) < 0 || count(SETTLED) < 0 ? -1 : 0;
}

/* ---- judging ---- */

static const char *trouble(void)
{
	if (asked.daemon && !found.running)
		return "qmta-send is not running";
	if (found.left < found.want)
		return "the disk is nearly full, new mail is refused";
	if (!clock_is_set())
		return "the clock is not set";
	if (found.oldest > 0 && (uint64_t)found.oldest > asked.age)
		return "mail waits too long";
	if (found.fresh + found.deferred > asked.queue)
		return "too much mail waits";
	return 0;
}

/* ---- telling ---- */

static void put_ago(const char *what, int64_t when)
{
	if (!when)
		return;
	show_span(&out, what, clock_wall() - when);
	out_puts(&out, " ago");
}

static void tell_line(const char *bad)
{
	out_fmt(&out, "%s%s; %s, %llu new, %llu deferred, %llu held", bad ? "trouble: " : "ok",
		bad ? bad : "", found.running ? "running" : "not running now",
		(unsigned long long)found.fresh, (unsigned long long)found.deferred,
		(unsigned long long)found.held);
	if (found.fresh + found.deferred)
		show_span(&out, ", oldest ", found.oldest);
	put_ago("; last success ", found.success);
	put_ago("; last error ", found.error);
	if (found.error && found.error >= found.success) {
		out_puts(&out, ": ");
		show_safe(&out, found.text, found.len, 32);
	}
	out_fmt(&out, "; %llu KiB free\n", (unsigned long long)(found.left / 1024));
}

static void tell_json(const char *bad)
{
	out_fmt(&out, "{\"healthy\":%s,\"trouble\":", bad ? "false" : "true");
	json_string(&out, bad ? bad : "", bad ? strlen(bad) : 0);
	out_fmt(&out, ",\"running\":%s,\"new\":%llu,\"deferred\":%llu,\"held\":%llu,"
		"\"oldest\":%lld,\"last_success\":%lld,\"last_error\":%lld,\"error\":",
		found.running ? "true" : "false", (unsigned long long)found.fresh,
		(unsigned long long)found.deferred, (unsigned long long)found.held,
		(long long)found.oldest, (long long)found.success, (long long)found.error);
	json_string(&out, found.text ? found.text : "", found.len);
	out_fmt(&out, ",\"clock_set\":%s,\"free\":%llu,\"minfree\":%llu}\n",
		clock_is_set() ? "true" : "false", (unsigned long long)found.left,
		(unsigned long long)found.want);
}

/* 1, 0 the arguments are wrong. */
static int options(char **a)
{
	for (; *a; a++) {
		uint64_t *v = !strcmp(*a, "--max-age") ? &asked.age :
			!strcmp(*a, "--max-queue") ? &asked.queue : 0;

		if (!strcmp(*a, "--json"))
			asked.json = 1;
		else if (!strcmp(*a, "--daemon"))
			asked.daemon = 1;
		else if (!v || !*++a || !text_is_u64(*a, strlen(*a), v))
			return 0;
	}
	return 1;
}

/* Why was said on standard error; who reads the answer is to get one. */
static int blind(void)
{
	out_puts(&out, asked.json ?
		"{\"healthy\":false,\"trouble\":\"unable to read the queue\"}\n" :
		"trouble: unable to read the queue\n");
	out_flush(&out);
	return UNHEALTHY;
}

int status_main(int argc, char **argv)
{
	static char name[] = "qmta status", *self[] = { name, 0 };
	const char *bad;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(1);
	if (!options(argv + 1))
		return usage(2);
	if (show_begin(&queue, 1, self))
		return blind();
	if (look() < 0) {
		say(name, errno == EACCES ? "only root and the owner of the queue may look into it" :
			"unable to read the queue:");
		return blind();
	}
	bad = trouble();
	(asked.json ? tell_json : tell_line)(bad);
	return out_flush(&out) < 0 || bad ? UNHEALTHY : HEALTHY;
}
