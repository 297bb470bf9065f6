/* checktry.c: `qmta check`: a route is taken with the very code that mail takes
 * (deliver/smtp.c), which tells of each address how far it came. Where a session opens
 * MAIL and RCPT are said, and DATA only for a message that is wanted. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/text.h"
#include "../deliver/secure.h"
#include "../msg/make.h"
#include "../msg/quote.h"
#include "../net/hosts.h"
#include "../queue/spool.h"
#include "checksay.h"
#include "checktry.h"

static struct smtp S;
static struct {
	const char *sender, *rcpt;
	int send, good, told;
} C;

/* ---- what came of it ---- */

static void addresses(const struct smtp *s, const struct hosts *h, int by_mx)
{
	char list[1024], text[ADDR_TEXT] = "";
	struct buf b = BUF_OVER(list);

	for (unsigned i = 0; i < h->n; i++) {
		addr_text(&h->a[i], text);
		buf_fmt(&b, "%s%s", i ? ", " : "", text);
		if (CFG_TLS && by_mx)
			buf_fmt(&b, " (%s)", hosts_name(h, i));
	}
	if (by_mx || strcmp(text, s->relay.host))
		check_step(STEP_GOOD, "dns", "%s: %.*s", by_mx ? "mail exchangers" : s->relay.host,
			(int)b.len, b.s);
}

static void show_tls(const struct smtp *s)
{
	static const char proofs[][40] = { "not verified", "verified by an authority",
		"verified by its pin", "verified by DANE", "verified by a shared key" };
	const struct tls_seen *t = &s->seen;
	char pin[65];
	struct buf b = BUF_OVER(pin);

	check_step(t->proof || t->days > 14 ? STEP_GOOD : STEP_NOTE, "tls", "%s, %s, %s",
		t->version, t->cipher, proofs[t->proof]);
	if (t->days == INT_MAX)
		return;
	for (unsigned i = 0; i < sizeof t->pin; i++)
		buf_fmt(&b, "%02x", t->pin[i]);
	check_step(t->days > 14 ? STEP_GOOD : STEP_NOTE, "name", "certificate of %s, issued by "
		"%s, %s %d days", t->subject, t->issuer, t->days < 0 ? "ended since" : "good for",
		t->days < 0 ? -t->days : t->days);
	check_step(STEP_NOTE, "pin", "PIN=%.*s", (int)b.len, b.s);
	if (!t->proof)
		check_step(STEP_NOTE, "tls", "anybody could have answered: TLS=verify, or that pin, "
			"in the route makes sure");
}

static void show_login(const struct smtp *s)
{
	char user[256], none[256];

	if (!secure_login(&s->relay))
		return;
	if (relay_login(s->relay.value, user, sizeof user, none, sizeof none) < 0 || *user == '/')
		*user = 0;
	memset(none, 0, sizeof none);
	check_step(STEP_GOOD, "login", "%s%s%s", s->mech ? s->mech : "", *user ? " as " : "", user);
}

/* ---- sender and recipient ---- */

/* One command with an address. 1, 0 with the words. */
static int command(struct smtp *s, const char *verb, const char *addr, const char *words)
{
	int64_t at = smtp_by(s->timeout);
	struct buf *o = &s->w.out;
	int code = -1;

	buf_fmt(o, "%s:<", verb);
	addr_quote(o, addr, strlen(addr));
	buf_puts(o, *verb == 'M' && s->caps & CAP_SMTPUTF8 && (text_8bit(addr, strlen(addr)) ||
		text_8bit(C.rcpt, strlen(C.rcpt))) ? "> SMTPUTF8\r\n" : ">\r\n");
	if (!wire_flush(&s->w, at))
		code = wire_reply(&s->w, at);
	return code / 100 == 2 || smtp_refused(s, code, words);
}

