/* remote.c: the process that carries messages to one route after the other. It
 * gets each message as an open descriptor, answers per recipient, and keeps its
 * connection as long as the next message comes soon. While one message waits for
 * the server's verdict the next one's envelope is under way already. QMQP, which
 * has a connection for each message, is byqmqp.c's.
 *
 * Signals that mean the runner are ignored, as the spawner left them: a delivery
 * goes on to its end. It has no rights and must not be trusted with any: it reads
 * what strangers say.
 * Its memory is static; a heap is there only while control files are read, and for TLS. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "byqmqp.h"
#include "external.h"
#include "remote.h"
#include "smtp.h"
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/proc.h"
#include "../net/link.h"
#include "../exits.h"

#define LINGER_MS 5000		/* a connection waits so long for the next message */
#define DOWN_MS 30000		/* a route that failed is not tried again for so long */
#define LIST_WINDOW 2048	/* holds the longest recipient with room to spare */

_Static_assert(LIST_WINDOW > ADDR_CAP + 2, "a recipient must fit the window");

struct slot {
	struct mail m;		/* first: a mail is its slot */
	struct job j;
	int held;		/* a job is in here and not answered */
	struct outgoing fix;
	uint32_t packet[(JOB_PACKET + 3) / 4];
};

static struct remote {
	int sock, tcpto, ready, eof;
	int limited;		/* our time is measured out */
	const char *program;	/* $QMAILREMOTE or 0 */
	struct smtp s;
	struct slot slot[2];
	unsigned now;		/* which slot is being delivered */
	char route[ROUTE_CAP];	/* of the connection, or of the failure below */
	int64_t down_until;
	char down_letter, down_text[512];
	/* the piece of a recipients' file that is in memory */
	const struct slot *win;
	off_t win_at;
	size_t win_len;
	char window[LIST_WINDOW];
} R;

static void answer(const struct slot *t, char letter, uint32_t i, const char *s, size_t n)
{
	/* Without the runner nobody wants to know: end, so that it sees the end. */
	if (answer_send(R.sock, letter, t->j.serial, i, s, n))
		_exit(0);
}

/* The recipients' file at `at` into the window. */
static int window(const struct slot *t, off_t at)
{
	ssize_t n = io_read_at(t->j.list, R.window, sizeof R.window, at);

	R.win = n > 0 ? t : 0;
	R.win_at = at;
	R.win_len = n > 0 ? n : 0;
	return n > 0 ? 0 : -1;
}

static int job_rcpt(struct mail *m, uint32_t i, const char **addr, size_t *len)
{
	struct slot *t = (struct slot *)m;
	off_t at = t->j.off[i];
	const char *p, *end;

	for (int tries = 0; tries < 2; tries++) {
		if (R.win == t && at >= R.win_at && at + 1 < R.win_at + (off_t)R.win_len) {
			p = R.window + (at - R.win_at) + 1;
			end = memchr(p, 0, R.window + R.win_len - p);
			*addr = p;
			*len = end ? (size_t)(end - p) : (size_t)(R.window + R.win_len - p);
			/* An address without end that fills the window is too long, and
			 * is refused as such; else the file stops in the middle. */
			if (end || *len > ADDR_CAP)
				return 0;
		}
		if (window(t, at))
			return -1;
	}
	return -1;
}

static void job_tell(struct mail *m, char letter, uint32_t i, const char *text, size_t len)
{
	struct buf *r = &R.s.report;

	if (letter == 'r')
		return;
	if (letter != 'm' && text == r->s) {
		buf_fmt(r, "Giving up on %s.\n", R.s.ip);
		len = r->len;
	}
	answer((struct slot *)m, letter, i, text, len);
}

/* ---- getting jobs ---- */

/* 1 a job is in the slot; 0 there is none now; the end sets R.eof. */
static int receive(struct slot *t, int flags)
{
	int r = job_recv(R.sock, &t->j, t->packet, flags);

	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (r <= 0) {
		R.eof = 1;
		return 0;
	}
	memset(&t->m, 0, sizeof t->m);
	t->m.sender = t->j.sender;
	t->m.wish = t->j.wish;
	t->m.n = t->j.n;
	t->m.msg = t->j.msg;
	t->m.size = t->j.size;
	t->m.fix = &t->fix;
	t->fix.text.max = OUTGOING_TEXT;
	t->m.rcpt = job_rcpt;
	t->m.tell = job_tell;
	t->held = 1;
	return 1;
}

static void release(struct slot *t)
{
	if (t->j.msg >= 0)
		close(t->j.msg);
	if (t->j.list >= 0)
		close(t->j.list);
	if (R.win == t)
		R.win = 0;
	t->held = 0;
}

/* The session asks for the next message to send ahead. */
static struct mail *more(void *arg)
{
	struct slot *t = &R.slot[!R.now];

	(void)arg;
	if (!t->held && (R.eof || !receive(t, MSG_DONTWAIT)))
		return 0;
	return strcmp(t->j.route, R.route) ? 0 : &t->m;
}

/* Waits for a job or the end. A server that speaks or hangs up between messages
 * is left at once; after a while without work the runner is asked to let us go. */
