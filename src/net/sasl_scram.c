/* sasl_scram.c: SCRAM (RFC 5802, 7677): the server learns that we know the password, and
 * not the password, and proves that it knows it, too. Nothing a server says is believed:
 * a nonce that is not ours and more, few rounds (it would collect proofs that are quickly
 * guessed), very many (a small board would compute for minutes), a mandatory extension,
 * a wrong signature are each an end with words. */
#include <string.h>
#include "../base/log.h"
#include "../base/text.h"
#include "sasl_scram.h"

/* RFC 7677 4 for the least; the most is 8 seconds at 400 MHz. */
enum { ROUNDS_LEAST = 4096, ROUNDS_MOST = 200000, SALT_MAX = 128 };

/* One message of the server: what has not been read of it. */
struct said { const char *s; size_t n; };

/* The next attribute if it is the one: 1 and its value, 0. */
static int attribute(struct said *m, char name, struct said *value)
{
	const char *comma;

	if (m->n < 2 || m->s[0] != name || m->s[1] != '=')
		return 0;
	comma = memchr(m->s, ',', m->n);
	value->s = m->s + 2;
	value->n = (comma ? (size_t)(comma - m->s) : m->n) - 2;
	m->n -= value->n + 2 + (comma != 0);
	m->s += value->n + 2 + (comma != 0);
	return 1;
}

void scram_name(struct buf *b, const char *name)
{
	for (; *name; name++) {
		if (*name == ',')
			buf_puts(b, "=2C");
		else if (*name == '=')
			buf_puts(b, "=3D");
		else
			buf_putc(b, *name);
	}
}

/* gs2-header of RFC 5802 7, and what it binds to as c=. */
static void header(struct buf *b, const struct sasl *s)
{
	if (s->flag == 'p')
		buf_puts(b, "p=tls-exporter,,");
	else
		buf_fmt(b, "%c,,", s->flag);
}

static void bare(struct buf *b, const struct sasl *s)
{
	buf_puts(b, "n=");
	scram_name(b, s->login->user);
	buf_fmt(b, ",r=%s", s->nonce);
}

static void bound(struct buf *b, const struct sasl *s)
{
	char text[16 + 32];
	struct buf raw = BUF_OVER(text);

	header(&raw, s);
	if (s->flag == 'p')
		buf_put(&raw, s->binding, 32);
	base64_put(b, raw.s, raw.len);
}

/* From the AuthMessage (n bytes at auth): the proof, and the signature that the server is
 * to show. 0 / -1. */
static int prove(struct sasl *s, enum digest d, const struct said *salt, unsigned rounds,
	const struct buf *auth, unsigned char proof[DIGEST_MAX])
{
	const struct login *l = s->login;
	size_t size = digest_size(d), i;
	struct { unsigned char salted[DIGEST_MAX], key[DIGEST_MAX], tmp[DIGEST_MAX]; } k =
		{ { 0 }, { 0 }, { 0 } };
	int r = digest_pbkdf2(d, l->secret, l->len, salt->s, salt->n, rounds, k.salted) < 0 ||
		digest_hmac(d, k.salted, size, "Server Key", 10, k.key) < 0 ||
		digest_hmac(d, k.key, size, auth->s, auth->len, s->signature) < 0 ||
		digest_hmac(d, k.salted, size, "Client Key", 10, k.key) < 0 ||
		digest(d, k.key, size, k.tmp) < 0 ||
		digest_hmac(d, k.tmp, size, auth->s, auth->len, proof) < 0 ? -1 : 0;

	for (i = 0; !r && i < size; i++)
		proof[i] ^= k.key[i];
	crypt_wipe(&k, sizeof k);
	return r;
}

/* The server's first words: what is wrong with them, or 0. */
static const char *look(const struct sasl *s, struct said m, struct said *nonce,
	char salt[SALT_MAX], struct said *salt_at, uint64_t *rounds)
{
	size_t ours = strlen(s->nonce);
	struct said v;
	ssize_t n;

	/* A mandatory extension, m=, comes first and is not known. */
	if (!attribute(&m, 'r', nonce) || !attribute(&m, 's', &v) ||
		(n = base64_get(salt, SALT_MAX, v.s, v.n)) <= 0 || !attribute(&m, 'i', &v) ||
		!text_is_u64(v.s, v.n, rounds))
		return "the server's SCRAM challenge is damaged, or of a kind not known here";
	if (nonce->n <= ours || memcmp(nonce->s, s->nonce, ours))
		return "the server's SCRAM challenge does not answer ours";
	/* Few do not protect the password, many keep a board busy for minutes. */
	if (*rounds < ROUNDS_LEAST || *rounds > ROUNDS_MOST)
		return "the server asks for less than 4096 or more than 200000 rounds of SCRAM";
	salt_at->s = salt;
	salt_at->n = (size_t)n;
	return 0;
}

/* client-final-message. What it signs is made first and ends with its beginning. */
static int answer(struct sasl *s, enum digest d, struct said m, struct buf *out,
	const char **why)
{
	char raw[SALT_MAX];
	unsigned char proof[DIGEST_MAX];
	struct said nonce = m, salt = m;
	uint64_t rounds;
	size_t from;

	if ((*why = look(s, m, &nonce, raw, &salt, &rounds)))
		return -1;
	bare(out, s);
	buf_putc(out, ',');
	buf_put(out, m.s, m.n);
	buf_putc(out, ',');
	from = out->len;
	buf_puts(out, "c=");
	bound(out, s);
	buf_puts(out, ",r=");
	if (!buf_put(out, nonce.s, nonce.n) || out->full)
		return 1;	/* told by the caller */
	if (prove(s, d, &salt, (unsigned)rounds, out, proof) < 0) {
		*why = "no memory";
		return -1;
	}
	out->len -= from;
	memmove(out->s, out->s + from, out->len);
	buf_puts(out, ",p=");
	base64_put(out, proof, digest_size(d));
	return 1;
}

/* server-final-message. */
static int judge(struct sasl *s, enum digest d, struct said m, const char **why)
{
	unsigned char shown[DIGEST_MAX];
	size_t size = digest_size(d);
	struct said v;

	*why = sasl_unproven;
	if (!attribute(&m, 'v', &v) || base64_get(shown, sizeof shown, v.s, v.n) != (ssize_t)size ||
		!crypt_same(shown, s->signature, size))
		return -1;
	s->proven = 1;
	return 1;
}

int scram_step(struct sasl *s, enum digest d, const char *challenge, size_t n,
	struct buf *out, const char **why)
{
	struct said m = { challenge, n }, v;
	struct buf b = BUF_OVER(s->said);

	if (!s->step++) {
		header(out, s);
		bare(out, s);
		return 1;
	}
	if (attribute(&m, 'e', &v)) {
		buf_puts(&b, "the server refuses: ");
		log_safe(&b, v.s, v.n < 80 ? v.n : 80);
		buf_z(&b);
		*why = s->said;
		return -1;
	}
	if (s->step == 2)
		return answer(s, d, m, out, why);
	if (s->step == 3)
		return judge(s, d, m, why);
	*why = sasl_more;
	return -1;
}
