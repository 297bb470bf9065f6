/* dsn.c: what is learned from a paragraph for people, and how it is written. */
#include <string.h>
#include "../../src/send/dsn.c"
#include "../lib/tap.h"

static size_t len(const char *s)
{
	return status_length(s, strlen(s));
}

static void test_status(void)
{
	static const struct { const char *s; size_t n; } t[] = {
		{ "5.1.1", 5 }, { "5.1.1)", 5 }, { "4.7.0 x", 5 }, { "5.123.456", 9 },
		{ "5.123.4567", 9 }, { "5.1234.5", 0 }, { "2.0.0", 0 }, { "6.0.0", 0 },
		{ "5.1", 0 }, { "5.1.", 0 }, { "5..1", 0 }, { "5", 0 }, { "", 0 },
		{ "5.1.x", 0 }, { "5.x.1", 0 }, { "51.1", 0 }, { "5.999.", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(len(t[i].s) == t[i].n, "\"%s\": %u", t[i].s, (unsigned)t[i].n);
}

static int collect(void *to, const void *p, size_t n)
{
	return !buf_put(to, p, n);
}

/* The fields of these lines, which stand behind the first one of a paragraph. */
static const char *fields(const char *lines)
{
	static char result[4096], space[4096], text[2 * ADDR_CAP];
	char first[] = "<a\303\244@x.example>:", window[3000];
	struct buf got = BUF_OVER(result), line = BUF_OVER(text);
	struct notice n = { .put = collect, .arg = &got };
	struct in in = { -1, 1, 0, strlen(lines), sizeof window, window };

	n.b = BUF_OVER(space);
	memcpy(window, lines, strlen(lines));
	buf_put(&line, first, sizeof first - 1);
	recipient(&n, &in, &line);
	notice_flush(&n);
	buf_z(&got);
	return result;
}

static void is(const char *lines, const char *want)
{
	const char *got = fields(lines);
	static const char head[] = "\nFinal-Recipient: rfc822; a??@x.example\nAction: failed\n";
	size_t n = sizeof head - 1;

	ok(!strncmp(got, head, n) && !strcmp(got + n, want), "%s -> %s", lines, got);
}

static void test_recipient(void)
{
	char text[2500] = "Remote host said: 550 ";
	const char *got;

	is("no such user (#5.1.1)\n\n", "Status: 5.1.1\n");
	is("nothing known\n\n", "Status: 5.0.0\n");
	is("cut off", "Status: 5.0.0\n");
	is("a (#2.1.1) b (#) c (#5.2.2", "Status: 5.0.0\n");
	is("a (#) b (#4.2.2) c (#5.3.3)\n\n", "Status: 4.2.2\n");
	is("Remote host said: 550 5.1.1 no\n\n",
		"Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no\n");
	is("later (#4.4.1)\nRemote host said: 451 4.7.1 no\nGiving up on it.\n\nnext\n",
		"Status: 4.7.1\nDiagnostic-Code: smtp; 451 4.7.1 no\n");
	is("Remote host said: 550\n\n", "Status: 5.0.0\nDiagnostic-Code: smtp; 550\n");
	is("Remote host said: \n\n", "Status: 5.0.0\n");
	is("Remote host said: 550 a\rb\tc\177\001\n\n",
		"Status: 5.0.0\nDiagnostic-Code: smtp; 550 a?b?c??\n");
	memset(text + strlen(text), 'x', 1900);
	strcat(text, "\n");
	got = fields(text);
	ok(strlen(got) < 950 && strlen(got) > 800 && got[strlen(got) - 1] == '\n',
		"a long reply is cut: %u", (unsigned)strlen(got));
}

static void test_boundary(void)
{
	static char space[1000], result[1000];
	struct buf got = BUF_OVER(result);
	struct notice n = { .put = collect, .arg = &got, .number = UINT64_MAX };
	char one[sizeof n.boundary];

	n.b = BUF_OVER(space);
	dsn_head(&n);
	memcpy(one, n.boundary, sizeof one);
	dsn_head(&n);
	ok(strlen(one) > 20 && strlen(one) <= 70 && strcmp(one, n.boundary),
		"boundaries differ: %s, %s", one, n.boundary);
}

int main(void)
{
	test_status();
	test_recipient();
	test_boundary();
	return done();
}
