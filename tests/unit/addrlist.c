/* Address lists (checklist 89 to 92, spec section 6.5), completing of single
 * addresses, quoting; random lists: no crash, and the output reads back as the
 * same recipients. */
#include "../../src/msg/addrlist.c"
#include "../lib/tap.h"
#include <stdlib.h>

static unsigned seed = 7;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static const char *names[4] = { "board.example.net", "example.net", "example.org",
	"board.example.net" };
static int asked;

static const char *name(void *arg, enum addr_name which)
{
	asked |= 1 << which;
	return ((const char *const *)arg)[which];
}

static const struct addr_rules rules = { name, names };

static int each(void *arg, const char *addr, size_t n)
{
	return buf_put(arg, addr, n) && buf_putc(arg, '|');
}

/* The list as a header shows it, and its addresses with a | behind each. */
static char shown[1 << 17], found[1 << 17];
static size_t shown_len, found_len;

static enum addr_result parse(const char *s, size_t n)
{
	char *copy = malloc(n ? n : 1);	/* exact bounds, for the sanitizer */
	struct buf out = BUF_OVER(shown), f = BUF_OVER(found);
	struct addr_list l = { .rules = &rules, .out = &out, .each = each, .arg = &f };
	enum addr_result e;

	memcpy(copy, s, n);
	buf_puts(&out, "To:");
	e = addr_list(&l, copy, n);
	buf_z(&out);
	buf_z(&f);
	shown_len = out.len;
	found_len = f.len;
	free(copy);
	return e;
}

/* For a test's name: without line ends and the # of a directive. */
static const char *plain(const char *s)
{
	static char o[300];
	size_t i;

	for (i = 0; s[i] && i < sizeof o - 1; i++)
		o[i] = (unsigned char)s[i] < 32 || s[i] == 127 || s[i] == '#' ? '?' : s[i];
	o[i] = 0;
	return o;
}

/* in becomes "To:" + want, with these addresses. */
static void list(const char *in, const char *want, const char *addrs)
{
	enum addr_result e = parse(in, strlen(in));
	int good = e == ADDR_OK && !strcmp(shown + 3, want) && !strcmp(found, addrs);

	ok(good, "%s", plain(in));
	if (!good)
		printf("# %d: %s\n# addresses: %s\n", e, shown + 3, found);
}

static void bad(const char *in)
{
	ok(parse(in, strlen(in)) == ADDR_BAD, "refused: %s", plain(in));
}

static void one(const char *in, const char *want)
{
	char space[ADDR_CAP];
	struct buf b = BUF_OVER(space);
	enum addr_result e;

	buf_puts(&b, in);
	e = addr_complete(&b, &rules);
	buf_z(&b);
	ok(want ? e == ADDR_OK && !strcmp(b.s, want) : e == ADDR_BAD,
		"argument %s is %s", plain(in), want ? want : "refused");
	if (want && strcmp(b.s, want))
		printf("# %d: %s\n", e, b.s);
}

static void quote(const char *in, const char *want)
{
	char space[256];
	struct buf b = BUF_OVER(space);

	ok(addr_quote(&b, in, strlen(in)) && buf_z(&b) && !strcmp(b.s, want), "quoted: %s", want);
}

