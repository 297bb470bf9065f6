/* qmqp.c: hands one message to the first QMQP server that takes it. The request goes
 * out in as few writes as its size allows. From its last byte on a server may have
 * taken the message, whatever it says or does not say, so nobody else is asked any
 * more: a late mail is better than a second one. Believes no answer but a whole one,
 * so a wrong port or a broken line is never success. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../exits.h"
#include "../limits.h"
#include "link.h"
#include "qmqp.h"
#include "qmqpconf.h"
#include "qmqptls.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND };
enum { CHUNK = 16384 };	/* at most in one write: each has the time-out anew */

uint64_t netstring_size(uint64_t n)
{
	uint64_t size = n + 3;

	for (; n > 9; n /= 10)
		size++;
	return size;
}

/* ---- a conversation ---- */

struct talk {
	struct qmqp *q;
	int fd;
	int sent;		/* all of the request has left */
	int64_t until;
	const char *why;	/* our words for what went wrong */
	char text[QMQP_TEXT];	/* the server's */
	struct buf out;
	char window[WINDOW];
};

static int64_t within(const struct talk *t, unsigned ms)
{
	int64_t at = clock_mono() + ms;

	return at < t->until ? at : t->until;
}

/* Who speaks, or leaves, before he has all of the message says nothing about it, and is
 * not to get the byte that would make it his. */
static int put_now(struct talk *t, const char *p, size_t n)
{
	if (link_pending(t->fd)) {
		t->why = "it does not wait for the end of the message";
		return -1;
	}
	if (link_write(t->fd, p, n, within(t, t->q->timeout)) == 0)
		return 0;
	t->why = err_text(errno);
	return -1;
}

static int flush(struct talk *t)
{
	int r = put_now(t, t->out.s, t->out.len);

	buf_clear(&t->out);
	return r;
}

/* What is put last stays in the buffer until flush(). */
static int put(struct talk *t, const char *p, size_t n)
{
	struct buf *o = &t->out;
	size_t k;

	for (; n; p += k, n -= k) {
		if (o->len == o->cap && flush(t) < 0)
			return -1;
		if (!o->len && n > o->cap) {
			k = n - 1 < CHUNK ? n - 1 : CHUNK;
			if (put_now(t, p, k) < 0)
				return -1;
		} else {
			k = o->cap - o->len < n ? o->cap - o->len : n;
			buf_put(o, p, k);
		}
	}
	return 0;
}

/* 0 all of it has left, or QQ_READ, QQ_CDIED. The last byte, which makes it a message,
 * is put only when the source has given what it promised. */
static int request(struct talk *t, const struct qmqp_source *s)
{
	uint64_t left = s->size;
	const char *p;
	ssize_t n;

	t->out = BUF_OVER(t->window);
	buf_fmt(&t->out, "%llu:", (unsigned long long)left);
	if (s->rewind(s->arg) < 0)
		return QQ_READ;
	while ((n = s->next(s->arg, &p)) > 0) {
		if ((uint64_t)n > left)
			return QQ_READ;
		left -= (uint64_t)n;
		if (put(t, p, (size_t)n) < 0)
			return QQ_CDIED;
	}
	if (n < 0 || left)
		return QQ_READ;
	return put(t, ",", 1) < 0 || flush(t) < 0 ? QQ_CDIED : 0;
}

/* What has been read of the answer. */
struct answer { unsigned len, got; int colon; char letter; };

/* One byte of it. 1 it is whole, 0 more is to come, -1 it is none. */
static int answer_byte(struct talk *t, struct answer *a, int c)
{
	if (!a->colon) {
		if (c == ':' && a->len)
			return a->colon = 1, 0;
		if (c < '0' || c > '9' || (c == '0' && !a->len))
			return -1;
		a->len = a->len * 10 + (unsigned)c - '0';
		return a->len > QMQP_ANSWER_MAX ? -1 : 0;
	}
	if (a->got == a->len)
		return c == ',' ? 1 : -1;
	if (!a->got++) {
		a->letter = (char)c;
		return c == 'K' || c == 'Z' || c == 'D' ? 0 : -1;
	}
	if (a->got - 1 < sizeof t->text) {
		t->text[a->got - 2] = c == '\n' ? ' ' : c < 32 || c > 126 ? '?' : (char)c;
		t->text[a->got - 1] = 0;
	}
	return 0;
}

/* K, Z or D; 0 when no whole answer came in time: a server that gives it drop by drop
 * gets no more time than another. */