static void wait_job(void)
{
	int64_t at = clock_mono() + LINGER_MS;
	int r;

	for (;;) {
		struct pollfd p[2] = { { R.sock, POLLIN, 0 }, { R.s.w.fd, POLLIN, 0 } };

		if (!R.ready)
			p[1].fd = -1;
		r = poll(p, 2, io_timeout(at));
		if (r < 0 && errno != EINTR)
			_exit(EXIT_TEMP);	/* no job is open: nothing is lost */
		if (r < 0)
			continue;
		if (r > 0 && p[0].revents)
			return;
		/* With TLS it may have been a ticket. */
		if (r > 0 && (!CFG_TLS || link_pending(R.s.w.fd)))
			smtp_close(&R.s, 0);
		if (r == 0) {
			smtp_close(&R.s, R.ready);
			if (answer_send(R.sock, 'Q', 0, 0, "", 0))
				_exit(0);
			at = IO_FOREVER;
		}
	}
}

/* The next slot with a job, or 0 when there are no more. */
static struct slot *next_job(void)
{
	struct slot *t = &R.slot[!R.now];

	while (!t->held) {
		if (R.eof)
			return 0;
		if (receive(t, MSG_DONTWAIT) || R.eof)
			continue;
		wait_job();
	}
	R.now = !R.now;
	return t;
}

/* ---- delivering ---- */

static char remember(char letter)
{
	struct buf b = BUF_OVER(R.down_text);
	size_t n = R.s.report.len;

	buf_put(&b, R.s.report.s, n < sizeof R.down_text ? n : sizeof R.down_text - 1);
	buf_z(&b);
	R.down_letter = letter;
	R.down_until = clock_mono() + DOWN_MS;
	return letter;
}

/* A connection for the route, the one there is if it fits. */
static char connection(const char *route)
{
	char letter;

	if (strcmp(route, R.route)) {
		smtp_close(&R.s, 1);
		R.down_letter = 0;
		memcpy(R.route, route, strlen(route) + 1);	/* job_recv() has bounded it */
	}
	if (smtp_is_open(&R.s))
		return 'K';
	if (R.down_letter && clock_mono() < R.down_until) {
		buf_clear(&R.s.report);
		buf_puts(&R.s.report, R.down_text);
		return R.down_letter;
	}
	R.down_letter = 0;
	letter = smtp_open(&R.s, R.route);
	return letter == 'K' ? letter : remember(letter);
}

static char by_smtp(struct slot *t)
{
	char letter = 'K';

	if (!R.ready) {
		letter = smtp_init(&R.s, R.tcpto);
		R.s.more = more;
		R.ready = letter == 'K';
	}
	if (R.ready)
		letter = connection(t->j.route);
	if (letter != 'K')
		return letter;
	letter = smtp_send(&R.s, &t->m);
	if (letter)
		return letter;
	/* The server had closed the kept connection: once more, on a new one. */
	letter = connection(t->j.route);
	return letter == 'K' ? smtp_send(&R.s, &t->m) : letter;
}

static char by_program(struct slot *t)
{
	char fate = 'D', letter, rcpt[ADDR_CAP];
	const char *addr;
	size_t n;

	R.s.report = BUF_OVER(R.s.reportbuf);
	for (uint32_t i = 0; i < t->j.n; i++) {
		if (job_rcpt(&t->m, i, &addr, &n))
			return 'Z';
		n = n < sizeof rcpt ? n : sizeof rcpt - 1;
		memcpy(rcpt, addr, n);
		rcpt[n] = 0;
		letter = external_run(R.program, t->j.sender, rcpt, t->j.msg, &R.s.report);
		if (letter == 'K')
			fate = 'K';
		else
			answer(t, letter == 'Z' ? 's' : 'h', i, R.s.report.s, R.s.report.len);
	}
	return fate;
}

static char by_qmqp(struct slot *t, int *down)
{
	/* A process has one connection with TLS at a time. */
	if (CFG_TLS)
		smtp_close(&R.s, R.ready);
	R.s.report = BUF_OVER(R.s.reportbuf);
	return byqmqp_send(&R.s, &t->m, t->j.route, t->j.limit ?
		clock_mono() + t->j.limit * 1000 : IO_FOREVER, down);
}

void remote_worker(const struct worker *w)
{
	struct slot *t;
	char letter;
	int down;

	R.sock = w->sock;
	R.tcpto = w->tcpto;
	R.s.w.fd = -1;
	R.program = getenv("QMAILREMOTE");
	if (R.program && !*R.program)
		R.program = 0;
	while ((t = next_job())) {
		/* Nobody may deliver late what was given up meanwhile. */
		if (t->j.limit && !R.limited++)
			proc_deadline(t->j.limit + 1);
		down = 0;
		letter = *t->j.route == 'Q' ? by_qmqp(t, &down) :
			R.program ? by_program(t) : by_smtp(t);
		answer(t, letter, (uint32_t)down, R.s.report.s, R.s.report.len);
		release(t);
	}
	smtp_close(&R.s, R.ready);
	_exit(0);
}
