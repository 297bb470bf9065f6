/* The paths of MAIL and RCPT: quoting undone, routes dropped, bounds, and that
 * nothing which could end a command or become another host ever comes out. */
#include "../../src/serve/address.c"
#include "../lib/tap.h"

static char space[1003];

/* What becomes of s: the address, and what is left of s behind a bar. */
static const char *got(const char *s)
{
	static char out[2200];
	struct buf b = BUF_OVER(space), o = BUF_OVER(out);
	const char *rest = path_read(s, &b);

	if (!rest)
		return "refused";
	buf_put(&o, b.s, b.len);
	buf_putc(&o, '|');
	buf_puts(&o, rest);
	return buf_z(&o) ? out : "too long for the test";
}

static void is(const char *s, const char *want)
{
	const char *g = got(s);

	ok(!strcmp(g, want), "%s: %s, expected %s", s, g, want);
}

static const char *const refused[] = {
	"", " ", "<", "<a@b", "<a@b\"", ">", "<a@>", "<@b>", "<a@b@c>", "<a b@c>", "<a@b c>",
	"<a@b>c@d>" /* taken, see below */, "<a@.b>", "<a@b..c>", "<a@b,c>", "<a,b@c>",
	"<a<b@c>", "<a:b@c>", "<a;b@c>", "<a(b)@c>", "<a[b]@c>", "<\"a@b>", "<\"a\"@\"b\">",
	"<\"a@b\">", "<a\\@b>", "<a\\>", "<a\\", "<@a,@b>", "<@a,@b:>", "<@a:@b:c@d>", "<\"\"@b>",
	"<\"\">", "<a@[1]2>", "<a@[1[2]>", "<a@[>", "<a@]>", "<a@b]>", "<a@b:25>", "<a@[1 2]>",
	"<a@b\\>", "<a@\\b>", "a@b\tc", "<a\rb@c>", "<a\nb@c>", "<\"a\nb\"@c>", "<a@b\x7f>",
	"<a\\\nb@c>", "<a@b\r\nRCPT TO:<c@d>", "<\x01@b>", "<@a\n:b@c>", "\"a b", "a\"b@c",
};

static void lengths(void)
{
	char s[1100] = "<";
	size_t n;

	for (n = 896; n < 905; n++) {
		memset(s + 1, 'a', n - 4);
		memcpy(s + 1 + n - 4, "@b.c>", 6);
		ok(!strcmp(got(s), "refused") == (n > PATH_MOST), "an address of %d bytes", (int)n);
	}
	memset(s + 1, 'x', 1090);
	s[1091] = '>';
	s[1092] = 0;
	ok(!strcmp(got(s), "refused"), "one that fills the buffer");
	for (n = 0; n + 1 < 1090; n += 2)
		memcpy(s + 1 + n, "\\x", 2);
	ok(strlen(got(s)) == 545 + 1, "backslashes do not count");
}

/* Random paths of the bytes that matter: what comes out can be written again. */
static void random_paths(void)
{
	static const char bytes[] = "<>@\"\\[]:,. ab\n\x80";
	unsigned seed = 1, i, n, k, taken = 0, bad = 0;
	char s[24];

	for (i = 0; i < 400000; i++) {
		struct buf b = BUF_OVER(space);
		const char *rest, *at;

		seed = seed * 1103515245u + 12345u;
		n = (seed >> 16) % 14;
		for (k = 0; k < n; k++) {
			seed = seed * 1103515245u + 12345u;
			s[k] = bytes[(seed >> 16) % (sizeof bytes - 1)];
		}
		s[n] = 0;
		if (!(rest = path_read(s, &b)))
			continue;
		taken++;
		bad += rest < s || rest > s + n || memchr(b.s, '\n', b.len) != 0;
		if (b.len && (at = memrchr(b.s, '@', b.len)))
			bad += at == b.s || !is_host(at + 1, (size_t)(b.s + b.len - at - 1));
		bad += !b.len && memcmp(rest - 1, ">", 1);
	}
	ok(!bad && taken > 1000, "random paths (%u taken, %u wrong)", taken, bad);
}

int main(void)
{
	size_t i;

	is("<a@b.c>", "a@b.c|");
	is("  <a@b.c> SIZE=1", "a@b.c| SIZE=1");
	is("<>", "|");
	is("<> BODY=7BIT", "| BODY=7BIT");
	is("<root>", "root|");
	is("<a@b>c", "a@b|c");		/* the caller refuses what follows */
	is("a@b SIZE=1", "a@b| SIZE=1");
	is("root", "root|");
	is("\"a b\"@c d", "a b@c| d");
	is("<\"a b\"@c>", "a b@c|");
	is("<\"a@b\"@c>", "a@b@c|");
	is("<\"a>b\"@c>", "a>b@c|");
	is("<\"a\\\"b\\\\\"@c>", "a\"b\\@c|");
	is("<a\\@b@c>", "a@b@c|");
	is("<a\\ b@c>", "a b@c|");
	is("<a.\"b c\".d@e>", "a.b c.d@e|");
	is("<@a:u@b>", "u@b|");
	is("<@a,@b.c:u@d> X", "u@d| X");
	is("<@[IPv6:::1],@b:u@d>", "u@d|");
	is("<@a:root>", "root|");
	is("<u@[192.0.2.1]>", "u@[192.0.2.1]|");
	is("<u@[IPv6:2001:db8::1]>", "u@[IPv6:2001:db8::1]|");
	is("<#@[]>", "#@[]|");
	is("<a..b.@c>", "a..b.@c|");
	is("<a+b=c'd/e!f%g@h>", "a+b=c'd/e!f%g@h|");
	is("<\xc3\xa4@\xc3\xb6.example>", "\xc3\xa4@\xc3\xb6.example|");
	is("<@>", "refused");
	for (i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(refused[i], "<a@b>c@d>"))
			is(refused[i], "refused");
	is("<a@b>c@d>", "a@b|c@d>");
	lengths();
	random_paths();
	return done();
}
