/* A fuzz target: a client that says anything when it logs in, for libFuzzer (run.sh
 * saslserve). The first byte chooses the mechanism and what is offered; then come the
 * client's words, one a line; a line "!" is an honest proof, where that exists
 * ("?": by somebody else). Judged: an
 * answer fits its room and tells nothing of the password; nobody gets in but by the
 * password or the honest proof; the user's name has no control byte. */
#include "config.h"
#include "../../src/net/crypt.h"
#include "fuzz.h"

/* One round is as good here as 10000. */
#define digest_pbkdf2(d, p, plen, salt, slen, rounds, out) \
	((void)(rounds), digest_hmac((d), (p), (plen), (salt), (slen), (out)))
#define crypt_random fixed_random
static int fixed_random(void *p, size_t n)
{
	memset(p, 7, n);
	return 0;
}
#include "../../src/net/saslserve.c"
#define plain verifier_plain
#define scram verifier_scram
#include "../../src/net/verifier.c"

static const char password[] = "a long,word=of its own";
static int honest, later;

static int find_(void *arg, const char *user, struct verifier *v)
{
	static const unsigned char mac[32] = { 9 };
	char line[64] = "{PLAIN}";

	(void)arg;
	must(strlen(user) < SASL_USER);
	memset(v, 0, sizeof *v);
	must(verifier_parse(v, strcat(line, password), 7 + sizeof password - 1) == 1);
	v->nobody = strcmp(user, "kim") != 0;
	return later ? -1 : verifier_ready(v, mac);
}

static int check_(void *arg, const char *user, const char *said, size_t n)
{
	(void)arg;
	must(n > 0 && !memchr(said, 0, n));
	if (later)
		return -1;
	honest |= !strcmp(user, "kim") && n == sizeof password - 1 && !memcmp(said, password, n);
	return !strcmp(user, "kim") && n == sizeof password - 1 && !memcmp(said, password, n);
}

/* What whoever knows kim's password would answer to CRAM-MD5, as kim or as bob. */
static int prove_cram(const struct saslserve *s, const char *user, struct buf *out)
{
	unsigned char mac[16];
	unsigned i;

	must(!digest_hmac(DIGEST_MD5, password, sizeof password - 1, s->said, s->said_len, mac));
	buf_fmt(out, "%s ", user);
	for (i = 0; i < sizeof mac; i++)
		buf_fmt(out, "%02x", mac[i]);
	return 1;
}

/* The client-final-message that whoever knows the password would say. 1/0 */
static int prove(const struct saslserve *s, struct buf *out)
{
	unsigned char salted[32], key[32], stored[32], sig[32];
	char raw[sizeof s->head + 32], space[4096];
	struct buf b = BUF_OVER(raw), all = BUF_OVER(space);
	const char *nonce = s->said + s->nonce_at;
	unsigned i;

	if (!(s->mech & (MECH_SCRAM | MECH_PLUS)) || s->step != 1 || strcmp(s->user, "kim"))
		return 0;
	buf_puts(&b, s->head);
	if (s->mech == MECH_PLUS)
		buf_put(&b, s->binding, 32);
	buf_puts(out, "c=");
	base64_put(out, b.s, b.len);
	buf_fmt(out, ",r=%.*s", (int)strcspn(nonce, ","), nonce);
	must(buf_put(&all, s->said, s->said_len) && buf_putc(&all, ',') && buf_put(&all, out->s, out->len));
	must(!digest_pbkdf2(DIGEST_SHA256, password, sizeof password - 1, s->v.salt, s->v.salt_len, 1u, salted));
	must(!digest_hmac(DIGEST_SHA256, salted, 32, "Client Key", 10, key));
	must(!digest(DIGEST_SHA256, key, 32, stored));
	must(!digest_hmac(DIGEST_SHA256, stored, 32, all.s, all.len, sig));
	for (i = 0; i < 32; i++)
		key[i] ^= sig[i];
	return buf_puts(out, ",p=") && base64_put(out, key, 32);
}

/* One answer of the client. 1: go on. */
static int say_(struct saslserve *s, const char *p, size_t n)
{
	static char space[SASL_SAID];
	struct buf out = BUF_OVER(space);
	enum sasl_state r = saslserve_step(s, p, n, &out);
	size_t i;

	must(out.len <= sizeof space && !memmem(out.s, out.len, password, sizeof password - 1));
	must(r != SASL_RIGHT || honest);
	must(strlen(s->user) < SASL_USER);
	for (i = 0; s->user[i]; i++)
		must((unsigned char)s->user[i] >= 32 && s->user[i] != 127);
	must(r != SASL_RIGHT || !strcmp(s->user, "kim"));
	must(r == SASL_ASK || r == SASL_RIGHT || r == SASL_WRONG || r == SASL_DAMAGED ||
		(r == SASL_LATER && later));
	return r == SASL_ASK;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	static const char *const mechs[] = { "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256",
		"scram-sha-256-plus", "plain", "", "X" };
	static unsigned char binding[32] = { 1, 2, 3 };
	struct saslserve s;
	const char *p = (const char *)data, *end = p + n, *lf;
	int go = 1, plus;
	char proof_space[2048], *copy;
	struct buf proof = BUF_OVER(proof_space);

	if (!n)
		return 0;
	memset(&s, 0, sizeof s);
	plus = *data >> 3 & 1;
	later = *data >> 4 & 1;
	honest = 0;
	s.offered = plus ? 31 : 15;
	s.binding = binding;
	s.host = "mail.example.net";
	s.find = find_;
	s.check = check_;
	if (!saslserve_begin(&s, mechs[*data & 7], strlen(mechs[*data & 7])))
		return 0;
	must((*data & 7) < 4 || ((*data & 7) == 4 && plus) || (*data & 7) == 5);
	if (!(*data & 32))	/* no initial response */
		go = say_(&s, 0, 0);
	for (p++; go && p < end; p = lf + 1) {
		if (!(lf = memchr(p, '\n', (size_t)(end - p))))
			lf = end;
		buf_clear(&proof);
		if (lf - p == 1 && strchr("!?", *p) && s.mech == MECH_CRAM && s.step == 1) {
			honest = *p == '!';
			prove_cram(&s, honest ? "kim" : "bob", &proof);
			say_(&s, proof.s, proof.len);
			must(later || !honest || !strcmp(s.user, "kim"));
			return 0;
		}
		if (lf - p == 1 && *p == '!' && prove(&s, &proof)) {
			honest = 1;
			go = say_(&s, proof.s, proof.len);
			must(go || later);
			continue;
		}
		copy = exact(p, (size_t)(lf - p));
		go = say_(&s, copy, (size_t)(lf - p));
		free(copy);
	}
	return 0;
}
