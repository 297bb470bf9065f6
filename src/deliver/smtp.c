/* smtp.c: opening an SMTP session: which relay or mail exchanger, its greeting, what it can
 * do, TLS and login. Whoever does not get as far as to take mail is passed over for the
 * next address and the next relay; only when none is left the message waits. Nothing here
 * is a permanent failure except what the DNS says for sure. transact.c sends the
 * messages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "../base/err.h"
#include "auth.h"
#include "secure.h"
#include "tunnel.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../net/dane.h"
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
	buf_fmt(&s->report, fmt, s->ip, s->tls);
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
	if (s->pid)
		tunnel_close(s->pid);
	s->pid = 0;
}

/* One line of the answer to EHLO (RFC 5321 4.1.1.1). */
static void capability(void *arg, const char *p, size_t n)
{
	struct smtp *s = arg;
	size_t k = 0, i;

	while (k < n && p[k] != ' ' && p[k] != '=')
		k++;
	i = text_index("PIPELINING\0" "SIZE\0" "8BITMIME\0" "STARTTLS\0" "SMTPUTF8\0" "DSN\0", p, k);
	s->caps |= 1u << i >> 1;	/* in the order of CAP_ */
	if (n > k && 1u << i >> 1 == CAP_SIZE)
		text_u64(p + k + 1, n - k - 1, &s->maxsize);
	if (CFG_TLS && n > k && text_caseeq(p, k, "AUTH", 4))	/* "AUTH=", too */
		buf_text(strchr(s->mechs, 0), sizeof s->mechs - strlen(s->mechs), " %.*s",
			(int)(n - k - 1), p + k + 1);
}

/* The name in the route, else the machine's. */
static int command(struct smtp *s, const char *verb)
{
	int64_t at = smtp_by(s->timeout);
	char name[sizeof s->helo];

	if (relay_option(s->relay.value, "HELO", name, sizeof name) <= 0)
		memcpy(name, s->helo, sizeof name);
	if (!buf_fmt(&s->w.out, "%s %s\r\n", verb, name) || wire_flush(&s->w, at))
		return -1;
	return wire_reply(&s->w, at);
}

void smtp_died(struct smtp *s)
{
	if (CFG_TLS)
		smtp_words(s, "Connected to %s but ");
	if (CFG_TLS && tls_reason(s->w.fd, &s->report))
		buf_puts(&s->report, ". (#4.4.2)\n");
	else
		smtp_words(s, "Connected to %s but connection died. (#4.4.2)\n");
}

int smtp_refused(struct smtp *s, int code, const char *words)
{
	if (code < 0)
		smtp_died(s);
	else
		smtp_said(s, words);
	return 0;
}

/* EHLO, again after STARTTLS. 1 when the server and we know each other. */
static int hello(struct smtp *s)
{
	int code;

	s->maxsize = s->caps = s->mechs[0] = 0;
	s->w.line = capability;
	s->w.arg = s;
	code = command(s, "EHLO");
	s->w.line = 0;
	if (code / 100 == 2)
		return 1;
	s->maxsize = s->caps = s->mechs[0] = 0;
	if (code / 100 == 5)
		code = command(s, "HELO");
	return code / 100 == 2 ||
		smtp_refused(s, code, "Connected to %s but my name was rejected.\n");
}

static int greet(struct smtp *s)
{
	int code = wire_reply(&s->w, smtp_by(s->timeout));

	if (code / 100 != 2)
		return smtp_refused(s, code, "Connected to %s but greeting failed.\n");
	return hello(s);
}

/* On a new connection. 1 it takes mail; 0 with the words; -1 try it again on another. */
static int session(struct smtp *s, int fd)
{
	int r;

	wire_attach(&s->w, fd);
	s->conn++;
	s->used = s->limit = s->dirty = 0;
	s->stage = STAGE_GREET;
	if (!CFG_TLS)
		return greet(s);
	s->stage = STAGE_TLS;
	if (!secure_begin(s))
		return 0;
	s->stage = STAGE_GREET;
	if (!greet(s))
		return 0;
	s->stage = STAGE_TLS;
	r = secure_starttls(s);
	if (r > 1) {
		s->stage = STAGE_GREET;
		r = hello(s);
	}
	if (r <= 0)
		return r;
	s->stage = STAGE_LOGIN;
	return auth_login(s);
}

/* ---- who is asked ---- */

static int dial(struct smtp *s, struct addr *a, unsigned port)
{
	struct source src = s->source;
	struct addr from;
	char text[ADDR_TEXT];
	int fd;

	if (relay_option(s->relay.value, "OUTGOINGIP", text, sizeof text) > 0 &&
		addr_parse(&from, text, strlen(text)))
		src.a[from.u.sa.sa_family == AF_INET6] = from;
	addr_port(a, port);
	addr_text(a, s->ip);
	fd = connect_to(a, SOCK_STREAM, &src, smtp_by(s->timeout_connect));
	if (fd >= 0)
		tcpto_worked(s->tcpto, a);
	else if (errno == ETIMEDOUT)
		tcpto_failed(s->tcpto, a, s->relay.tolerance);
	return fd;
}