static void envelope(struct smtp *s)
{
	if (!command(s, "MAIL FROM", C.sender, "%s rejects the sender.\n")) {
		check_step(STEP_BAD, "sender", "<%s>: %.*s", C.sender, (int)s->report.len, s->report.s);
		return;
	}
	check_step(STEP_GOOD, "sender", "<%s> may send", C.sender);
	if (!command(s, "RCPT TO", C.rcpt, "%s does not like recipient.\n")) {
		check_step(STEP_BAD, "recipient", "<%s>: %.*s", C.rcpt, (int)s->report.len, s->report.s);
		return;
	}
	check_step(STEP_GOOD, "recipient", "<%s> is taken", C.rcpt);
	C.good = 1;
}

/* ---- a real message ---- */

static int one_rcpt(struct mail *m, uint32_t i, const char **addr, size_t *len)
{
	(void)m;
	(void)i;
	*addr = C.rcpt;
	*len = strlen(C.rcpt);
	return 0;
}

static void tell(struct mail *m, char letter, uint32_t i, const char *text, size_t len)
{
	(void)m;
	(void)i;
	if (letter != 'r')
		check_step(STEP_BAD, "recipient", "<%s>: %.*s", C.rcpt, (int)len, text);
}

static int make(struct buf *b, struct smtp *s)
{
	int64_t now = clock_wall();

	make_date(b, "", now);
	make_message_id(b, "", now, getpid(), make_salt(), s->helo);
	make_from(b, "", 0, 0, C.sender, strlen(C.sender));
	buf_puts(b, "To: ");
	addr_quote(b, C.rcpt, strlen(C.rcpt));
	buf_fmt(b, "\nSubject: test of %s\n\nThis is the test message that "
		"`qmta check --send` was asked for.\n", s->helo);
	return !b->full;
}

static void message(struct smtp *s)
{
	static struct outgoing fix;
	static struct spool file;	/* as from a queue: a pipe could not be signed */
	char text[4 * 1024];
	struct buf b = BUF_OVER(text);
	struct mail m = { .sender = C.sender, .n = 1, .fix = &fix, .rcpt = one_rcpt,
		.tell = tell };
	char letter;

	fix.text.max = OUTGOING_TEXT;
	spool_open(&file);
	if (!make(&b, s) || spool_put(&file, b.s, b.len) || spool_settle(&file)) {
		check_step(STEP_BAD, "message", "%s", err_text(errno));
		return;
	}
	m.msg = file.fd;
	m.size = file.size;
	letter = smtp_send(s, &m);
	spool_close(&file);
	check_step(letter == 'K' ? STEP_GOOD : STEP_BAD, "message", "%.*s", (int)s->report.len,
		s->report.s);
	C.good |= letter == 'K';
}

/* ---- an address ---- */

static int on_step(struct smtp *s, const struct hosts *h, int by_mx, int r)
{
	static const char names[][9] = { "dns", "tls", "connect", "tls", "greeting", "login" };

	if (h) {
		addresses(s, h, by_mx);
		return r;
	}
	C.told = 1;
	if (s->stage > STAGE_CONNECT)
		check_step(STEP_GOOD, "connect", "%s port %u answers", s->ip,
			s->relay.port ? s->relay.port : 25);
	if (s->stage > STAGE_CONNECT && *s->tls)
		show_tls(s);
	if (r < 0)
		check_step(STEP_NOTE, "tls", "the handshake fails; the mail goes without TLS, as "
			"nobody asks for it");
	else if (!r)
		check_step(STEP_BAD, names[s->stage], "%.*s", (int)s->report.len, s->report.s);
	if (r <= 0)
		return r;
	if (!*s->tls)
		check_step(STEP_NOTE, "tls", "none: anybody on the way can read the mail");
	show_login(s);
	if (C.send && !C.good)
		message(s);
	else
		envelope(s);
	return 0;	/* and on to the next address */
}

int check_smtp(const char *route, const char *sender, const char *rcpt, int send)
{
	char letter = smtp_init(&S, -1);

	C.sender = sender;
	C.rcpt = rcpt;
	C.send = send;
	C.good = C.told = 0;
	S.trace = on_step;
	/* Long enough for who is there. */
	if (S.timeout > 60000)
		S.timeout = 60000;
	if (letter == 'K')
		smtp_open(&S, route);
	if (!C.told)
		check_step(STEP_BAD, "route", "%.*s", (int)S.report.len, S.report.s);
	return C.good;
}
