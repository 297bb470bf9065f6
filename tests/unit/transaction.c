/* UTF-8 of addresses: every character, every form that is none, each string cut short; and
 * every string of three bytes against the rule as RFC 3629 4 writes it. */
#include "../../src/serve/transaction.c"
#include "../lib/tap.h"
#include <stdlib.h>

/* Exact size, for the sanitizer. */
static int judge(const unsigned char *s, size_t n)
{
	unsigned char *p = malloc(n ? n : 1);
	int r;

	memcpy(p, s, n);
	r = is_utf8(p, n);
	free(p);
	return r;
}

static size_t encode(unsigned c, unsigned char *o)
{
	if (c < 0x80)
		return o[0] = (unsigned char)c, 1;
	if (c < 0x800)
		return o[0] = (unsigned char)(0xc0 | c >> 6), o[1] = 0x80 | (c & 63), 2;
	if (c < 0x10000)
		return o[0] = (unsigned char)(0xe0 | c >> 12), o[1] = 0x80 | (c >> 6 & 63),
			o[2] = 0x80 | (c & 63), 3;
	return o[0] = (unsigned char)(0xf0 | c >> 18), o[1] = 0x80 | (c >> 12 & 63),
		o[2] = 0x80 | (c >> 6 & 63), o[3] = 0x80 | (c & 63), 4;
}

static int tail(unsigned c) { return c >= 0x80 && c <= 0xbf; }

/* The grammar: how many bytes of s are its first character, 0 it is none. */
static size_t rule(const unsigned char *s, size_t n)
{
	if (n && s[0] < 0x80)
		return 1;
	if (n > 1 && s[0] >= 0xc2 && s[0] <= 0xdf && tail(s[1]))
		return 2;
	if (n > 2 && tail(s[2]) && ((s[0] == 0xe0 && s[1] >= 0xa0 && s[1] <= 0xbf) ||
		(s[0] >= 0xe1 && s[0] <= 0xec && tail(s[1])) ||
		(s[0] == 0xed && s[1] >= 0x80 && s[1] <= 0x9f) ||
		(s[0] >= 0xee && s[0] <= 0xef && tail(s[1]))))
		return 3;
	return 0;
}

static void test_characters(void)
{
	unsigned c, bad = 0, cut = 0;
	unsigned char s[4];
	size_t n;

	for (c = 0; c < 0x200000; c++) {
		n = encode(c, s);
		bad += judge(s, n) != (c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
		cut += n > 1 && judge(s, n - 1);
	}
	ok(!bad, "each character is one, and nothing else is");
	ok(!cut, "one that is cut short is none");
}

static void test_rule(void)
{
	unsigned i, bad = 0;
	unsigned char s[3];
	size_t at, k;

	for (i = 0; i < 1u << 24; i++) {
		s[0] = (unsigned char)(i >> 16);
		s[1] = (unsigned char)(i >> 8);
		s[2] = (unsigned char)i;
		for (at = 0; at < 3 && (k = rule(s + at, 3 - at)); at += k)
			;
		bad += is_utf8(s, 3) != (at == 3);
	}
	ok(!bad, "every string of three bytes, against the grammar");
}

static void test_forms(void)
{
	static const char *const none[] = { "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\x80", "a\xc3", "\xc3""a", "\xed\xa0\x80" };
	size_t i;

	for (i = 0; i < sizeof none / sizeof *none; i++)
		ok(!judge((const unsigned char *)none[i], strlen(none[i])), "form %zu is none", i);
	ok(judge((const unsigned char *)"", 0), "nothing at all is UTF-8");
}

int main(void)
{
	test_characters();
	test_rule();
	test_forms();
	return done();
}
