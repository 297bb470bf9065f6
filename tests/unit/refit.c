/* A message made to fit: known texts, the same through every split of the input, and
 * random bytes: nothing is lost, no line is too long, and twice gives the same. */
#include "../../src/msg/mime.c"
#define value refit_value
#include "../../src/msg/refit.c"
#undef value
#include "../lib/tap.h"
#include <stdlib.h>

static struct refit r;
static struct refit_plan plan;
static char out[1 << 20];
static size_t out_len;
static unsigned seed = 7;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* All of s in pieces of at most k bytes. */
static void pass(const char *s, size_t n, size_t k, int study)
{
	refit_begin(&r, &plan, study);
	out_len = 0;
	for (int end = 0; !end; ) {
		size_t m = n < k ? n : k, took;
		char *piece = malloc(m + !m);	/* exact bounds, for the sanitizer */

		memcpy(piece, s, m);
		took = refit_put(&r, piece, m);
		free(piece);
		end = !m;
		s += took;
		n -= took;
		memcpy(out + out_len, r.out.s, r.out.len);
		out_len += r.out.len;
		if (r.out.full)
			abort();
	}
}

static void study(const char *s, size_t n, size_t k)
{
	memset(&plan, 0, sizeof plan);
	pass(s, n, k, 1);
	plan.what = 0;
	if (out_len)
		abort();
}

/* 1 when s becomes `want` however it is split. */
static int becomes(unsigned what, const char *s, const char *want)
{
	size_t n = strlen(s), good = 0;

	for (size_t k = 1; k <= n; k++) {
		study(s, n, k);
		plan.what = what;
		pass(s, n, n + 1 - k, 0);
		good += out_len == strlen(want) && !memcmp(out, want, out_len);
	}
	if (good != n)
		printf("# %.*s\n", (int)out_len, out);
	return good == n;
}
#define EIGHT(s, want, name) ok(becomes(REFIT_EIGHT, s, want), "%s", name)

#define Q "Content-Transfer-Encoding: quoted-printable\n"
#define T8 "Content-Type: text/plain; charset=utf-8\n"

static void texts(void)
{
	EIGHT("A: b\n\nplain\n", "A: b\n\nplain\n", "nothing to do");
	EIGHT("A: b\n\n\xc3\xbc", "A: b\nMIME-Version: 1.0\n" T8 Q "\n=C3=BC\n", "no end of line");
	EIGHT("A: b\r\n\r\n\xc3\xbc\rx\r\n", "A: b\nMIME-Version: 1.0\n" T8 Q "\n=C3=BC\nx\n", "CR and CR LF");
	EIGHT("\n\xc3\xbc\n", "MIME-Version: 1.0\n" T8 Q "\n=C3=BC\n", "an empty header");
	EIGHT("A: b\nno field \xc3\xbc\n", "A: b\nMIME-Version: 1.0\n" T8 Q "\nno field =C3=BC\n",
		"a header that ends without an empty line");
	EIGHT("MIME-Version: 1.0\nContent-Transfer-Encoding\t:\n 8bit\nContent-Type:text/html\nB: c\n\n\xff \t\n=\n",
		"MIME-Version: 1.0\nContent-Type:text/html\nB: c\n" Q "\n=FF =09\n=3D\n", "fields replaced");
	EIGHT("Content-Transfer-Encoding: base64\n\n\xc3\xbc" "AAAA\n",
		"Content-Transfer-Encoding: base64\n\nAAAA\n", "8 bits in base64");
	EIGHT("Content-Transfer-Encoding: quoted-printable\n\n\xc3\xbc=3D=\n \n",
		Q "\n=C3=BC=3D=\n \n", "8 bits in quoted-printable");
	EIGHT("Content-Type: multipart/mixed; boundary=a\nContent-Transfer-Encoding: 8bit\n\npre\n--a\n\n\xc3\xbc\n--a\n"
		"Content-Type: text/plain\n\nplain =\n--a--\nepi\n",
		"Content-Type: multipart/mixed; boundary=a\n\npre\n--a\n" T8 Q "\n=C3=BC\n--a\n"
		"Content-Type: text/plain\n\nplain =\n--a--\nepi\n", "only the part that needs it");
	EIGHT("Content-Type: multipart/mixed;\n\tx=\"boundary=no\\\"; boundary=b\"; BOUNDARY = \"a\"\n\n"
		"--a \n\n\xc3\xbc\n--ab\n--a--x\n--a--\n\n\xc3\xbc",
		"Content-Type: multipart/mixed;\n\tx=\"boundary=no\\\"; boundary=b\"; BOUNDARY = \"a\"\n\n"
		"--a \n" T8 Q "\n=C3=BC\n--ab\n--a--x\n--a--\n\n\xc3\xbc\n", "boundaries and what looks like some");
	EIGHT("Content-Type: multipart/digest; boundary=a\n\n--a\n\nB: c\n\n\xc3\xbc\n--a--\n",
		"Content-Type: multipart/digest; boundary=a\n\n--a\n\nB: c\nMIME-Version: 1.0\n" T8 Q "\n=C3=BC\n--a--\n",
		"a digest has messages");
	EIGHT("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=aa\n\n"
		"--aa\n\n\xc3\xbc\n--a\n\n\xc3\xbc\n",
		"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=aa\n\n"
		"--aa\n" T8 Q "\n=C3=BC\n--a\n" T8 Q "\n=C3=BC\n", "an outer boundary ends the inner parts");
}

