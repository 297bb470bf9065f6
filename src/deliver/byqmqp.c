/* byqmqp.c: one job of the remote worker by QMQP (net/qmqp.h): the message as it leaves,
 * its sender, and all recipients out of the queue's own list, which is walked over twice:
 * once for their sizes, which stand in front of everything, once for their bytes. So a
 * thousand recipients need no memory. Refuses recipients that must not reach a wire, one
 * by one, and never says that all is well unless a server has said so. */
#include <string.h>
#include "body.h"
#include "byqmqp.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../exits.h"
#include "../net/qmqp.h"
#include "../queue/envelope.h"
#include "../queue/job.h"
#include "../queue/submit.h"

/* A failure counts for the next message as well, for as long as it took: servers that
 * refuse cost nothing, and those that hang cost their time-outs only once. */
enum { DOWN_LEAST_MS = 500, DOWN_MOST_MS = 30000 };

enum part { HEAD, BODY, TAIL, RCPTS };
static const char verp[] = "-@[]";	/* the server puts each recipient in its place */

static struct {
	struct qmqp q;
	struct smtp *s;
	struct mail *m;
	const char *mark;	/* behind the sender: verp or "" */
	struct pieces at;
	enum part part;		/* of the request, which comes next */
	uint32_t next;		/* recipient */
	int known;		/* the servers of the route */
	int64_t down_until;
	int how;		/* down of then */
	char down[1024];	/* the words for it */
	char route[ROUTE_CAP], space[2 * ADDR_CAP];
} S;

/* The next recipient that may travel. 1, 0 no more, -1 the list cannot be read. tell 1:
 * those that may not are told so. */
static int next_rcpt(const char **addr, size_t *n, int tell)
{
	static const char text[] = "Recipient's address is not valid. (#5.1.3)\n";
	struct mail *m = S.m;
	uint32_t i;

	while ((i = S.next++) < m->n) {
		if (m->rcpt(m, i, addr, n))
			return -1;
		if (!envelope_rcpt(*addr, *n))
			return 1;
		if (tell)
			m->tell(m, 'h', i, text, sizeof text - 1);
	}
	return 0;
}

static int request_rewind(void *arg)
{
	(void)arg;
	S.part = HEAD;
	S.next = 0;
	pieces_begin(&S.at, S.m);
	return 0;
}

/* As many of them as have room. */
static int put_rcpts(struct buf *b)
{
	const char *addr;
	size_t n;
	int r = 0;

	while (b->cap - b->len > ADDR_CAP + 8 && (r = next_rcpt(&addr, &n, 0)) > 0)
		buf_fmt(b, "%zu:%.*s,", n, (int)n, addr);
	return r < 0 ? -1 : 0;
}

static ssize_t request_next(void *arg, const char **p)
{
	const struct outgoing *fix = S.m->fix;
	struct buf b = BUF_OVER(S.space);
	ssize_t n;

	(void)arg;
	*p = b.s;
	if (S.part == BODY) {
		if ((n = pieces_next(S.s, &S.at, p)) != 0)
			return n;
		S.part = TAIL;
		*p = b.s;
	}
	if (S.part == HEAD)
		buf_fmt(&b, "%llu:", (unsigned long long)fix->size);
	else if (S.part == TAIL)
		buf_fmt(&b, ",%zu:%s%s,", strlen(fix->sender) + strlen(S.mark), fix->sender, S.mark);
	else if (put_rcpts(&b) < 0)
		return -1;
	S.part += S.part < RCPTS;
	return (ssize_t)b.len;
}

/* Bytes of the request; 0 nobody may get it; -1 the list cannot be read. */
static int64_t measure(void)
{
	const struct outgoing *fix = S.m->fix;
	uint64_t size = netstring_size(fix->size) +
		netstring_size(strlen(fix->sender) + strlen(S.mark));
	const char *addr;
	size_t n;
	int r, any = 0;

	request_rewind(0);
	for (; (r = next_rcpt(&addr, &n, 1)) > 0; any = 1)
		size += netstring_size(n);
	return r < 0 ? -1 : any ? (int64_t)size : 0;
}

/* The outcome in words. */
static char verdict(struct buf *b, int code)
{
	const char *who = S.q.server, *text = S.q.text;

	buf_clear(b);
	if (code && code != QQ_REFUSED && code != QQ_ZREFUSED) {
		buf_fmt(b, "%s%sno QMQP server has taken the message: %s.%s (#%s)\n", who,
			*who ? ": " : "", *text ? text : qq_words(code),
			S.q.sure ? "" : " Possible duplicate!", qq_status(code));
		return 'Z';
	}
	buf_fmt(b, code ? "%s refused the message.\n" : "%s accepted message.\n", who);
	if (*text)
		buf_fmt(b, "Remote host said: %s\n", text);
	return !code ? 'K' : code == QQ_REFUSED ? 'D' : 'Z';
}

/* 0, or a letter when there is nobody to ask. */
static char prepare(struct buf *report, const char *route, int *down)
{
	if (strcmp(S.route, route)) {
		text_copy(S.route, sizeof S.route, route);
		S.known = 0;
		S.down_until = 0;
	}
	buf_clear(report);
	*down = 0;
	if (clock_mono() < S.down_until) {
		*down = S.how | QMQP_DOWN_STILL;
		buf_puts(report, S.down);
		return 'Z';
	}
	S.known = S.known || qmqp_load(&S.q, 0, route[1] ? route + 1 : 0) == 0;
	if (S.known)
		return 0;
	*down = QMQP_DOWN;
	buf_fmt(report, "Unable to read %s. (#4.3.5)\n", control_error());
	return 'Z';
}

static void remember(const struct buf *report, int64_t took)
{
	buf_text(S.down, sizeof S.down, "%.*s", (int)report->len, report->s);
	S.down_until = clock_mono() + (took > DOWN_MOST_MS ? DOWN_MOST_MS :
		took > DOWN_LEAST_MS ? took : DOWN_LEAST_MS);
}

/* With a whole request of this size. */
static char ask(uint64_t size, int64_t until, int *down)
{
	struct qmqp_source source = { size, request_rewind, request_next, 0 };
	int64_t from = clock_mono();
	int code = qmqp_send(&S.q, &source, until);
	char letter = verdict(&S.s->report, code);

	if (letter != 'Z' || code == QQ_ZREFUSED || code == QQ_READ)
		return letter;
	*down = S.q.sure ? QMQP_DOWN : QMQP_UNSURE;
	remember(&S.s->report, clock_mono() - from);
	S.how = *down;
	return letter;
}

char byqmqp_send(struct smtp *s, struct mail *m, const char *route, int64_t until,
	int *down)
{
	char sender[ADDR_CAP], letter;
	size_t n = strlen(m->sender), len = sizeof verp - 1;
	int64_t size;

	S.s = s;
	S.m = m;
	S.mark = "";
	if ((letter = prepare(&s->report, route, down)))
		return letter;
	if (n > len && n - len < sizeof sender && !strcmp(m->sender + n - len, verp)) {
		/* control/generic looks at what is in front of it. */
		buf_text(sender, sizeof sender, "%.*s", (int)(n - len), m->sender);
		m->sender = sender;
		S.mark = verp;
	}
	if ((letter = smtp_prepare(s, m)))
		return letter;
	s->win_mail = 0;
	if ((size = measure()) > 0)
		return ask((uint64_t)size, until, down);
	smtp_words(s, size ? "Unable to read the recipients. (#4.3.0)\n" :
		"No recipient has a valid address. (#5.1.3)\n");
	return size ? 'Z' : 'D';
}
