/* Reading TLSA answers, honest and hostile, and the names on the way to them. */
#include "../../src/net/dane.c"
#include <stdlib.h>
#include "../lib/tap.h"

static unsigned char P[4096];
static size_t N;
static char name[NAME_CAP];
static struct dane_set d;

static void put(const void *p, size_t n)
{
	memcpy(P + N, p, n);
	N += n;
}
#define PUT(s) put(s, sizeof (s) - 1)

/* The question is "_25._tcp.mx.net", at 12; "mx.net" is at 21, "net" at 24. */
static void start(int rcode, int answers)
{
	N = 0;
	PUT("\0\1\x81");
	put((unsigned char[]){ 0xa0 | rcode, 0, 1, 0, answers, 0, 0, 0, 0 }, 9);
	PUT("\3_25\4_tcp\2mx\3net\0\0\x34\0\1");
}

/* A TLSA record of n bytes with this owner. */
static void record(const void *owner, size_t o, int u, int s, int m, size_t n)
{
	put(owner, o);
	PUT("\0\x34\0\1\0\0\0\x3c");
	put((unsigned char[]){ n >> 8, n, u, s, m }, n < 3 ? 2 + n : 5);
	for (size_t i = 3; i < n; i++)
		put((unsigned char[]){ i - 2 }, 1);
}
#define TLSA(u, s, m, n) record("\xc0\x0c", 2, u, s, m, n)

static enum dane parse(void)
{
	unsigned char *copy = malloc(N ? N : 1);	/* exact size, for the sanitizer */
	enum dane r;

	memcpy(copy, P, N);
	buf_text(name, sizeof name, "_25._tcp.MX.net");
	r = tlsa_parse(&d, name, copy, N);
	free(copy);
	return r;
}

static int one(int u, int s, int m, size_t n)
{
	start(0, 1);
	TLSA(u, s, m, n);
	return parse();
}

static void honest(void)
{
	static const char cname[] = "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\5\2tl\xc0\x18";

	ok(one(3, 1, 1, 35) == DANE_RECORDS && d.n == 1, "3 1 1");
	ok(d.list[0].usage == 3 && d.list[0].selector == 1 && d.list[0].match == 1 &&
		d.list[0].len == 32 && d.list[0].data[0] == 1 && d.list[0].data[31] == 32, "all of it");
	ok(one(3, 0, 1, 35) == DANE_RECORDS && one(2, 0, 1, 35) == DANE_RECORDS &&
		one(2, 1, 1, 35) == DANE_RECORDS, "3 0 1, 2 0 1, 2 1 1");
	ok(one(3, 1, 2, 67) == DANE_RECORDS && d.list[0].len == 64 && d.list[0].data[63] == 64,
		"3 1 2");
	ok(one(0, 0, 1, 35) == DANE_UNUSABLE && one(1, 1, 1, 35) == DANE_UNUSABLE && !d.n,
		"0 and 1 are not for mail");
	ok(one(4, 0, 1, 35) == DANE_UNUSABLE && one(3, 2, 1, 35) == DANE_UNUSABLE &&
		one(3, 1, 3, 35) == DANE_UNUSABLE && one(3, 1, 0, 94) == DANE_UNUSABLE, "unknown numbers");
	start(0, 2);
	TLSA(1, 1, 1, 35);
	TLSA(3, 1, 1, 35);
	ok(parse() == DANE_RECORDS && d.n == 1, "one of two can be used");
	start(0, 20);
	for (int i = 0; i < 20; i++)
		TLSA(3, 1, 1, 35);
	ok(parse() == DANE_RECORDS && d.n == TLSA_MAX, "too many");
	start(0, 0);
	ok(parse() == DANE_NONE, "no answers");
	start(3, 0);
	ok(parse() == DANE_NONE, "NXDOMAIN");
	start(0, 2);
	PUT(cname);
	record("\2TL\3net", 8, 3, 1, 1, 35);
	ok(parse() == DANE_RECORDS && !strcmp(name, "tl.net"), "behind an alias");
	start(0, 1);
	PUT(cname);
	ok(parse() == DANE_NONE && !strcmp(name, "tl.net"), "an alias of nothing");
	for (int r = 1; r < 16; r++)
		if (r != 3) {
			start(r, 1);
			TLSA(3, 1, 1, 35);
			ok(parse() == DANE_ERROR && !d.n, "rcode %d: trouble", r);
		}
}

/* No length or number in it is right by chance. */
static int sane(enum dane r)
{
	for (unsigned i = 0; i < d.n; i++)
		if (d.list[i].len != (d.list[i].match == 1 ? 32 : 64) || d.list[i].usage - 2 > 1)
			return 0;
	return d.n <= TLSA_MAX && memchr(name, 0, NAME_CAP) && (r == DANE_RECORDS) <= (d.n > 0);
}

static void hostile(void)
{
	size_t whole;
	int bad = 0;

	ok(one(3, 1, 1, 34) == DANE_UNUSABLE && one(3, 1, 1, 36) == DANE_UNUSABLE &&
		one(3, 1, 2, 35) == DANE_UNUSABLE && one(3, 1, 1, 3) == DANE_UNUSABLE, "wrong lengths");
	ok(one(3, 1, 1, 2) == DANE_UNUSABLE && one(3, 1, 1, 0) == DANE_UNUSABLE, "too short for any");
	start(0, 1);
	record("\2no\xc0\x18", 5, 3, 1, 1, 35);
	ok(parse() == DANE_ERROR && !d.n, "somebody else's record alone");
	start(0, 2);
	record("\2no\xc0\x18", 5, 3, 1, 1, 35);
	TLSA(1, 1, 1, 35);
	ok(parse() == DANE_UNUSABLE && !d.n, "and beside one of ours");
	start(0, 1);
	PUT("\xc0\x0c\0\x34\0\1\0\0\0\x3c\0\x24\3\1\1");
	ok(parse() == DANE_ERROR, "a record longer than the packet");
	start(0, 2);
	TLSA(3, 1, 1, 35);
	ok(parse() == DANE_ERROR, "fewer records than announced, or cut");
	start(0, 1);
	PUT("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0");
	put((unsigned char[]){ N - 1 }, 1);
	ok(parse() == DANE_ERROR, "an alias that points at itself");
	start(0, 1);
	PUT("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\3abc\0");
	ok(parse() == DANE_ERROR, "an alias that runs past its record");
	start(0, 3);
	PUT("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\5\2tl\xc0\x18");
	record("\2tl\xc0\x18", 5, 3, 1, 1, 35);
	record("\2tl\xc0\x18", 5, 2, 0, 2, 67);
	whole = N;
	for (N = 0; N < whole; N++)
		bad += !sane(parse()) || d.n > 1;
	ok(!bad, "every cut");
	for (size_t i = 0; i < whole; i++)
		for (int v = 0; v < 256; v++) {
			unsigned char was = P[i];

			P[i] = (unsigned char)v;
			bad += !sane(parse());
			P[i] = was;
		}
	ok(!bad && whole > 100, "every byte changed");
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 12; i < whole; i++)
			P[i] = (unsigned char)rand();
		bad += !sane(parse());
	}
	ok(!bad, "random bytes");
}

int main(void)
{
	honest();
	hostile();
	return done();
}