static int found(const char *s, int where)
{
	study(s, strlen(s), strlen(s));
	return plan.in[where];
}

static void zones(void)
{
	static char deep[4096], many[1 << 16];
	char *p = deep;
	int i;

	ok(found("A: \xc3\xbc\n\nx\n", IN_HEADER) == REFIT_EIGHT && !plan.in[IN_BODY], "UTF-8 in a header");
	ok(found("A: \xc3\n\nx\n", IN_HEADER) == (REFIT_EIGHT | REFIT_BAD), "other bytes there");
	ok(found("A: \xf0\x9f\x93\xa7\n\nx\n", IN_HEADER) == REFIT_EIGHT, "four bytes");
	ok(found("A: \xc0\xaf\n\nx\n", IN_HEADER) & REFIT_BAD, "too short to be one");
	ok(found("Content-Type: multipart/signed; boundary=a\n\n--a\n\n\xc3\xbc\n", IN_FIXED) == REFIT_EIGHT, "signed");
	ok(found("Content-Type: multipart/mixed\n\n\xc3\xbc\n", IN_FIXED) == REFIT_EIGHT, "no boundary");
	ok(found("Content-Type: multipart/mixed; boundary=\"\"\n\n\xc3\xbc\n", IN_FIXED) == REFIT_EIGHT, "an empty one");
	ok(found("Content-Transfer-Encoding: x-uue\n\n\xc3\xbc\n", IN_FIXED) == REFIT_EIGHT, "a coding of its own");
	ok(found("Content-Type: multipart/mixed; boundary=a\n\n\xc3\xbc\n--a--\n", IN_NOTHING) == REFIT_EIGHT, "between parts");
	for (i = 0; i < 9; i++)
		p += sprintf(p, "Content-Type: multipart/mixed; boundary=d%d\n\n--d%d\n", i, i);
	strcpy(p, "\n\xc3\xbc\n");
	ok(found(deep, IN_FIXED) == REFIT_EIGHT, "nine deep");
	p = strstr(deep, "d8\n\n");
	ok(p && found(strcpy(p, "d8\n\n\xc3\xbc\n") ? deep : 0, IN_FIXED) == REFIT_EIGHT, "the ninth boundary is none");
	p = many + sprintf(many, "Content-Type: multipart/mixed; boundary=m\n\n");
	for (i = 0; i < 300; i++)
		p += sprintf(p, "--m\n\n%d\n", i);
	ok(!found(many, IN_FIXED) && !found(many, IN_BODY), "300 parts");
	strcpy(p, "--m\n\n\xc3\xbc\n");
	ok(found(many, IN_FIXED) == REFIT_EIGHT, "8 bits in one too many");
}

static size_t longest(void)
{
	size_t most = 0, n = 0;

	for (size_t i = 0; i < out_len; i++) {
		n = out[i] == '\n' ? 0 : n + 1;
		most = n > most ? n : most;
	}
	return most;
}