static char answer(struct talk *t, unsigned ms)
{
	struct answer a = { 0 };
	unsigned char s[256];
	int64_t at = within(t, ms);
	ssize_t n, i;
	int r = 0;

	*t->text = 0;
	while ((n = link_read(t->fd, s, sizeof s, at)) > 0) {
		for (i = 0; i < n && !r; i++)
			r = answer_byte(t, &a, s[i]);
		if (r > 0)
			return a.letter;
		if (r < 0)
			break;
	}
	*t->text = 0;
	if (t->sent)
		t->why = n > 0 ? "what it answers is not QMQP" :
			n ? err_text(errno) : "it closed without an answer";
	return 0;
}

/* With an open connection. A server that has heard enough may have said why before it
 * closed; a K to half a message is nothing. */
static int converse(struct talk *t, const struct qmqp_source *s)
{
	int code = request(t, s);
	char c;

	if (code == QQ_READ) {
		t->why = "the message cannot be read, or changes";
		return code;
	}
	t->sent = !code;
	t->q->sure = code != 0;
	c = answer(t, code ? SECOND : t->q->timeout);
	if (!c || (code && c == 'K'))
		return QQ_CDIED;
	t->q->sure = 1;
	return c == 'K' ? 0 : c == 'Z' ? QQ_ZREFUSED : QQ_REFUSED;
}

static int connect_code(int e)
{
	if (e == ETIMEDOUT)
		return QQ_CTIMEOUT;
	return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM || e == EAFNOSUPPORT ?
		QQ_SOCKET : QQ_CREFUSED;
}

/* One address of the server v. The number. */
static int try(struct talk *t, const struct qserver *v, struct addr *a, const char *line,
	const struct qmqp_source *s)
{
	int code = 0;

	addr_port(a, v->to.port);
	*t->text = 0;
	t->fd = connect_to(a, SOCK_STREAM, &t->q->source, within(t, t->q->timeout_connect));
	if (t->fd < 0) {
		t->why = err_text(errno);
		return connect_code(errno);
	}
	if (CFG_TLS && v->tls) {
		struct buf why = BUF_OVER(t->text);

		t->why = t->text;
		code = qmqptls_start(t->fd, v, line, within(t, t->q->timeout), &why);
	}
	if (!code)
		code = converse(t, s);
	link_close(t->fd);
	return code;
}

/* Keeps the outcome. A refusal in words says more than that another server is dead. */
static void keep(struct talk *t, const struct qserver *v, int *code, int r)
{
	struct qmqp *q = t->q;
	char port[8] = "";

	if (r && !t->sent && *code == QQ_ZREFUSED)
		return;
	*code = r;
	buf_text(q->text, sizeof q->text, "%s",
		!r || r == QQ_ZREFUSED || r == QQ_REFUSED ? t->text : t->why);
	if (v->to.port != QMQP_PORT)
		buf_text(port, sizeof port, ":%u", v->to.port);
	if (CFG_TLS)
		buf_text(q->server, sizeof q->server, "%s%s%s", v->tls ? "tls://" : "", v->name, port);
	else
		buf_text(q->server, sizeof q->server, "%s%s", v->name, port);
}

/* All addresses of one server. 1: nobody else is to be asked. */
static int ask_server(struct talk *t, const char *line, const struct qmqp_source *s, int *code)
{
	struct qserver v;
	enum dns d = DNS_OK;
	unsigned i;
	int r;

	qserver_parse(&v, line, t->q->port);
	v.to.ip = t->q->source.ip;
	if (!v.to.n)
		d = host_find(&v.to, v.name, 0, 1);
	if (!v.to.n) {
		t->why = "no address can be found";
		keep(t, &v, code, d == DNS_LATER ? QQ_CTIMEOUT : QQ_CREFUSED);
	}
	for (i = 0; i < v.to.n; i++) {
		r = try(t, &v, &v.to.a[i], line, s);
		keep(t, &v, code, r);
		if (!r || r == QQ_READ || (t->sent && (r != QQ_ZREFUSED || !t->q->next_on_z)))
			return 1;
		t->sent = 0;
	}
	return 0;
}

/* The n-th line, counted from 0. */
static const char *line_at(const struct qmqp *q, unsigned n)
{
	const char *s = q->servers.s;

	while (n--)
		s += strlen(s) + 1;
	return s;
}

int qmqp_send(struct qmqp *q, const struct qmqp_source *s, int64_t until)
{
	struct talk t = { .q = q };
	unsigned i, start = 0;
	int code = QQ_CONFIG;

	q->sure = 1;
	*q->server = 0;
	buf_text(q->text, sizeof q->text, "qmqpservers names no QMQP server");
	t.until = until;
	t.until = within(&t, HOUR);
	if (q->balance && getrandom(&start, sizeof start, 0) == sizeof start)
		start %= q->count;
	for (i = 0; i < q->count; i++)
		if (ask_server(&t, line_at(q, (start + i) % q->count), s, &code))
			break;
	return code;
}