static void test_plain_lists(void)
{
	list("a, b@h, c@h.cs+, d@[10.0.0.1]",
		" a@board.example.net, b@h.example.net, c@h.cs.example.org, d@[10.0.0.1]",
		"a@board.example.net|b@h.example.net|c@h.cs.example.org|d@[10.0.0.1]|");
	list("T: ann, bob@x (B);, \"Q\" <qz>",
		" T: ann@board.example.net, bob@x.example.net (B);,\n  \"Q\" <qz@board.example.net>",
		"ann@board.example.net|bob@x.example.net|qz@board.example.net|");
	list("<@r1,@r2:u@d.example>", " <u@d.example>", "u@d.example|");
	list("djb fred", " djb@board.example.net, fred@board.example.net",
		"djb@board.example.net|fred@board.example.net|");
	list("<>", " <>", "|");
	list("", "", "");
	list(" \t\n ", "", "");
	list("u@", " u@board.example.net", "u@board.example.net|");
	list("u@h.e.", " u@h.e", "u@h.e|");
	list("<@h>", " <>", "|");
	list("@h, a@b.c, .", " a@b.c", "a@b.c|");
	list("a@x.y,, b@x.y,", " a@x.y, b@x.y", "a@x.y|b@x.y|");
	list("a@b@c.d", " \"a@b\"@c.d", "a@b@c.d|");
	list("#@[]", " #@[]", "#@[]|");
	list("l-@h.e-@[]", " \"l-@h.e-\"@[]", "l-@h.e-@[]|");
	list("a . b @ c . d", " a.b@c.d", "a.b@c.d|");
	list("undisclosed-recipients:;", " undisclosed-recipients: ;", "");
	list("g: a@x.y;, h: b@x.y, c@x.y; d@x.y",
		" g: a@x.y;, h: b@x.y, c@x.y;, d@x.y", "a@x.y|b@x.y|c@x.y|d@x.y|");
	list("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x.y, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@x.y, c@x.y",
		" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x.y,\n  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@x.y, c@x.y",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x.y|bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@x.y|c@x.y|");
	names[ADDR_HOST] = "dh+";
	names[ADDR_PLUS] = "pd.example";
	list("a", " a@dh.pd.example", "a@dh.pd.example|");
	names[ADDR_HOST] = "dh";
	list("a", " a@dh.example.net", "a@dh.example.net|");
	names[ADDR_HOST] = "board.example.net";
	names[ADDR_PLUS] = "example.org";
}

static void test_names(void)
{
	list("(Bob (jr) B) a@b.c", " a@b.c (Bob jr B)", "a@b.c|");
	list("a(x)@b.c(y)", " a@b.c (x) (y)", "a@b.c|");
	list("root (Cron Daemon)", " root@board.example.net (Cron Daemon)", "root@board.example.net|");
	list("\"(Cron Daemon)\" <pi>", " \"(Cron Daemon)\" <pi@board.example.net>", "pi@board.example.net|");
	list("Anacron <root>", " Anacron <root@board.example.net>", "root@board.example.net|");
	list("mdadm monitoring <root>", " mdadm monitoring <root@board.example.net>", "root@board.example.net|");
	list("\"Doe, Jane\" <j@d.e>, k@d.e", " \"Doe, Jane\" <j@d.e>, k@d.e", "j@d.e|k@d.e|");
	list("\"x y\"@z.q", " \"x y\"@z.q", "x y@z.q|");
	list("\"a.b\"@z.q", " a.b@z.q", "a.b@z.q|");
	list("a\\ b@z.q", " \"a b\"@z.q", "a b@z.q|");
	list("a)@z.q", " \"a)\"@z.q", "a)@z.q|");
	list("x a) <a@z.q>", " x \"a)\" <a@z.q>", "a@z.q|");
	list("<a@x.y> foo <b@x.y>", " <a@x.y>, foo <b@x.y>", "a@x.y|b@x.y|");
	list("J. Doe <a@x.y> (home)", " J. Doe <a@x.y> (home)", "a@x.y|");
	list("A <a@x.y (c)>", " A <a@x.y> (c)", "a@x.y|");
	list("\"two\n lines\" <a@x.y>", " \"two\n lines\" <a@x.y>", "a@x.y|");
	list("\"two\n lines\"@x.y", " \"two lines\"@x.y", "two lines@x.y|");
	list("J\xc3\xb6rg <a@x.y>", " \"J\xc3\xb6rg\" <a@x.y>", "a@x.y|");
	list("j\xc3\xb6@x.y", " j\xc3\xb6@x.y", "j\xc3\xb6@x.y|");
	list("a@j\xc3\xb6.y", " a@j\xc3\xb6.y", "a@j\xc3\xb6.y|");
	list("=?utf-8?Q?J=C3=B6?=\n =?utf-8?Q?rg?= <a@x.y>",
		" =?utf-8?Q?J=C3=B6?= =?utf-8?Q?rg?= <a@x.y>", "a@x.y|");
}

static void test_refused(void)
{
	static const char *const t[] = { "\"x <a@b>", "a@b.example>, <c@d.example",
		"(never ends", "[1.2", ") a", "] a", "<a@b", "a@b>", "g: a, h: b;;",
		"g: a@b.c", "a; b", "<a b@c.d>", "<a@b,c@d>", "<a:b@c>", "<a<b>>",
		"a@\"b c\"", "a\x01@b.c", "a@b\x7f.c", "a\\", "\"a\nb\"@c.d", "\"a\rb\"@c.d", "a@b.." };
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		bad(t[i]);
}

static void test_bounds(void)
{
	static char big[70000];
	size_t n;

	memset(big, 'a', sizeof big);
	memcpy(big + 1000, "@x.y", 4);
	ok(parse(big, 1004) == ADDR_OK && found_len == 1005, "a long address is read");
	memset(big, 'a', sizeof big);
	ok(parse(big, sizeof big) == ADDR_BAD, "an address without an end is refused");
	memset(big, '(', sizeof big / 2);
	memset(big + sizeof big / 2, ')', sizeof big / 2);
	ok(parse(big, sizeof big) == ADDR_OK, "35000 nested comments cost no stack");
	memset(big, ' ', sizeof big);
	for (n = 0; n + 6 < sizeof big; n += 6)
		memcpy(big + n, "a@b.c,", 6);
	ok(parse(big, n) == ADDR_OK && found_len == n, "11000 recipients, none lost");
	asked = 0;
	parse("a@b.c, \"x\" <d@[1.2.3.4]>", 24);
	ok(asked == 0, "complete addresses ask for no name");
	names[ADDR_DOMAIN] = 0;
	ok(parse("a@b", 3) == ADDR_NONAME, "a missing name is told");
	ok(parse("a@b.c", 5) == ADDR_OK, "and only when it is needed");
	names[ADDR_DOMAIN] = "board.example.net";
	ok(parse("a@Board, b@boar, c@board2", 25) == ADDR_OK && !strcmp(found,
		"a@board.example.net|b@boar.board.example.net|c@board2.board.example.net|"),
		"this host's short name is this host");
	ok(parse("a@LocalHost, b@localhosts", 25) == ADDR_OK && !strcmp(found,
		"a@board.example.net|b@localhosts.board.example.net|"), "so is localhost");
	names[ADDR_DOMAIN] = "example.net";
	ok(parse("a@board, b@example, c@localhost", 31) == ADDR_OK && !strcmp(found,
		"a@board.example.net|b@example.example.net|c@localhost.example.net|"),
		"a defaultdomain of its own is added to every name");
}

static size_t random_text(char *text)
{
	static const char *pieces[] = { "a", "b@", "@", ".", ",", ";", ":", "<", ">",
		"(", ")", "\"", "\\", "[", "]", " ", "\n ", "joe", "x.y", "c@d.e", "Q ",
		"<r@s.t>", "\"p q\"", "(k)", "\xc3\xb6", "+", "-", "\t", "g:", "[1.2]", "=?", "\x01" };
	unsigned k = rnd(14);
	size_t n = 0;

	while (k--) {
		const char *p = pieces[rnd(sizeof pieces / sizeof *pieces)];

		memcpy(text + n, p, strlen(p));
		n += strlen(p);
	}
	return n;
}

/* Any text: no crash; what is accepted reads back as the same addresses, and
 * reading that again changes nothing. */
static void test_random(void)
{
	static char first[1 << 16], again[1 << 16];
	int round, accepted = 0, wrong = 0, unstable = 0, controls = 0;

	for (round = 0; round < 300000; round++) {
		char text[200];
		size_t n = random_text(text), i, len;

		if (parse(text, n) != ADDR_OK)
			continue;
		accepted++;
		for (i = 0; i < found_len; i++)
			controls += (unsigned char)found[i] < 32;
		strcpy(first, found);
		len = shown_len - 3;
		memcpy(again, shown + 3, len + 1);
		if (parse(again, len) != ADDR_OK || strcmp(first, found)) {
			if (!wrong++)
				printf("# gave %s\n# then %s: %s, not %s\n",
					again, shown + 3, found, first);
		} else if (strcmp(again, shown + 3) && !unstable++)
			printf("# unstable: %s\n# then %s\n", again, shown + 3);
	}
	ok(accepted > 10000, "random lists: %d of 300000 accepted", accepted);
	ok(!wrong, "what is written reads back as the same recipients");
	ok(!unstable, "and is written the same again");
	ok(!controls, "no control byte gets into an address");
}

int main(void)
{
	test_plain_lists();
	test_names();
	test_refused();
	test_bounds();
	one("a", "a@board.example.net");
	one("a b@z", "a b@z.example.net");
	one("a@z,b@z", "a@z,b@z.example.net");
	one("a@z.q.", "a@z.q");
	one("a@", "a@board.example.net");
	one("", "");
	one("@h", "@h.example.net");
	one("x@y+", "x@y.example.org");
	one("#@[]", "#@[]");
	one("a@[::1]", "a@[::1]");
	one("a\n@z.q", 0);
	one("a@z\r.q", 0);
	one("<a@z>", 0);
	quote("a.b@c", "a.b@c");
	quote("x\\y@z", "\"x\\\\y\"@z");
	quote("a b@z", "\"a b\"@z");
	quote("a\"b@z", "\"a\\\"b\"@z");
	quote(".a@z", "\".a\"@z");
	quote("a.@z", "\"a.\"@z");
	quote("a..b@z", "\"a..b\"@z");
	quote("@z", "\"\"@z");
	quote("a@b@z", "\"a@b\"@z");
	quote("j\xc3\xb6@z", "j\xc3\xb6@z");
	quote("a+b-c=d/e'f@z", "a+b-c=d/e'f@z");
	quote("local", "local");
	quote("", "");
	test_random();
	return done();
}
