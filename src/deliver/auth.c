/* auth.c: the login to a relay: the dialogue around what net/sasl.h wants to say
 * (RFC 4954). A login that fails is our setting's fault or the server's, never the
 * mail's: it waits, and is not sent without. Refuses to show a login to anybody who has
 * not proven who he is, and whatever is no dialogue. */
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "auth.h"
#include "secure.h"
#include "../net/crypt.h"
#include "../net/sasl.h"
#include "../net/tls.h"

#define LINE_MAX_AUTH 12288	/* RFC 4954 4: with its CRLF */
#define ROUNDS_MAX 12
#define PIECE 3072		/* bytes that are 4096 in base64 */

static struct {
	struct login login;
	struct sasl sasl;
	unsigned char binding[32];
	char only[32], challenge[REPLY_TEXT], raw[SASL_MAX];
} A;

/* The bytes in base64 and the end of the line; the reply to it. */
static int say(struct smtp *s, const char *p, size_t n, int64_t at)
{
	size_t k;

	for (; n; p += k, n -= k) {
		k = n < PIECE ? n : PIECE;
		if ((s->w.out.cap - s->w.out.len <= PIECE / 3 * 4 && wire_flush(&s->w, at)) ||
			!base64_put(&s->w.out, p, k))
			return -1;
	}
	if (wire_put(&s->w, "\r\n", 2, at) || wire_flush(&s->w, at))
		return -1;
	return wire_reply(&s->w, at);
}

/* The server's challenge, decoded: its bytes; -1 it is none. */
static ssize_t challenge(const struct smtp *s)
{
	size_t n = s->w.text.len;

	if (n < 4)
		return 0;
	if (s->w.text.full)
		return -1;
	return base64_get(A.challenge, sizeof A.challenge, s->w.text.s + 4, n - 4);
}

/* "AUTH MECHANISM" with what is said first, if there is something and it fits. *held: it
 * did not, and is the answer to an empty challenge. */
static int begin(struct smtp *s, const char *mech, struct buf *out, int64_t at, int *held,
	const char **why)
{
	int r = sasl_step(&A.sasl, 0, 0, out, why);

	if (r < 0)
		return 0;
	buf_fmt(&s->w.out, "AUTH %s", mech);
	*held = r && 8 + strlen(mech) + (out->len + 2) / 3 * 4 > LINE_MAX_AUTH;
	if (!r || *held)
		return say(s, "", 0, at);
	buf_puts(&s->w.out, out->len ? " " : " =");
	return say(s, out->s, out->len, at);
}

/* The code that ended the dialogue; -1 the connection is over; 0: *why says it. */
static int dialogue(struct smtp *s, const char **why)
{
	int64_t at = smtp_by(s->timeout);
	struct buf out = BUF_OVER(A.raw);
	const char *mech = sasl_begin(&A.sasl, s->mechs, strlen(s->mechs), why);
	int code, held, rounds = 0;
	ssize_t n;

	if (CFG_CHECK)
		s->mech = mech;
	if (!mech)
		return 0;
	code = begin(s, mech, &out, at, &held, why);
	while (code == 334) {
		*why = "what it asks in the login makes no sense";
		n = held ? 0 : challenge(s);
		if (n < 0 || ++rounds > ROUNDS_MAX ||
			(!held && sasl_step(&A.sasl, A.challenge, (size_t)n, &out, why) < 0)) {
			buf_puts(&s->w.out, "*");
			say(s, "", 0, at);
			return 0;
		}
		held = 0;
		code = say(s, out.s, out.len, at);
	}
	if (code / 100 == 2 && sasl_done(&A.sasl, why))
		return 0;
	return code;
}

/* One login. As dialogue(). */
static int once(struct smtp *s, const char **why)
{
	int code;

	memset(&A.sasl, 0, sizeof A.sasl);
	A.sasl.login = &A.login;
	A.sasl.only = relay_option(s->relay.value, "AUTH_SMTP", A.only, sizeof A.only) ?
		A.only : getenv("AUTH_SMTP");
	A.sasl.host = s->relay.host;
	A.sasl.port = s->relay.port;
	if (tls_binding(s->w.fd, A.binding))
		A.sasl.binding = A.binding;
	code = dialogue(s, why);
	login_forget(&A.login);
	crypt_wipe(A.raw, sizeof A.raw);
	crypt_wipe(s->w.outbuf, sizeof s->w.outbuf);
	return code;
}

static int failed(struct smtp *s, int code, const char *why)
{
	/* Who does not know the command may say all of it, with the password. */
	if (code >= 500 && code <= 502)
		s->w.text.len = 3;
	if (code < 0)
		smtp_words(s, "%s ended the connection in the login. (#4.4.2)\n");
	else if (!code)
		buf_fmt(&s->report, "No login at %s: %s. (#4.7.0)\n", s->ip, why);
	else
		smtp_said(s, code == 535 || code == 534 ?
			"%s does not accept the login: are user and password right, and does it want "
			"a password for programs (app password)? (#4.7.8)\n" :
			"%s does not accept the login. (#4.7.0)\n");
	return 0;
}

int auth_login(struct smtp *s)
{
	char text[400];
	struct buf words = BUF_OVER(text);
	const char *why = text;
	int refresh = 0, code, r;

	if (!secure_login(&s->relay))
		return 1;
	buf_clear(&s->report);
	if (!secure_enough(s))
		return failed(s, 0, "it goes only to a server that TLS has verified: TLS=verify or "
			"PIN= in the route does that; TLS=must trusts whoever answers");
	do {
		buf_clear(&words);
		r = login_find(&A.login, &s->relay, refresh, &words);
		if (r <= 0) {
			login_forget(&A.login);
			if (!r)
				buf_puts(&words, "there is none for this route");
			text[words.len < sizeof text ? words.len : sizeof text - 1] = 0;
			return failed(s, 0, why);
		}
		r = A.login.made;
		code = once(s, &why);
	} while (code == 535 && r && !refresh++);
	return code / 100 == 2 || failed(s, code, why);
}
