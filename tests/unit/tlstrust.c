/* Pins as people write them, TLSA records that can be used, dates of certificates. */
#include "../../src/net/tls_trust.c"
#include "../lib/tap.h"

static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static void pin(const char *s, int want)
{
	unsigned char out[32], is[32];
	int i, r = read_pin(s, strlen(s), out);

	for (i = 0; i < 32; i++)
		is[i] = (unsigned char)i;
	ok(r == want && (r < 0 || !memcmp(out, is, 32)), "pin \"%s\" is %s", s, want ? "none" : "one");
}

static void pins(void)
{
	char s[200];
	int i, n = 0;

	pin(hex, 0);
	for (i = 0; i < 32; i++)
		n += sprintf(s + n, "%s%02X", i ? ":" : "", i);
	pin(s, 0);
	pin("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 0);
	pin("sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 0);
	sprintf(s, "sha256//%s", hex);
	pin(s, 0);
	sprintf(s, "%s0", hex);
	pin(s, -1);
	sprintf(s, "%.63sg", hex);
	pin(s, -1);
	sprintf(s, "%.63s", hex);
	pin(s, -1);
	pin("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", -1);
	pin("sha256//", -1);
	pin("none", -1);
}

static void records(void)
{
	static const struct { struct tlsa r; int want; } t[] = {
		{ { 3, 1, 1, 32, { 0 } }, 1 }, { { 3, 0, 1, 32, { 0 } }, 1 },
		{ { 2, 1, 1, 32, { 0 } }, 1 }, { { 2, 0, 1, 32, { 0 } }, 1 },
		{ { 3, 1, 2, 64, { 0 } }, 1 }, { { 0, 1, 1, 32, { 0 } }, 0 },
		{ { 1, 0, 1, 32, { 0 } }, 0 }, { { 3, 2, 1, 32, { 0 } }, 0 },
		{ { 3, 1, 0, 32, { 0 } }, 0 }, { { 3, 1, 3, 32, { 0 } }, 0 },
		{ { 3, 1, 1, 31, { 0 } }, 0 }, { { 3, 1, 2, 32, { 0 } }, 0 },
		{ { 255, 1, 1, 32, { 0 } }, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(usable(&t[i].r) == t[i].want, "TLSA %d %d %d of %d bytes: %s", t[i].r.usage,
			t[i].r.selector, t[i].r.match, t[i].r.len, t[i].want ? "used" : "not used");
}

int main(void)
{
	static const mbedtls_x509_time y2038 = { 2038, 1, 19, 3, 14, 8 }, y1950 = { 1950, 1, 1, 0, 0, 0 },
		never = { 9999, 12, 31, 23, 59, 59 };

	pins();
	records();
	ok(trust_time(&y2038) == 2147483648, "a date behind 2038");
	ok(trust_time(&y1950) == -631152000, "a date before 1970");
	ok(trust_time(&never) == 253402300799, "RFC 5280's date without an end");
	return done();
}
