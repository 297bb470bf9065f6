/* Digests, HMAC, PBKDF2 and base64 against the vectors of their RFCs: what is above Mbed
 * TLS must hand it the right bytes in the right order. */
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "../lib/tap.h"

#if CFG_TLS
#include "../../src/net/crypt.h"

static char shown[2 * DIGEST_MAX + 1];

static const char *hex(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sprintf(shown + 2 * i, "%02x", p[i]);
	return shown;
}

static void digests(void)
{
	static const struct { const char *text, *sum[3]; } row[] = {
		{ "", { "d41d8cd98f00b204e9800998ecf8427e",
			"da39a3ee5e6b4b0d3255bfef95601890afd80709",
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" } },
		{ "abc", { "900150983cd24fb0d6963f7d28e17f72",
			"a9993e364706816aba3e25717850c26c9cd0d89d",
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" } },
	};
	unsigned char out[DIGEST_MAX];
	unsigned i, d;

	for (i = 0; i < 2; i++)
		for (d = 0; d < 3; d++)
			ok(!digest(d, row[i].text, strlen(row[i].text), out) &&
				!strcmp(hex(out, digest_size(d)), row[i].sum[d]),
				"digest %u of \"%s\"", d, row[i].text);
	ok(digest_size(DIGEST_MD5) == 16 && digest_size(DIGEST_SHA1) == 20 &&
		digest_size(DIGEST_SHA256) == 32, "their sizes");
}

/* RFC 2202 and RFC 4231: the short key, and the one that is longer than a block. */
static void macs(void)
{
	static const char *const sum[2][3] = {
		{ "750c783e6ab0b503eaa86e310a5db738", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd", "aa4ae5e15272d00e95705637ce8a3b55ed402112",
		"6953025ed96f0c09f80a96f78e6538dbe2e7b820e3dd970e7ddd39091b32352f" },
	};
	static const char what[] = "what do ya want for nothing?";
	static const char large[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	unsigned char key[80], out[DIGEST_MAX];
	unsigned d;

	memset(key, 0xaa, sizeof key);
	for (d = 0; d < 3; d++) {
		ok(!digest_hmac(d, "Jefe", 4, what, strlen(what), out) &&
			!strcmp(hex(out, digest_size(d)), sum[0][d]), "HMAC %u", d);
		ok(!digest_hmac(d, key, sizeof key, large, strlen(large), out) &&
			!strcmp(hex(out, digest_size(d)), sum[1][d]), "HMAC %u, long key", d);
	}
	ok(!digest_hmac(DIGEST_SHA256, "", 0, "", 0, out) && !strcmp(hex(out, 32),
		"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"), "HMAC of nothing");
}

/* RFC 6070 for SHA-1; RFC 7914 11 for SHA-256, whose first block this is. */
static void pbkdf2(void)
{
	unsigned char out[DIGEST_MAX];

	ok(!digest_pbkdf2(DIGEST_SHA1, "password", 8, "salt", 4, 1, out) &&
		!strcmp(hex(out, 20), "0c60c80f961f0e71f3a9b524af6012062fe037a6"), "one round");
	ok(!digest_pbkdf2(DIGEST_SHA1, "password", 8, "salt", 4, 2, out) &&
		!strcmp(hex(out, 20), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"), "two rounds");
	ok(!digest_pbkdf2(DIGEST_SHA1, "password", 8, "salt", 4, 4096, out) &&
		!strcmp(hex(out, 20), "4b007901b765489abead49d926f721d065a429c1"), "4096 rounds");
	ok(!digest_pbkdf2(DIGEST_SHA1, "pass\0word", 9, "sa\0lt", 5, 4096, out) &&
		!memcmp(hex(out, 16), "56fa6aa75548099dcc37d7f03425e0c3", 32), "NUL bytes");
	ok(!digest_pbkdf2(DIGEST_SHA256, "passwd", 6, "salt", 4, 1, out) && !strcmp(hex(out, 32),
		"55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"), "SHA-256");
	ok(!digest_pbkdf2(DIGEST_SHA256, "Password", 8, "NaCl", 4, 80000, out) &&
		!strcmp(hex(out, 32),
		"4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"), "80000 rounds");
}

static void base64(void)
{
	/* RFC 4648 10 */
	static const char *const row[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfb", "//77" }, { "\xfb\xef\xbe", "++++" } };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zm9vY", "====", "Zg==Zg==", "Zm-v", "Zm9v*" };
	unsigned char raw[300], back[300];
	char text[400];
	unsigned i, n;
	ssize_t len;

	for (i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct buf b = BUF_OVER(text);

		ok(base64_put(&b, row[i][0], strlen(row[i][0])) && b.len == strlen(row[i][1]) &&
			!memcmp(b.s, row[i][1], b.len), "%s", row[i][1]);
		len = base64_get(back, sizeof back, row[i][1], strlen(row[i][1]));
		ok(len == (ssize_t)strlen(row[i][0]) && !memcmp(back, row[i][0], (size_t)len), "and back");
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(base64_get(back, sizeof back, bad[i], strlen(bad[i])) < 0, "not: %s", bad[i]);
	ok(base64_get(back, 2, "Zm9v", 4) < 0 && base64_get(back, 3, "Zm9v", 4) == 3, "no room to decode");
	for (n = 0, i = 0; i < sizeof raw; i++) {
		struct buf b = BUF_OVER(text), tight = BUF_AT(text, 0, (i + 2) / 3 * 4 - !!i);

		raw[i] = (unsigned char)(i * 167 + 13);
		n += base64_put(&tight, raw, i) == !i && tight.len == 0 && base64_put(&b, raw, i) &&
			base64_get(back, i, b.s, b.len) == (ssize_t)i && !memcmp(raw, back, i);
	}
	ok(n == sizeof raw, "there and back at each length, never without room");
}

static void pieces(void)
{
	unsigned char a[32], b[32], text[1000];
	struct sha256 h;
	size_t i, n;

	for (i = 0; i < sizeof text; i++)
		text[i] = (unsigned char)i;
	sha256_begin(&h);
	for (i = 0; i < sizeof text; i += n) {
		n = i % 97 + 1 < sizeof text - i ? i % 97 + 1 : sizeof text - i;
		sha256_put(&h, text + i, n);
	}
	sha256_end(&h, a);
	ok(!digest(DIGEST_SHA256, text, sizeof text, b) && !memcmp(a, b, 32), "a SHA-256 in pieces");
	ok(!crypt_random(a, 32) && !crypt_random(b, 32) && memcmp(a, b, 32), "chance");
	crypt_wipe(a, 32);
	for (n = 0, i = 0; i < 32; i++)
		n += a[i];
	ok(n == 0, "wiped");
}

int main(void)
{
	digests();
	macs();
	pbkdf2();
	base64();
	pieces();
	return done();
}
#else
int main(void)
{
	ok(1, "# SKIP TLS is not built in");
	return done();
}
#endif
