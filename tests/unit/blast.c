/* The dot coding (checklist 75-80, 87; trap T1): known texts, and random ones
 * through every size of chunk, read back by a strict decoder. */
#include "../../src/deliver/blast.c"
#include "../lib/tap.h"
#include <stdlib.h>
#include <string.h>

#define MAX 64
static unsigned seed = 1;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* Encodes with input pieces of at most `in` bytes and output room of `out`. */
static size_t encode(const char *s, size_t n, char *o, size_t in, size_t out)
{
	struct blast b = { BLAST_START };
	size_t len = 0, k;

	while (n) {
		char piece[MAX];

		k = n < in ? n : in;
		memcpy(piece, s, k);	/* exact bounds, for the sanitizer */
		len += blast_put(&b, piece, &k, o + len, out);
		s += k;
		n -= k;
	}
	return len + blast_end(&b, o + len);
}

static int is(const char *s, size_t n, const char *want, size_t m)
{
	char o[5 * MAX];

	return encode(s, n, o, MAX, 32) == m && !memcmp(o, want, m);
}
#define IS(s, want) ok(is(s, sizeof (s) - 1, want, sizeof (want) - 1), "%s", #s)

/* What the receiver must get: each of CR LF, LF, CR ends a line. LF for each. */
static size_t normalise(const char *s, size_t n, char *o)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\r') {
			if (i + 1 < n && s[i + 1] == '\n')
				i++;
			o[len++] = '\n';
		} else
			o[len++] = s[i];
	}
	if (len && o[len - 1] != '\n')
		o[len++] = '\n';
	return len;
}

/* RFC 5321 to the letter. Length, or -1: no end, an early end, a bare CR or LF. */
static long decode(const char *s, size_t n, char *o)
{
	size_t len = 0;

	for (size_t i = 0; i < n; ) {
		size_t end = i;

		while (end + 1 < n && !(s[end] == '\r' && s[end + 1] == '\n')) {
			if (s[end] == '\r' || s[end] == '\n')
				return -1;
			end++;
		}
		if (end + 1 >= n)
			return -1;
		if (s[i] == '.' && end == i + 1)
			return end + 2 == n ? (long)len : -1;
		if (s[i] == '.')
			i++;
		memcpy(o + len, s + i, end - i);
		len += end - i;
		o[len++] = '\n';
		i = end + 2;
	}
	return -1;
}

static int round_trip(const char *s, size_t n, size_t in, size_t out)
{
	char wire[5 * MAX], got[5 * MAX], want[2 * MAX];
	size_t m = normalise(s, n, want);
	long k = decode(wire, encode(s, n, wire, in, out), got);

	return k == (long)m && !memcmp(got, want, m);
}

int main(void)
{
	static const char bytes[] = "\r\n.\r\n.a";
	char s[MAX];
	int bad = 0, tried = 0;

	IS("", ".\r\n");
	IS(".\n", "..\r\n.\r\n");
	IS("cr\rlf\n", "cr\r\nlf\r\n.\r\n");
	IS(".\r\n", "..\r\n.\r\n");
	IS("a\r.\r\nb\n", "a\r\n..\r\nb\r\n.\r\n");
	IS("a\r.\nMAIL\n", "a\r\n..\r\nMAIL\r\n.\r\n");
	IS("a\r\r\nb", "a\r\n\r\nb\r\n.\r\n");
	IS("a\r", "a\r\n.\r\n");
	IS("\r", "\r\n.\r\n");
	IS("\n.\n\n..\n", "\r\n..\r\n\r\n...\r\n.\r\n");
	IS("partial", "partial\r\n.\r\n");
	IS("nul\0\200\n", "nul\0\200\r\n.\r\n");
	/* The decoder itself must see what it is there for. */
	ok(decode("a\r\n.\r\nb\r\n.\r\n", 13, s) < 0, "decoder finds an early end");
	ok(decode("a\rb\r\n.\r\n", 9, s) < 0, "decoder finds a bare CR");
	ok(decode("a\nb\r\n.\r\n", 9, s) < 0, "decoder finds a bare LF");
	for (int i = 0; i < 20000; i++) {
		size_t n = rnd(24);

		for (size_t k = 0; k < n; k++)
			s[k] = rnd(4) ? bytes[rnd(7)] : (char)rnd(256);
		for (size_t in = 1; in <= 5; in++)
			for (size_t out = 4; out <= 9; out++, tried++)
				bad += !round_trip(s, n, in, out);
	}
	ok(!bad && tried == 600000, "random texts, every chunk (%d of %d wrong)", bad, tried);
	return done();
}
