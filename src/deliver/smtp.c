/* smtp.c: opening an SMTP session: which server, its greeting, what it can do.
 * A server that greets badly is passed over for the next address; only when
 * none is left the message waits. Nothing here is a permanent failure except
 * what the DNS says for sure. transact.c sends the messages. */
#include <errno.h>
#include <string.h>
#include "../base/err.h"
#include "smtp.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../net/hosts.h"
#include "../net/tcpto.h"

int64_t smtp_by(int64_t ms)
{
	return clock_mono() + ms;
}

int64_t smtp_until(const struct smtp *s, const struct mail *m)
{
	int64_t at = smtp_by(s->timeout);

	return at < m->until ? at : m->until;
}

void smtp_words(struct smtp *s, const char *fmt)
{
	buf_clear(&s->report);
	buf_fmt(&s->report, fmt, s->ip);
}

void smtp_said(struct smtp *s, const char *fmt)
{
	smtp_words(s, fmt);
	if (s->w.text.len)
		buf_fmt(&s->report, "Remote host said: %.*s\n", (int)s->w.text.len, s->w.text.s);
}

/* A setting of so many seconds, 1 to a day, in milliseconds. 0, -1 not readable. */
static int timeout_load(unsigned *ms, const char *name, unsigned otherwise)
{
	uint64_t v = otherwise;

	if (control_num(&v, name) < 0)
		return -1;
	*ms = (v ? v < 86400 ? v : 86400 : 1) * 1000;
	return 0;
}

char smtp_init(struct smtp *s, int tcpto)
{
	struct buf host = BUF_OVER(s->helo);
	int r;

	memset(s, 0, sizeof *s);
	wire_init(&s->w);
	s->report = BUF_OVER(s->reportbuf);
	s->tcpto = tcpto;
	if (timeout_load(&s->timeout, "timeoutremote", 1200) ||
	    timeout_load(&s->timeout_connect, "timeoutconnect", 60) ||
	    source_load(&s->source) < 0)
		r = -1;
	else
		r = control_host(&host, "helohost");
	if (r > 0)
		return 'K';
	if (r < 0)
		buf_fmt(&s->report, "Unable to read %s. (#4.3.5)\n", control_error());
	else
		buf_fmt(&s->report, "Write this machine's name to %s/me. (#4.3.5)\n", control_dir());
	return 'Z';
}

int smtp_is_open(const struct smtp *s)
{
	return s->w.fd >= 0;
}

void smtp_close(struct smtp *s, int quit)
{
	if (quit && smtp_is_open(s) && !wire_put(&s->w, "QUIT\r\n", 6, 0))
		wire_flush(&s->w, 0);
	wire_close(&s->w);
}

/* One line of the answer to EHLO (RFC 5321 4.1.1.1). */
static void capability(void *arg, const char *p, size_t n)
{
	struct smtp *s = arg;
	size_t k = 0;

	while (k < n && p[k] != ' ' && p[k] != '=')
		k++;
	if (text_caseeq(p, k, "PIPELINING", 10))
		s->caps |= CAP_PIPELINING;
	else if (text_caseeq(p, k, "8BITMIME", 8))
		s->caps |= CAP_8BITMIME;
	else if (text_caseeq(p, k, "SIZE", 4)) {
		s->caps |= CAP_SIZE;
		if (n > k)
			text_u64(p + k + 1, n - k - 1, &s->maxsize);
	}
}

static int command(struct smtp *s, const char *verb)
{
	int64_t at = smtp_by(s->timeout);

	if (!buf_fmt(&s->w.out, "%s %s\r\n", verb, s->helo) || wire_flush(&s->w, at))
		return -1;
	return wire_reply(&s->w, at);
}

/* 0, with the words for a reply that is not what it should be. */
static int refused(struct smtp *s, int code, const char *words)
{
	if (code < 0)
		smtp_words(s, "Connected to %s but connection died. (#4.4.2)\n");
	else
		smtp_said(s, words);
	return 0;
}

/* 1 when the server and we know each other. */
static int greet(struct smtp *s)
{
	int code = wire_reply(&s->w, smtp_by(s->timeout));

	if (code / 100 != 2)
		return refused(s, code, "Connected to %s but greeting failed.\n");
	s->w.line = capability;
	s->w.arg = s;
	code = command(s, "EHLO");
	s->w.line = 0;
	if (code / 100 == 2)
		return 1;
	s->caps = s->maxsize = 0;
	if (code / 100 == 5)
		code = command(s, "HELO");
	return code / 100 == 2 ||
		refused(s, code, "Connected to %s but my name was rejected.\n");
}

/* One address. `heard` is set when a server was there: its words are worth more
 * than a later "connection refused". 1 when the session is open. */
static int try(struct smtp *s, struct addr *a, unsigned port, int *heard)
{
	int fd;

	addr_port(a, port);
	fd = connect_to(a, SOCK_STREAM, &s->source, smtp_by(s->timeout_connect));
	addr_text(a, s->ip);
	if (fd < 0) {
		if (errno == ETIMEDOUT)
			tcpto_failed(s->tcpto, a);
		if (!*heard) {
			buf_clear(&s->report);
			buf_fmt(&s->report, "Sorry, I wasn't able to establish an SMTP "
				"connection to %s port %u: %s. (#4.4.1)\n",
				s->ip, port, err_text(errno));
		}
		return 0;
	}
	tcpto_worked(s->tcpto, a);
	*heard = 1;
	wire_attach(&s->w, fd);
	s->conn++;
	s->used = s->caps = s->limit = s->dirty = 0;
	s->maxsize = 0;
	if (greet(s))
		return 1;
	smtp_close(s, 1);
	return 0;
}

char smtp_open(struct smtp *s, const char *route)
{
	struct hosts h;
	char letter;
	int heard = 0;

	buf_clear(&s->report);
	letter = hosts_find(&h, route, &s->report);
	if (letter != 'K')
		return letter;
	for (unsigned i = 0; i < h.n; i++) {
		/* A relay is tried always: it is the only way out, and the retry
		 * plan spares it already. */
		if (*route != 'R' && tcpto_skip(s->tcpto, &h.a[i]))
			continue;
		if (try(s, &h.a[i], h.port, &heard))
			return 'K';
	}
	if (!s->report.len)
		smtp_words(s, "All mail exchangers timed out lately, they are left "
			"alone for an hour. (#4.4.1)\n");
	return 'Z';
}
