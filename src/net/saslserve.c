/* saslserve.c: is it who he says he is? The client's words are a stranger's: each form is
 * read to its last byte, and what is left over, missing or too long is damage. A user who
 * is not there is asked the same as one who is, with the same work behind it, so that
 * nobody can find out who has an account here. Somebody else's name to act for (authzid)
 * is refused: nobody may. */
#include <string.h>
#include "../base/text.h"
#include "crypt.h"
#include "saslserve.h"

/* In the order of saslserve_list(), bits from the left. */
static const char names[] = "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0CRAM-MD5\0LOGIN\0PLAIN\0";
static const unsigned char bits[] = { MECH_PLUS, MECH_SCRAM, MECH_CRAM, MECH_LOGIN, MECH_PLAIN };
enum { CHANCE = 18, NONCE = 24, FINAL_MAX = 512 };

int saslserve_begin(struct saslserve *s, const char *mech, size_t n)
{
	size_t i = text_index(names, mech, n);

	s->mech = i ? bits[i - 1] & s->offered : 0;
	s->step = 0;
	s->user[0] = 0;
	return s->mech != 0;
}

int saslserve_list(struct buf *b, unsigned offered)
{
	const char *name = names;
	size_t i;

	for (i = 0; i < sizeof bits; i++, name += strlen(name) + 1)
		if (offered & bits[i])
			buf_fmt(b, "%s%s", b->len ? " " : "", name);
	return buf_z(b) && !b->full;
}

/* ---- names ---- */

/* A user's name of n bytes, without control characters. 1/0 */
static int take_user(struct saslserve *s, const char *p, size_t n)
{
	size_t i;

	if (!n || n >= sizeof s->user)
		return 0;
	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < 32 || p[i] == 127)
			return 0;
	memcpy(s->user, p, n);
	s->user[n] = 0;
	return 1;
}

static enum sasl_state judged(int r)
{
	return r < 0 ? SASL_LATER : r ? SASL_RIGHT : SASL_WRONG;
}

/* ---- those that show the password ---- */

static enum sasl_state check(struct saslserve *s, const char *password, size_t n)
{
	if (!n || memchr(password, 0, n))
		return SASL_DAMAGED;
	return judged(s->check(s->arg, s->user, password, n));
}

/* authzid NUL user NUL password */
static enum sasl_state plain(struct saslserve *s, const char *p, size_t n, struct buf *out)
{
	const char *user, *password;

	(void)out;
	if (!p)
		return SASL_ASK;
	if (!(user = memchr(p, 0, n)))
		return SASL_DAMAGED;
	user++;
	if (!(password = memchr(user, 0, n - (size_t)(user - p))) ||
		!take_user(s, user, (size_t)(password - user)))
		return SASL_DAMAGED;
	if (user - 1 != p && strcmp(p, user) != 0)
		return SASL_WRONG;
	password++;
	return check(s, password, n - (size_t)(password - p));
}

/* Old clients look for these words. */
static enum sasl_state login(struct saslserve *s, const char *p, size_t n, struct buf *out)
{
	if (!p) {
		buf_puts(out, "Username:");
		return SASL_ASK;
	}
	if (s->step++)
		return check(s, p, n);
	buf_puts(out, "Password:");
	return take_user(s, p, n) ? SASL_ASK : SASL_DAMAGED;
}

/* ---- CRAM-MD5 ---- */

/* Random text of NONCE bytes. 1/0 */
static int chance(struct buf *b)
{
	unsigned char raw[CHANCE];

	return crypt_random(raw, sizeof raw) == 0 && base64_put(b, raw, sizeof raw);
}

static enum sasl_state cram(struct saslserve *s, const char *p, size_t n, struct buf *out)
{
	struct buf said = BUF_OVER(s->said), hex;
	unsigned char mac[16];
	char text[33];
	size_t i, user = p ? text_rchr(p, n, ' ') : n;

