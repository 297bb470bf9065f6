/* The text behind DATA: known texts, cut at every byte; every short text of the bytes
 * that matter against the rule itself; and that nothing but CR LF . CR LF ends one. */
#include "../../src/serve/data.c"
#include "../lib/tap.h"
#include <stdlib.h>
#include <string.h>

#define MAX 64

/* Decodes with a cut after each `cut` bytes. Length, or -1 when it did not end; *used
 * are the bytes up to the end. Buffers have their exact size, for the sanitizer. */
static long decode(const char *s, size_t n, size_t cut, char *o, size_t *used, struct data *d)
{
	size_t len = 0, at = 0;

	memset(d, 0, sizeof *d);
	while (at < n && d->state != DATA_END) {
		size_t k = n - at < cut ? n - at : cut, got, took;
		char *in = malloc(k), *out = malloc(k + DATA_GROWTH);

		memcpy(in, s + at, k);
		took = data_take(d, in, k, out, &got);
		if (took < k && d->state != DATA_END)
			return -2;
		memcpy(o + len, out, got);
		len += got;
		at += took;
		free(in);
		free(out);
	}
	*used = at;
	return d->state == DATA_END ? (long)len : -1;
}

/* RFC 5321 4.5.2 as it reads: lines end in CR LF; one that is "." alone is the end; of
 * another that begins with a dot the dot goes. Here, a LF alone is text. */
static long rule(const char *s, size_t n, char *o, size_t *used)
{
	size_t len = 0, at = 0, end;

	for (;;) {
		for (end = at; end + 1 < n && !(s[end] == '\r' && s[end + 1] == '\n'); end++)
			;
		if (end + 1 >= n)
			return -1;
		*used = end + 2;
		if (end == at + 1 && s[at] == '.')
			return (long)len;
		/* A dot that a CR or LF alone follows stands in a line that is odd already. */
		if (end > at && s[at] == '.' && s[at + 1] != '\n' && s[at + 1] != '\r')
			at++;
		memcpy(o + len, s + at, end - at);
		len += end - at;
		o[len++] = '\n';
		at = end + 2;
	}
}

static void is(const char *s, size_t n, const char *want, size_t m, const char *name)
{
	char o[2 * MAX];
	struct data d;
	size_t cut, used = 0;
	int good = 1;

	for (cut = 1; cut <= n; cut++)
		good &= decode(s, n, cut, o, &used, &d) == (long)m && !memcmp(o, want, m);
	ok(good, "%s", name);
}
#define IS(s, want) is(s, sizeof (s) - 1, want, sizeof (want) - 1, #s)

static void open_end(const char *s, size_t n, const char *name)
{
	char o[2 * MAX];
	struct data d;
	size_t cut, used;
	int good = 1;

	for (cut = 1; cut <= n; cut++)
		good &= decode(s, n, cut, o, &used, &d) == -1;
	ok(good, "no end: %s", name);
}
#define OPEN(s) open_end(s, sizeof (s) - 1, #s)

/* All texts of up to 7 of these bytes, in pieces of 1, 2, 3 and 9. */
static void all_texts(void)
{
	static const char bytes[] = { '\r', '\n', '.', 'a' };
	char s[8 + 5], o[32], want[32];
	size_t n, i, k, count, used, want_used = 0;
	unsigned long tried = 0, bad = 0, ended = 0;
	struct data d;

	for (n = 0; n <= 7; n++)
		for (count = (size_t)1 << 2 * n, i = 0; i < count; i++) {
			for (k = 0; k < n; k++)
				s[k] = bytes[i >> 2 * k & 3];
			memcpy(s + n, "\r\n.\r\n", 5);
			for (k = 1; k <= 9; k += k == 3 ? 6 : 1) {
				long m = rule(s, n + 5, want, &want_used);

				tried++;
				ended += want_used < n + 5;
				bad += decode(s, n + 5, k, o, &used, &d) != m ||
					(m >= 0 && (memcmp(o, want, (size_t)m) || used != want_used));
			}
		}
	ok(!bad && tried == 4 * 21845 && ended > 50, "%lu texts, %lu end early, %lu wrong", tried, ended, bad);
}

static void flags(const char *s, size_t n, int lf, int cr, int nul, const char *name)
{
	char o[2 * MAX];
	struct data d;
	size_t cut, used;
	int good = 1;

	for (cut = 1; cut <= n; cut++) {
		decode(s, n, cut, o, &used, &d);
		good &= d.barelf == lf && d.barecr == cr && d.nul == nul;
	}
	ok(good, "seen in %s: LF %d, CR %d, NUL %d", name, lf, cr, nul);
}
#define FLAGS(s, lf, cr, nul) flags(s, sizeof (s) - 1, lf, cr, nul, #s)

int main(void)
{
	IS(".\r\n", "");
	IS("a\r\n.\r\n", "a\n");
	IS("\r\n.\r\n", "\n");
	IS("a\r\n..\r\n.\r\n", "a\n.\n");
	IS(".a\r\n...b\r\n.\r\n", "a\n..b\n");
	IS("a\n.\nb\r\n.\r\n", "a\n.\nb\n");
	IS("a\n.\r\nb\r\n.\r\n", "a\n.\nb\n");
	IS("a\n..\nb\r\n.\r\n", "a\n..\nb\n");
	IS("a\r.\r\nb\r\n.\r\n", "a\r.\nb\n");
	IS("a\r\n.\nb\r\n.\r\n", "a\n.\nb\n");
	IS("a\r\n.\rb\r\n.\r\n", "a\n.\rb\n");
	IS("a\r\r\n.\r\r\nb\r\n.\r\n", "a\r\n.\r\nb\n");
	IS("a\r\n.\r.\r\n.\r\n", "a\n.\r.\n");
	IS("nul\0\200\r\n.\r\n", "nul\0\200\n");
	OPEN("a\n.\n");
	OPEN("a\n.\r\n");
	OPEN("a\r\n.\n");
	OPEN("a\r.\r");
	OPEN("a\r.\r\n");
	OPEN("a\r\n.\r");
	OPEN("a\r\r\n.\r\r\n");
	OPEN("a\r\n.\0\r\n");
	OPEN("a\n\r.\n\r");
	OPEN("a\r\n.\r\rMAIL FROM:<x>\r\n");
	FLAGS("a\r\n.\r\n", 0, 0, 0);
	FLAGS("a\nb\r\n.\r\n", 1, 0, 0);
	FLAGS("\n\r\n.\r\n", 1, 0, 0);
	FLAGS("a\r\n.\n\r\n.\r\n", 1, 0, 0);
	FLAGS("a\rb\r\n.\r\n", 0, 1, 0);
	FLAGS("a\r\r\n.\r\n", 0, 1, 0);
	FLAGS("a\r\n.\rb\r\n.\r\n", 0, 1, 0);
	FLAGS("a\0b\r\n.\r\n", 0, 0, 1);
	FLAGS(".\0\r\n.\r\n", 0, 0, 1);
	all_texts();
	return done();
}
