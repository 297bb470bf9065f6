/* verifier.c: what is kept of a password. In SCRAM's form (RFC 5802 3) the file alone lets
 * nobody log in: it has a hash of what the client must show. Refuses what it cannot read
 * as a whole: half a verifier would be one that nobody has chosen. */
#include <string.h>
#include "../base/passhash.h"
#include "../base/text.h"
#include "crypt.h"
#include "verifier.h"

static const char scram[] = "{SCRAM-SHA-256}", plain[] = "{PLAIN}";

/* The next of the parts, up to a comma or the end: its length; *s is behind it. */
static size_t part(const char **s, const char *end)
{
	const char *comma = memchr(*s, ',', (size_t)(end - *s));
	size_t n = (size_t)((comma ? comma : end) - *s);

	*s += n + (comma != 0);
	return n;
}

static int parse_scram(struct verifier *v, const char *s, const char *end)
{
	unsigned char *to[] = { v->salt, v->stored, v->server };
	size_t cap[] = { VERIFIER_SALT, 32, 32 };
	const char *from = s;
	uint64_t rounds;
	ssize_t n = 0;
	unsigned i;

	if (!text_is_u64(from, part(&s, end), &rounds) || !rounds || rounds > UINT32_MAX)
		return 0;
	v->rounds = (unsigned)rounds;
	for (i = 0; i < 3; i++) {
		size_t len;

		from = s;
		len = part(&s, end);
		n = base64_get(to[i], cap[i], from, len);
		if (n <= 0 || (i && n != 32))
			return 0;
		if (!i)
			v->salt_len = (size_t)n;
	}
	return s == end;
}

int verifier_parse(struct verifier *v, const char *s, size_t n)
{
	enum verifier_kind kind = VERIFIER_HASH;

	v->kind = VERIFIER_NONE;
	v->nobody = 0;
	if (text_casestarts(s, n, scram)) {
		if (parse_scram(v, s + sizeof scram - 1, s + n))
			v->kind = VERIFIER_SCRAM;
		return v->kind != VERIFIER_NONE;
	}
	if (text_casestarts(s, n, plain)) {
		s += sizeof plain - 1;
		n -= sizeof plain - 1;
		kind = VERIFIER_CLEAR;
	} else if (!text_casestarts(s, n, "$6$"))
		return 0;
	if (!n || n >= sizeof v->text || memchr(s, 0, n))
		return 0;
	memcpy(v->text, s, n);
	v->text[n] = 0;
	v->kind = kind;
	return 1;
}

/* Both of RFC 5802 3's keys as they are stored. 0 / -1. */
static int derive(const char *password, size_t n, const unsigned char *salt, size_t salt_len,
	unsigned rounds, unsigned char stored[32], unsigned char server[32])
{
	unsigned char salted[32], key[32];
	int r = digest_pbkdf2(DIGEST_SHA256, password, n, salt, salt_len, rounds, salted) < 0 ||
		digest_hmac(DIGEST_SHA256, salted, 32, "Server Key", 10, server) < 0 ||
		digest_hmac(DIGEST_SHA256, salted, 32, "Client Key", 10, key) < 0 ||
		digest(DIGEST_SHA256, key, 32, stored) < 0 ? -1 : 0;

	crypt_wipe(salted, sizeof salted);
	crypt_wipe(key, sizeof key);
	return r;
}

int verifier_ready(struct verifier *v, const unsigned char mac[32])
{
	size_t i;

	if (v->kind != VERIFIER_SCRAM) {
		v->rounds = VERIFIER_ROUNDS;
		v->salt_len = 16;
		memcpy(v->salt, mac, 16);
	} else if (v->nobody)
		for (i = 0; i < v->salt_len; i++)
			v->salt[i] ^= mac[i % 32];
	if (v->kind == VERIFIER_CLEAR &&
		derive(v->text, strlen(v->text), v->salt, 16, v->rounds, v->stored, v->server) < 0)
		return -1;
	return v->nobody || v->kind == VERIFIER_HASH ? crypt_random(v->stored, 32) : 0;
}

/* crypt(3) takes a C string, of which it reads 256 bytes. */
static int check_hash(const char *hash, const char *password, size_t n)
{
	char text[VERIFIER_TEXT + 1];
	int r;

	if (n >= sizeof text || memchr(password, 0, n))
		return 0;
	memcpy(text, password, n);
	text[n] = 0;
	r = passhash_same(text, hash);
	crypt_wipe(text, sizeof text);
	return r;
}

int verifier_check(const struct verifier *v, const char *password, size_t n)
{
	unsigned char stored[32], server[32];
	int right = 0;

	if (v->kind == VERIFIER_SCRAM) {
		if (derive(password, n, v->salt, v->salt_len, v->rounds, stored, server) < 0)
			return -1;
		right = crypt_same(stored, v->stored, 32);
	} else if (v->kind == VERIFIER_CLEAR)
		right = strlen(v->text) == n && crypt_same(v->text, password, n);
	else if (v->kind == VERIFIER_HASH)
		right = check_hash(v->text, password, n);
	return right && !v->nobody;
}

int verifier_make(struct buf *line, const char *password, size_t n)
{
	unsigned char salt[16], stored[32], server[32];

	if (crypt_random(salt, sizeof salt) < 0 ||
		derive(password, n, salt, sizeof salt, VERIFIER_ROUNDS, stored, server) < 0)
		return 0;
	buf_fmt(line, "%s%u,", scram, VERIFIER_ROUNDS);
	base64_put(line, salt, sizeof salt);
	buf_putc(line, ',');
	base64_put(line, stored, sizeof stored);
	buf_putc(line, ',');
	return base64_put(line, server, sizeof server) && !line->full;
}
