/* secure.c: TLS for one SMTP connection: how much of it is asked for, by whom (the route,
 * control files, the files of IndiMail's CERTDIR, the DNS), and that it is not given less.
 * Only where nobody asks for it may a server be spoken to without. Refuses a server that
 * says anything in clear behind its yes to STARTTLS: somebody between us has put it there. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "auth.h"
#include "config.h"
#include "secure.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../net/dane.h"
#include "../net/tls.h"

#define BROKEN_MAX 8

enum { PIN, TLSNAME, CAFILE, CERT, PSKFILE, TLSMETHOD, TLSCIPHERS, OPTIONS };

static struct {
	struct tls_want want;
	int said;		/* the level that the route itself names, -1 none */
	int strict;		/* TLS, or nothing */
	int implicit;
	struct dane_set dane;
	char text[OPTIONS][CONTROL_LINE_MAX], file[CONTROL_LINE_MAX];	/* a route fits */
	/* Addresses where a handshake came to nothing, the latest last. */
	char broken[BROKEN_MAX][ADDR_TEXT];
} P;

static int wrong(struct smtp *s, const char *fmt, const char *arg)
{
	buf_clear(&s->report);
	buf_fmt(&s->report, fmt, arg);
	return -1;
}

int secure_login(const struct relay *r)
{
	char none[1];

	return relay_login(r->value, none, 1, none, 1) != 0;
}

/* ---- how much of it ---- */

/* The level of a connection, -1 with the words. TLS= is a word that we know: relay_wrong(). */
static int level(struct smtp *s, unsigned port)
{
	static const char words[][7] = { "none", "may", "must", "verify" };
	const struct relay *r = &s->relay;
	char text[16] = "";
	struct buf b = BUF_OVER(text);
	int n = relay_option(r->value, "TLS", text, sizeof text);

	P.said = -1;
	if (!n && r->command)
		return TLS_NONE;	/* there is no network in between */
	if (!n && *r->value && control_line(&b, "smtptls") < 0)
		return wrong(s, "Unable to read %s. (#4.3.5)\n", control_error());
	if (!n && !*text)
		return *r->value && (port == 465 || (CFG_TLS && port == 587) || secure_login(r)) ?
			TLS_VERIFY : TLS_MAY;
	for (int i = TLS_NONE; i <= TLS_VERIFY; i++)
		if (text_caseeq(text, strlen(text), words[i], strlen(words[i]))) {
			if (n)
				P.said = i;
			return i;
		}
	return wrong(s, "control/smtptls must be none, may, must or verify, not \"%s\". "
		"(#4.3.5)\n", text);
}

/* The route's settings, else the machine's. 0 / -1 with the words. */
static int options(struct smtp *s)
{
	static const char names[][11] = { "PIN", "TLSNAME", "CAFILE", "CERT", "PSKFILE", "TLSMETHOD",
		"TLSCIPHERS" };
	static const char files[][17] = { "tlspin", "", "", "clientcert", "", "tlsclientmethod",
		"tlsclientciphers" };
	const char **to[] = { &P.want.pins, &P.want.name, &P.want.cafile, &P.want.cert,
		&P.want.pskfile, &P.want.method, &P.want.ciphers };
	int i, r;

	for (i = 0; i < OPTIONS; i++) {
		struct buf b = BUF_OVER(P.text[i]);

		r = relay_option(s->relay.value, names[i], b.s, b.cap);
		/* A pin of our own relay's is nobody else's. */
		if (!r && *files[i] && (i != PIN || *s->relay.value)) {
			if (control_list(&b, files[i]) < 0)
				return wrong(s, "Unable to read %s. (#4.3.5)\n", control_error());
			r = b.len > 0;
			for (size_t k = 0; k + 1 < b.len; k++)
				if (!b.s[k])
					b.s[k] = ' ';
		}
		if (r > 0 && *b.s)
			*to[i] = b.s;
	}
	return 0;
}