	if (!s->step++) {
		if (p)
			return SASL_DAMAGED;
		buf_putc(&said, '<');
		if (!chance(&said) || !buf_fmt(&said, "@%s>", s->host))
			return SASL_LATER;
		s->said_len = said.len;
		buf_put(out, said.s, said.len);
		return SASL_ASK;
	}
	if (n - user != 33 || !take_user(s, p, user))
		return SASL_DAMAGED;
	hex = BUF_OVER(text);
	if (s->find(s->arg, s->user, &s->v) < 0 ||
		digest_hmac(DIGEST_MD5, s->v.text, strlen(s->v.text), s->said, s->said_len, mac) < 0)
		return SASL_LATER;
	for (i = 0; i < sizeof mac; i++)
		buf_fmt(&hex, "%02x", mac[i]);
	return judged(s->v.kind == VERIFIER_CLEAR && crypt_same(text, p + user + 1, 32) &&
		!s->v.nobody);
}

/* ---- SCRAM ---- */

/* saslname of n bytes into user. 1/0 */
static int take_name(struct saslserve *s, const char *p, size_t n)
{
	char text[SASL_USER];
	size_t i, k = 0;
	int c;

	for (i = 0; i < n; i++) {
		if ((c = p[i]) == '=') {
			c = text_casestarts(p + i, n - i, "=2C") ? ',' :
				text_casestarts(p + i, n - i, "=3D") ? '=' : 0;
			i += 2;
		}
		if (!c || k == sizeof text)
			return 0;
		text[k++] = (char)c;
	}
	return take_user(s, text, k);
}

/* What it says of channel binding, up to and with the second comma. Its length, 0. */
static size_t take_head(struct saslserve *s, const char *p, size_t n)
{
	static const char bound[] = "p=tls-exporter,";
	int plus = s->mech == MECH_PLUS;
	const char *comma;
	size_t len = plus ? sizeof bound - 1 : 2;

	if (n < len || (plus ? memcmp(p, bound, len) != 0 : p[1] != ',' ||
		/* 'y': it could, and has not seen that we can: who has cut our offer? */
		!(*p == 'n' || (*p == 'y' && !(s->offered & MECH_PLUS)))))
		return 0;
	/* a=authzid is for acting as somebody else. */
	if (!(comma = memchr(p + len, ',', n - len)) || comma != p + len || len + 1 >= sizeof s->head)
		return 0;
	memcpy(s->head, p, len + 1);
	s->head[len + 1] = 0;
	return len + 1;
}

/* client-first-message; the answer is the salt. */
static enum sasl_state first(struct saslserve *s, const char *p, size_t n, struct buf *out)
{
	struct buf said = BUF_OVER(s->said);
	size_t head = take_head(s, p, n), len;
	const char *comma, *c;

	if (!head)
		return SASL_DAMAGED;
	p += head;
	n -= head;
	if (n < 2 || memcmp(p, "n=", 2) || !(comma = memchr(p, ',', n)) ||
		!take_name(s, p + 2, (size_t)(comma - p) - 2))
		return SASL_DAMAGED;
	len = n - (size_t)(++comma - p);
	if (len < 3 || memcmp(comma, "r=", 2) || memchr(comma, ',', len) || len > 200)
		return SASL_DAMAGED;
	for (c = comma; c < p + n; c++)
		if ((unsigned char)*c < 33 || (unsigned char)*c > 126)
			return SASL_DAMAGED;
	if (s->find(s->arg, s->user, &s->v) < 0)
		return SASL_LATER;
	buf_put(&said, p, n);
	buf_putc(&said, ',');
	s->bare = said.len;
	buf_put(&said, comma, len);
	s->nonce_at = s->bare + 2;
	if (!chance(&said))
		return SASL_LATER;
	buf_puts(&said, ",s=");
	base64_put(&said, s->v.salt, s->v.salt_len);
	buf_fmt(&said, ",i=%u", s->v.rounds);
	s->said_len = said.len;
	buf_put(out, said.s + s->bare, said.len - s->bare);
	return said.full || out->full ? SASL_DAMAGED : SASL_ASK;
}

