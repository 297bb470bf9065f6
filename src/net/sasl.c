/* sasl.c: which mechanism a login uses, and what the simple ones say; SCRAM is
 * sasl_scram.c. The order of the table is the order of choice, so that a server cannot
 * talk us into less than it offers. Refuses names and secrets with control characters,
 * which would end or begin a field in several of these, and a challenge too many. */
#include <string.h>
#include "../base/text.h"
#include "sasl_scram.h"

enum { BINDS = 1, TOKEN = 2 };

/* says: what to answer to each challenge, separated by '|', the first unasked; '-': wait
 * for one. $0 NUL, $u user, $n the same as a saslname, $p secret, $h HMAC-MD5 of the
 * challenge in hex, $e host and port. 0: SCRAM. */
static const struct mechanism {
	char name[19];
	unsigned char flags, digest;
	const char *says;
} mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", BINDS, DIGEST_SHA256, 0 },
	{ "SCRAM-SHA-256", 0, DIGEST_SHA256, 0 },
	{ "SCRAM-SHA-1-PLUS", BINDS, DIGEST_SHA1, 0 },
	{ "SCRAM-SHA-1", 0, DIGEST_SHA1, 0 },
	{ "CRAM-MD5", 0, 0, "-|$u $h" },
	{ "PLAIN", 0, 0, "$0$u$0$p" },
	{ "LOGIN", 0, 0, "-|$u|$p" },
	/* The second answer is for words in JSON, behind which comes the refusal. */
	{ "OAUTHBEARER", TOKEN, 0, "n,a=$n,\1$eauth=Bearer $p\1\1|\1" },
	{ "XOAUTH2", TOKEN, 0, "user=$u\1auth=Bearer $p\1\1|" },
};
enum { MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

const char sasl_more[] = "the server asks for what its mechanism does not have";
const char sasl_unproven[] = "the server has not proven that it knows the password";

/* ---- choosing ---- */

static int has_control(const char *s, size_t n)
{
	while (n--)
		if ((unsigned char)s[n] < 32 || s[n] == 127)
			return 1;
	return 0;
}

/* 1 when one of the words ends as this does, and is no longer when `whole`. */
static int offered(const char *words, size_t n, const char *name, int whole)
{
	size_t i, len, m = strlen(name);

	for (i = 0; i < n; i += len + 1) {
		for (len = 0; i + len < n && !memchr(" \t\r\n", words[i + len], 4); len++)
			;
		if (len >= m && (!whole || len == m) &&
			text_caseeq(words + i + len - m, m, name, m))
			return 1;
	}
	return 0;
}

/* Why it cannot be this one, which the server has; 0: it can. */
static const char *hindrance(const struct sasl *s, const struct mechanism *m)
{
	if (!(m->flags & TOKEN) != !s->login->token)
		return s->login->token ? "the server takes no token" :
			"the server wants a token (TOKENFILE, TOKENCMD), not a password";
	if (m->flags & BINDS && !s->binding)
		return "a mechanism that ends in -PLUS needs TLS 1.3";
	return 0;
}

const char *sasl_begin(struct sasl *s, const char *mechs, size_t n, const char **why)
{
	const char *only = s->only && *s->only ? s->only : 0, *no = 0;
	const struct mechanism *m;
	unsigned char chance[18];
	struct buf nonce = BUF_OVER(s->nonce);

	s->step = s->proven = 0;
	if (!*s->login->user || has_control(s->login->user, strlen(s->login->user)) ||
		has_control(s->login->secret, s->login->len)) {
		*why = "the user is empty, or has a control character, or the password has";
		return 0;
	}
	if (crypt_random(chance, sizeof chance) < 0 || !base64_put(&nonce, chance, sizeof chance) ||
		!buf_z(&nonce)) {
		*why = "this machine has no random numbers";
		return 0;
	}
	*why = only ? "the server does not offer the mechanism that AUTH_SMTP names" :
		"the server offers no way to log in that is known here";
	for (m = mechanisms; m < mechanisms + MECHANISMS; m++) {
		if ((only && !text_caseeq(only, strlen(only), m->name, strlen(m->name))) ||
			!offered(mechs, n, m->name, 1))
			continue;
		if (!hindrance(s, m)) {
			s->mech = m;
			/* A server that binds must take 'y' for a sign that its offer was cut. */
			s->flag = m->flags & BINDS ? 'p' :
				s->binding && !offered(mechs, n, "-PLUS", 0) ? 'y' : 'n';
			return m->name;
		}
		if (!no)
			*why = no = hindrance(s, m);
	}
	return 0;
}

/* ---- speaking ---- */

/* One of the $ of the table. 0 / -1. */
static int put_part(const struct sasl *s, int part, const char *challenge, size_t n,
	struct buf *out)
{
	const struct login *l = s->login;
	unsigned char mac[16];
	unsigned i;

	switch (part) {
	case 'u':
		buf_puts(out, l->user);
		break;
	case 'n':
		scram_name(out, l->user);
		break;
	case 'p':
		buf_put(out, l->secret, l->len);
		break;
	case 'e':
		if (s->host && *s->host)
			buf_fmt(out, "host=%s\1port=%u\1", s->host, s->port);
		break;
	case 'h':
		if (!n || digest_hmac(DIGEST_MD5, l->secret, l->len, challenge, n, mac) < 0)
			return -1;
		for (i = 0; i < sizeof mac; i++)
			buf_fmt(out, "%02x", mac[i]);
		break;
	default:
		buf_putc(out, 0);
	}
	return 0;
}

/* As sasl_step(), for what the table says. */
static int speak(struct sasl *s, const char *challenge, size_t n, struct buf *out)
{
	const char *f = s->mech->says;
	int i;

	for (i = s->step++; i; i--) {
		f += strcspn(f, "|");
		if (!*f++)
			return -1;
	}
	if (*f == '-')
		return 0;
	for (; *f && *f != '|'; f++) {
		if (*f != '$')
			buf_putc(out, *f);
		else if (put_part(s, *++f, challenge, n, out) < 0)
			return -1;
	}
	return 1;
}

int sasl_step(struct sasl *s, const char *challenge, size_t n, struct buf *out, const char **why)
{
	int r;

	buf_clear(out);
	if (s->mech->says) {
		*why = sasl_more;
		r = speak(s, challenge, n, out);
	} else {
		r = scram_step(s, s->mech->digest, challenge, n, out, why);
	}
	if (r > 0 && out->full) {
		*why = "the answer to the server is too long";
		return -1;
	}
	return r;
}

int sasl_done(const struct sasl *s, const char **why)
{
	if (s->mech->says || s->proven)
		return 0;
	*why = sasl_unproven;
	return -1;
}