/* ---- IndiMail's files ---- */

/* 1 CERTDIR has the file, its name is in P.file; 0 no; -1 nobody can say. */
static int certdir(const char *dir, const char *host, const char *end)
{
	const char *top = getenv("CERTDIR");
	size_t n;

	if (strchr(host, '/'))
		return 0;
	if (!buf_text(P.file, sizeof P.file, "%s/%s%s%s", top && *top ? top : CERTDIR, dir, host, end))
		return -1;
	n = strlen(end) + strlen(host);
	text_make_lower(P.file + strlen(P.file) - n, n);
	if (!access(P.file, F_OK))
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

/* 1 when control/notlshosts has the host; 0; -1 not readable. */
static int listed(const char *host)
{
	struct buf b = BUF_HEAP(CONTROL_MAX);
	int r = control_list(&b, "notlshosts");

	if (r > 0)
		r = control_has(&b, host, strlen(host));
	buf_free(&b);
	return r;
}

/* tlshosts/HOST.pem asks for more, and is stronger than what allows less. */
static int indimail(struct smtp *s, const char *host)
{
	int r = certdir("tlshosts/", host, ".pem");

	if (r > 0) {
		if (!P.want.cafile)
			P.want.cafile = strcpy(P.text[CAFILE], P.file);
		P.want.level = TLS_VERIFY;
	}
	if (!r && P.want.level == TLS_MAY && !P.strict) {
		r = certdir("tlshosts/exhaustivelist", "", "");
		if (!r)
			r = certdir("notlshosts/", host, "");
		if (!r && (r = listed(host)) < 0)
			return wrong(s, "Unable to read %s. (#4.3.5)\n", control_error());
		if (r > 0)
			P.want.level = TLS_NONE;
	}
	if (r < 0)
		return wrong(s, "Unable to look for %s, which would ask for TLS. (#4.3.5)\n", P.file);
	if (!P.want.cert && certdir("clientcert.pem", "", "") > 0 && !access(P.file, R_OK))
		P.want.cert = strcpy(P.text[CERT], P.file);
	return 0;
}

/* ---- all of it ---- */

static int by_dane(struct smtp *s, const char *host, unsigned port)
{
	switch (dane_find(&P.dane, host, port)) {
	case DANE_RECORDS:
		P.want.tlsa = P.dane.list;
		P.want.ntlsa = P.dane.n;
		P.want.name = P.dane.base;
		P.strict = 1;
		break;
	case DANE_UNUSABLE:
		P.want.level = TLS_MUST;
		break;
	case DANE_ERROR:
		return wrong(s, "The TLSA records of %s cannot be found now. (#4.7.0)\n", host);
	default:
		break;
	}
	return 0;
}

/* A program without TLS: 1 when the route asks for it. */
static int asks(struct smtp *s)
{
	char none[1];

	return P.want.level > TLS_MAY || secure_login(&s->relay) ||
		relay_option(s->relay.value, "PIN", none, 1) ||
		relay_option(s->relay.value, "PSKFILE", none, 1);
}

int secure_find(struct smtp *s, const char *host, unsigned port, int dane)
{
	int l = level(s, port);

	if (l < 0)
		return -1;
	memset(&P.want, 0, sizeof P.want);
	P.want.level = (enum tls_level)l;
	if (!CFG_TLS)
		return asks(s) ? wrong(s, "TLS is not built into this program, and the route "
			"to %s asks for it or has a login. (#4.7.10)\n", host) : 0;
	P.want.host = host;
	P.strict = P.implicit = 0;
	if (l == TLS_NONE)
		return 0;
	P.implicit = port == 465;
	if (options(s) || (CFG_DANE && dane && by_dane(s, host, port)))
		return -1;
	P.strict |= P.want.pins || P.want.pskfile;
	if (indimail(s, host))
		return -1;
	if (P.implicit && P.want.level == TLS_MAY)
		P.want.level = TLS_MUST;
	P.strict |= P.want.level > TLS_MAY;
	if (P.want.level == TLS_VERIFY && !*host && !P.want.name && !P.want.pins && !P.want.pskfile)
		return wrong(s, "A relay that is a command is verified by %s. (#4.3.5)\n",
			"TLSNAME= or PIN= in its route");
	return 0;
}

/* ---- its beginning ---- */

/* 1 when a handshake with this address has failed before. */
static int is_broken(const char *ip)
{
	for (int i = 0; i < BROKEN_MAX; i++)
		if (!strcmp(P.broken[i], ip))
			return 1;
	return 0;
}

/* 1 TLS is on; 0 with the words; -1 there is none, and need not be. */
static int handshake(struct smtp *s)
{
	static const char proofs[][11] = { "", ", verified", ", pinned", ", DANE", ", PSK" };
	char text[REPORT_MAX / 4];
	struct buf why = BUF_OVER(text);
	enum tls_result r = tls_start(s->w.fd, &P.want, smtp_by(s->timeout_connect), &s->seen, &why);

	if (r == TLS_OK) {
		buf_text(s->tls, sizeof s->tls, " (%s%s)", s->seen.version, proofs[s->seen.proof]);
		return 1;
	}
	smtp_close(s, 0);
	if (r == TLS_BROKEN && !P.strict) {
		memmove(P.broken[0], P.broken[1], sizeof P.broken - sizeof *P.broken);
		memcpy(P.broken[BROKEN_MAX - 1], s->ip, ADDR_TEXT);
		return -1;
	}
	smtp_words(s, "TLS with %s");
	buf_fmt(&s->report, " (%s) failed: %.*s. (#4.7.5)\n", P.want.name ? P.want.name : P.want.host,
		(int)why.len, why.s);
	return 0;
}

int secure_begin(struct smtp *s)
{
	s->tls[0] = 0;
	return P.implicit ? handshake(s) : 1;
}

/* The server said yes to STARTTLS. */
static int start(struct smtp *s)
{
	int r;

	if (s->w.pos < s->w.len) {
		smtp_words(s, "%s said something in clear behind its yes to STARTTLS: "
			"somebody on the way to it must have done that. (#4.7.0)\n");
		smtp_close(s, 0);
		return 0;
	}
	r = handshake(s);
	return r > 0 ? 2 : r;
}

int secure_starttls(struct smtp *s)
{
	int64_t at = smtp_by(s->timeout);
	int code;

	if (P.implicit || P.want.level == TLS_NONE || (!P.strict && is_broken(s->ip)))
		return 1;
	if (s->caps & CAP_STARTTLS) {
		code = wire_put(&s->w, "STARTTLS\r\n", 10, at) || wire_flush(&s->w, at) ? -1 :
			wire_reply(&s->w, at);
		if (code / 100 == 2)
			return start(s);
		if (code < 400 || code == 421)
			return smtp_refused(s, code, "%s does not make sense after STARTTLS. (#4.7.0)\n");
		if (P.strict)
			return smtp_refused(s, code, "%s refuses STARTTLS, and the mail must not "
				"go there without TLS. (#4.7.10)\n");
	}
	if (!P.strict)
		return 1;
	smtp_words(s, "%s does not offer STARTTLS on this port, and the mail must not go "
		"there without TLS: is port 465 or 587 the right one, or is somebody on the "
		"way to it? (#4.7.10)\n");
	return 0;
}

/* This machine itself, by its address or the name that is no matter of the DNS's. */
static int is_near(const char *s)
{
	return !strncmp(s, "127.", 4) || !strcmp(s, "::1") || !strcmp(s, "localhost");
}

int secure_enough(const struct smtp *s)
{
	if (!s->tls[0])
		return s->relay.command || (P.said == TLS_NONE && is_near(s->ip) &&
			is_near(s->relay.host));
	return s->seen.proof != TLS_NOT_PROVEN || P.said == TLS_MUST || s->relay.command;
}