/* c= of what the client says it is bound to: is that what it is bound to? */
static int bound(const struct saslserve *s, const char *p, size_t n)
{
	char raw[sizeof s->head + 32], text[sizeof raw * 2];
	struct buf b = BUF_OVER(raw), want = BUF_OVER(text);

	buf_puts(&b, s->head);
	if (s->mech == MECH_PLUS)
		buf_put(&b, s->binding, 32);
	base64_put(&want, b.s, b.len);
	return want.len == n && crypt_same(want.s, p, n);
}

/* proof XOR signature is a key whose hash is stored (RFC 5802 3). */
static int proven(struct saslserve *s, const unsigned char proof[32], struct buf *out)
{
	unsigned char key[32], mac[32];
	unsigned i;
	int right;

	if (digest_hmac(DIGEST_SHA256, s->v.stored, 32, s->said, s->said_len, key) < 0)
		return -1;
	for (i = 0; i < 32; i++)
		key[i] ^= proof[i];
	if (digest(DIGEST_SHA256, key, 32, mac) < 0)
		return -1;
	right = crypt_same(mac, s->v.stored, 32);
	if (right && digest_hmac(DIGEST_SHA256, s->v.server, 32, s->said, s->said_len, mac) < 0)
		return -1;
	if (right) {
		buf_puts(out, "v=");
		base64_put(out, mac, 32);
	}
	return right;
}

/* client-final-message: c=binding,r=nonce[,extensions],p=proof */
static enum sasl_state final(struct saslserve *s, const char *p, size_t n, struct buf *out)
{
	struct buf said = BUF_AT(s->said, s->said_len, sizeof s->said);
	size_t ours = strcspn(s->said + s->nonce_at, ",");
	size_t proof = text_rchr(p, n, ','), c;
	unsigned char shown[32];
	const char *comma;
	int r;

	if (n > FINAL_MAX || n - proof < 3 || memcmp(p + proof, ",p=", 3) ||
		base64_get(shown, sizeof shown, p + proof + 3, n - proof - 3) != 32 ||
		memcmp(p, "c=", 2) || !(comma = memchr(p, ',', proof)))
		return SASL_DAMAGED;
	c = (size_t)(comma - p);
	if (proof - c < 3 + ours || memcmp(comma, ",r=", 3) ||
		memcmp(comma + 3, s->said + s->nonce_at, ours) ||
		(proof - c > 3 + ours && comma[3 + ours] != ','))
		return SASL_DAMAGED;
	if (!bound(s, p + 2, c - 2))
		return SASL_WRONG;
	buf_putc(&said, ',');
	if (!buf_put(&said, p, proof))
		return SASL_DAMAGED;
	s->said_len = said.len;
	r = proven(s, shown, out);
	/* Our own proof is one more challenge (RFC 4954 4), and the answer to it is empty. */
	return r > 0 ? SASL_ASK : judged(r);
}

static enum sasl_state scram(struct saslserve *s, const char *p, size_t n, struct buf *out)
{
	if (!p)
		return SASL_ASK;
	s->step++;
	return s->step == 1 ? first(s, p, n, out) : s->step == 2 ? final(s, p, n, out) :
		s->step == 3 && !n ? SASL_RIGHT : SASL_DAMAGED;
}

enum sasl_state saslserve_step(struct saslserve *s, const char *said, size_t n, struct buf *out)
{
	buf_clear(out);
	if (n > SASL_SAID)
		return SASL_DAMAGED;
	switch (s->mech) {
	case MECH_PLAIN: return plain(s, said, n, out);
	case MECH_LOGIN: return login(s, said, n, out);
	case MECH_CRAM: return cram(s, said, n, out);
	default: return scram(s, said, n, out);
	}
}
