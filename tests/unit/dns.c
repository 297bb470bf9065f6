/* Reading MX answers, honest and hostile: every cut of an answer, every byte
 * changed, names that loop. */
#include "../../src/net/dns.c"
#include <stdlib.h>
#include "../lib/tap.h"

static unsigned char P[2048];
static size_t N;

static void put(const void *p, size_t n)
{
	memcpy(P + N, p, n);
	N += n;
}
#define PUT(s) put(s, sizeof (s) - 1)

static void start(int rcode, int answers)
{
	N = 0;
	PUT("\0\1\x81");
	put((unsigned char[]){ 0x80 | rcode, 0, 1, 0, answers, 0, 0, 0, 0 }, 9);
	PUT("\7example\3net\0\0\x0f\0\1");	/* the name is at 12 */
}

/* An MX record with the name as bytes. */
static void mx(int pref, const void *name, size_t n)
{
	PUT("\xc0\x0c\0\x0f\0\1\0\0\0\x3c");
	put((unsigned char[]){ 0, n + 2, 0, pref }, 4);
	put(name, n);
}
#define MX(pref, s) mx(pref, s, sizeof (s) - 1)

static enum dns parse(struct mxlist *l)
{
	unsigned char *copy = malloc(N ? N : 1);	/* exact size, for the sanitizer */
	enum dns r;

	memcpy(copy, P, N);
	r = mx_parse(l, copy, N);
	free(copy);
	return r;
}

static int names(const struct mxlist *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!memchr(l->mx[i].name, 0, NAME_CAP) ||
		    (i && l->mx[i - 1].pref > l->mx[i].pref))
			return 0;
	return l->n <= MX_MAX;
}

static void honest(void)
{
	struct mxlist l;
	int first = 0;

	start(0, 3);
	MX(20, "\2mb\xc0\x0c");
	MX(10, "\2ma\xc0\x0c");
	MX(30, "\1c\7example\3org\0");
	ok(parse(&l) == DNS_OK && l.n == 3, "three records");
	ok(!strcmp(l.mx[0].name, "ma.example.net") && l.mx[0].pref == 10, "best first");
	ok(!strcmp(l.mx[1].name, "mb.example.net"), "then the next");
	ok(!strcmp(l.mx[2].name, "c.example.org"), "a name without a pointer");
	start(0, 2);
	MX(5, "\1a\xc0\x0c");
	MX(5, "\1b\xc0\x0c");
	for (int i = 0; i < 400; i++) {
		parse(&l);
		first += l.mx[0].name[0] == 'a';
		usleep(1);
	}
	ok(first > 40 && first < 360, "equal ones are shuffled (%d of 400)", first);
	start(0, 20);
	for (int i = 20; i; i--)
		MX(i, "\1a\xc0\x0c");
	ok(parse(&l) == DNS_OK && l.n == MX_MAX && l.mx[0].pref == 1 &&
		l.mx[MX_MAX - 1].pref == MX_MAX, "too many: the best are kept");
	start(0, 2);
	PUT("\xc0\x0c\0\x05\0\1\0\0\0\x3c\0\4\1x\xc0\x0c");
	MX(1, "\1a\xc0\x0c");
	ok(parse(&l) == DNS_OK && l.n == 1, "a CNAME before them");
	start(0, 1);
	PUT("\xc0\x0c\0\x05\0\1\0\0\0\x3c\0\4\1x\xc0\x0c");
	ok(parse(&l) == DNS_NONE, "a CNAME alone: none");
	start(0, 1);
	MX(0, "\0");
	ok(parse(&l) == DNS_NULLMX, "null MX");
	start(0, 2);
	MX(0, "\0");
	MX(5, "\1a\xc0\x0c");
	ok(parse(&l) == DNS_OK && l.n == 1, "null MX beside a real one is ignored");
	start(0, 0);
	ok(parse(&l) == DNS_NONE, "no answers");
	start(3, 0);
	ok(parse(&l) == DNS_NOHOST, "NXDOMAIN");
	for (int r = 1; r < 16; r++)
		if (r != 3) {
			start(r, 0);
			ok(parse(&l) == DNS_LATER, "rcode %d: later", r);
		}
}

static void hostile(void)
{
	struct mxlist l;
	size_t whole;
	int bad = 0;

	start(0, 1);
	mx(1, (char[]){ (char)0xc0, N + 14 }, 2);
	ok(parse(&l) == DNS_LATER, "a name that points at itself");
	start(0, 1);
	MX(1, "\xc0\xff\xc0\xff");
	ok(parse(&l) == DNS_LATER, "a name that points past the end");
	start(0, 1);
	MX(1, "\x80" "abc\0");
	ok(parse(&l) == DNS_LATER, "an unknown kind of label");
	start(0, 1);
	MX(1, "\4a\r\nb\0");
	ok(parse(&l) == DNS_OK && !strcmp(l.mx[0].name, "?"), "control bytes in a name");
	start(0, 1);
	MX(1, "\4a/bc\0");
	ok(parse(&l) == DNS_OK && !strcmp(l.mx[0].name, "?"), "a slash in a name");
	start(0, 1);
	PUT("\xc0\x0c\0\x0f\0\1\0\0\0\x3c\xff\xff\0\1\1a\xc0\x0c");
	ok(parse(&l) == DNS_LATER, "a record longer than the packet");
	start(0, 2);
	MX(1, "\1a\xc0\x0c");
	ok(parse(&l) == DNS_OK && l.n == 1, "fewer records than announced");
	start(0, 3);
	MX(20, "\2mb\xc0\x0c");
	MX(10, "\2ma\xc0\x0c");
	MX(30, "\1c\7example\3org\0");
	whole = N;
	for (N = 0; N < whole; N++) {
		parse(&l);
		bad += !names(&l);
	}
	ok(!bad, "every cut");
	for (size_t i = 0; i < whole; i++)
		for (int v = 0; v < 256; v++) {
			unsigned char was = P[i];

			P[i] = v;
			parse(&l);
			bad += !names(&l);
			P[i] = was;
		}
	ok(!bad && whole > 60, "every byte changed");
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 12; i < whole; i++)
			P[i] = rand();
		parse(&l);
		bad += !names(&l);
	}
	ok(!bad, "random bytes");
}

/* The longest name a packet can spell must not run over. */
static void long_name(void)
{
	unsigned char name[300];
	size_t n = 0;
	struct mxlist l;

	for (int i = 0; i < 3; i++) {
		name[n++] = 63;
		memset(name + n, 'a', 63);
		n += 63;
	}
	name[n++] = 61;
	memset(name + n, 'b', 61);
	n += 61;
	name[n] = 0;
	start(0, 1);
	PUT("\xc0\x0c\0\x0f\0\1\0\0\0\x3c\1\1\0\1");
	put(name, n + 1);
	ok(n + 1 == 255 && parse(&l) == DNS_OK && strlen(l.mx[0].name) == 253, "253 bytes fit");
	start(0, 1);
	PUT("\xc0\x0c\0\x0f\0\1\0\0\0\x3c\1\5\0\1");
	put(name, n);
	PUT("\3ccc\0");
	ok(parse(&l) == DNS_LATER, "257 do not");
}

int main(void)
{
	honest();
	hostile();
	long_name();
	return done();
}