/* A body line of n bytes c, with `head` in front of it. */
static size_t with_line(const char *head, size_t n, int c)
{
	static char s[1 << 18];
	size_t h = strlen(head);

	memcpy(s, head, h);
	memset(s + h, c, n);
	strcpy(s + h + n, "\nend\n");
	study(s, h + n + 5, 4096);
	plan.what = (plan.in[0] | plan.in[1] | plan.in[2] | plan.in[3]) & REFIT_LONG;
	pass(s, h + n + 5, 1 + rnd(5000), 0);
	return longest();
}

static void lines(void)
{
	ok(with_line("A: b\n\n", 998, 'x') == 998 && !plan.what, "998 bytes are fine");
	ok(with_line("A: b\n\n", 999, 'x') == 76 && plan.what, "999 are not");
	ok(with_line("A: b\n\n", 100000, '=') == 76 && out_len > 300000, "100000");
	ok(with_line("Content-Transfer-Encoding: base64\n\n", 4000, 'A') == 76, "base64 is cut");
	ok(with_line(Q "\n", 4000, 'A') == 76, "quoted-printable is cut");
	ok(with_line("Content-Type: message/partial\n\n", 4000, 'A') == 998, "what is not encoded is broken");
	ok(with_line("Content-Type: multipart/encrypted; boundary=b\n\n", 4000, 'A') == 4000, "what is sealed is not");
	ok(with_line("A: b ", 4000, 'c') == 998, "a field");
	ok(with_line("A: ", 998 - 3, 'c') == 998 && !plan.what, "one that fits");
	ok(with_line("A: b", 4000, ' ') == 998, "a field of blanks");
	ok(with_line("Content-Type: multipart/mixed; boundary=", 2000, 'c') == 998 && !plan.in[IN_NOTHING],
		"a boundary of that length is none");
}

static int long_found(void)
{
	return (plan.in[0] | plan.in[1] | plan.in[2] | plan.in[3]) & REFIT_LONG;
}

/* Whatever the bytes: all of them pass when nothing is to be done; the second result is
 * the first; a third pass finds nothing left to do in bodies. */
static void noise(void)
{
	static const char *const words[] = { "\n", "\n", "\n\n", "--a", "--a--", "--b\n", "Content-Type: ",
		"multipart/mixed; boundary=a\n", "multipart/mixed; boundary=b\n\n", "message/rfc822\n\n",
		"Content-Transfer-Encoding: ", "8bit\n", "base64\n", "quoted-printable\n", "\xc3\xbc", "\xff", "=", "=3",
		" ", "\t", "\r", "\r\n", ".", "text", ": ", "\"", "\\", ";" };
	static char s[20000], t[sizeof out];
	size_t bad = 0, changed = 0;

	for (int i = 0; i < 4000; i++) {
		size_t n = 0, want = 1 + rnd(300), len;
		int most;

		while (want--) {
			const char *w = words[rnd(sizeof words / sizeof *words)];

			len = strlen(w);
			memcpy(s + n, w, len);
			n += len;
			if (!rnd(90) && n < 8000) {
				len = 900 + rnd(200);
				memset(s + n, rnd(2) ? ' ' : 'l', len);
				n += len;
			}
			if (n > 10000)
				break;
		}
		study(s, n, n);
		most = long_found();
		pass(s, n, 1 + rnd(50), 0);	/* nothing: the line ends apart, as it was */
		for (size_t k = 0, o = 0; k < n && !most; k++) {
			if (s[k] == '\r' || (s[k] == '\n' && !(k && s[k - 1] == '\r')))
				bad += out[o++] != '\n';
			else if (s[k] != '\n')
				bad += out[o++] != s[k];
		}
		plan.what = plan.in[IN_FIXED] & REFIT_EIGHT ? REFIT_LONG : REFIT_LONG | REFIT_EIGHT;
		pass(s, n, 1 + rnd(50), 0);
		memcpy(t, out, len = out_len);
		pass(s, n, 1 + rnd(5000), 0);
		bad += len != out_len || memcmp(t, out, len);
		bad += longest() > 998 && plan.in[IN_FIXED] == 0;
		changed += len > n + 10;
		study(t, len, len);
		bad += plan.in[IN_BODY] & REFIT_LONG;
	}
	ok(!bad && changed > 500, "random ones (%zu wrong, %zu changed)", bad, changed);
}

int main(void)
{
	texts();
	zones();
	lines();
	noise();
	return done();
}