static int tunnel(struct smtp *s)
{
	char line[CONTROL_LINE_MAX];

	buf_text(s->ip, sizeof s->ip, "the relay's command");
	errno = EINVAL;
	return relay_plain(line, sizeof line, s->relay.command, s->relay.command_len) < 0 ? -1 :
		tunnel_open(line, &s->pid);
}

/* What a tracer makes of it. */
static int traced(struct smtp *s, const struct hosts *h, int by_mx, int r)
{
	return CFG_CHECK && s->trace ? s->trace(s, h, by_mx, r) : r;
}

/* One address, or the relay's command (a 0). `heard` is set when there is something to say
 * that is worth more than a later "connection refused": a server's words, or that the
 * route is wrong. 1 when the session is open. */
static int try(struct smtp *s, struct addr *a, unsigned port, int *heard)
{
	int fd, r;

	do {
		s->stage = STAGE_CONNECT;
		fd = a ? dial(s, a, port) : tunnel(s);
		if (fd < 0) {
			if (!*heard || (CFG_CHECK && s->trace)) {
				buf_clear(&s->report);
				buf_fmt(&s->report, "Sorry, I wasn't able to establish an SMTP "
					"connection to %s port %u: %s. (#4.4.1)\n",
					s->ip, port, err_text(errno));
			}
			return traced(s, 0, 0, 0);
		}
		*heard = 1;
		r = traced(s, 0, 0, session(s, fd));
		if (r <= 0)
			smtp_close(s, 1);
	} while (r < 0);
	return r;
}

enum { RELAY, MX, MX_DANE };

/* All of them, in their order. */
static int try_all(struct smtp *s, struct hosts *h, int by, int *heard)
{
	traced(s, h, by != RELAY, 1);
	for (unsigned i = 0; i < h->n; i++) {
		const char *name = CFG_TLS && by != RELAY ? hosts_name(h, i) : s->relay.host;

		/* A relay is tried always, unless its route says otherwise: it may be
		 * the only way out, and the retry plan spares it already. */
		if (tcpto_skip(s->tcpto, &h->a[i], s->relay.penalty))
			continue;
		s->stage = STAGE_WANT;
		if (secure_find(s, name, h->port, by == MX_DANE)) {
			*heard = 1;
			traced(s, 0, 0, 0);
		} else if (try(s, &h->a[i], h->port, heard))
			return 1;
	}
	return 0;
}

static struct hosts hosts;	/* too large for the stack that TLS needs */

/* s->relay. 1 when the session is open. */
static int try_relay(struct smtp *s, int *heard)
{
	char text[NAME_CAP + 100];
	struct buf why = BUF_OVER(text);

	s->stage = STAGE_WANT;
	if (s->relay.command) {
		if (!secure_find(s, "", s->relay.port, 0))
			return try(s, 0, s->relay.port, heard);
		*heard = 1;
		return traced(s, 0, 0, 0);
	}
	s->stage = STAGE_FIND;
	hosts.ip = s->source.ip;
	if (relay_option(s->relay.value, "IP", text, sizeof text) > 0)
		hosts.ip = ip_word(text, strlen(text));
	if (hosts_relay(&hosts, &s->relay, &why) == 'K')
		return try_all(s, &hosts, RELAY, heard);
	if (!*heard || (CFG_CHECK && s->trace)) {
		buf_clear(&s->report);
		buf_put(&s->report, why.s, why.len);
	}
	return traced(s, 0, 0, 0);
}

static char by_relays(struct smtp *s, const char *value)
{
	const char *wrong = relay_wrong(value);
	int heard = 0;

	if (wrong)
		buf_fmt(&s->report, "The route is not usable: %s. (#4.3.5)\n", wrong);
	for (unsigned i = 0; !wrong && relay_at(&s->relay, value, i) > 0; i++)
		if (try_relay(s, &heard))
			return 'K';
	return 'Z';
}

/* A variable's number. */
static unsigned seconds(const char *name, unsigned otherwise)
{
	const char *v = getenv(name);
	uint64_t n;

	return v && text_is_u64(v, strlen(v), &n) && n <= INT32_MAX ? (unsigned)n : otherwise;
}

static char by_mx(struct smtp *s, const char *domain)
{
	int heard = 0, dane = 0;
	char letter;

	hosts.ip = s->source.ip;
	letter = hosts_find(&hosts, domain, &s->report);
	if (letter != 'K')
		return letter;
	memset(&s->relay, 0, sizeof s->relay);
	s->relay.value = "";
	s->relay.penalty = seconds("MIN_PENALTY", TCPTO_PENALTY);
	s->relay.tolerance = seconds("MAX_TOLERANCE", 0);
	if (CFG_DANE && hosts_secure(&hosts) && (dane = dane_wanted(domain)) < 0) {
		buf_fmt(&s->report, "Unable to read %s. (#4.3.5)\n", control_error());
		return 'Z';
	}
	return try_all(s, &hosts, dane ? MX_DANE : MX, &heard) ? 'K' : 'Z';
}

char smtp_open(struct smtp *s, const char *route)
{
	char letter;

	buf_clear(&s->report);
	letter = *route == 'R' ? by_relays(s, route + 1) : by_mx(s, *route ? route + 1 : route);
	if (letter != 'K' && !s->report.len)
		smtp_words(s, "All servers for it timed out lately, and are left alone "
			"for a while. (#4.4.1)\n");
	return letter;
}
