/* envrules.c: patterns, the first line that matches, variables of a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/base/envrules.c"
#include "../lib/tap.h"

static int m(const char *pattern, const char *s)
{
	return wild_match(pattern, strlen(pattern), s, strlen(s));
}

static void test_wild(void)
{
	static const struct { const char *p, *s; int r; } t[] = {
		{ "", "", 1 }, { "", "a", 0 }, { "*", "", 1 }, { "*", "abc", 1 },
		{ "a*", "abc", 1 }, { "a*", "bc", 0 }, { "*c", "abc", 1 }, { "*c", "abd", 0 },
		{ "a*c", "ac", 1 }, { "a*c", "abcc", 1 }, { "a*b*c", "aXbYc", 1 },
		{ "a*b*c", "aXcYb", 0 }, { "**", "x", 1 }, { "?", "", 0 }, { "?", "x", 1 },
		{ "a?c", "abc", 1 }, { "a?c", "ac", 0 }, { "*@example.net", "Kim@EXAMPLE.net", 1 },
		{ "*@example.net", "kim@example.net.evil.example", 0 },
		{ "*@[ab].example", "k@A.example", 1 }, { "*@[ab].example", "k@c.example", 0 },
		{ "[a-c]x", "Bx", 1 }, { "[a-c]x", "dx", 0 }, { "[!a-c]x", "dx", 1 },
		{ "[^a-c]x", "ax", 0 }, { "[]]", "]", 1 }, { "[!]]", "]", 0 }, { "[!]]", "x", 1 },
		{ "[", "[", 1 }, { "a[b", "a[b", 1 }, { "[]", "[]", 1 }, { "[a-]", "-", 1 },
		{ "*[0-9]", "x7", 1 }, { "*[0-9]*", "a7b", 1 }, { "*a[!b]", "aabaac", 1 },
		{ "\\*", "\\xyz", 1 }, { "#@[[]]", "#@[]", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(m(t[i].p, t[i].s) == t[i].r, "\"%s\" and \"%s\": %d", t[i].p, t[i].s, t[i].r);
}

/* The same by trying everything. */
static int slow(const char *p, const char *s)
{
	if (!*p)
		return !*s;
	if (*p == '*')
		return slow(p + 1, s) || (*s && slow(p, s + 1));
	return *s && (*p == '?' || *p == *s) && slow(p + 1, s + 1);
}

static void test_random(void)
{
	unsigned seed = 7, i, k, bad = 0, hits = 0;
	char p[8], s[10];

	for (i = 0; i < 200000; i++) {
		for (k = 0; k < 7; k++)
			p[k] = "ab*?*a"[(seed = seed * 1103515245 + 12345) >> 16 & 7 % 6];
		for (k = 0; k < 9; k++)
			s[k] = "ab"[(seed = seed * 1103515245 + 12345) >> 16 & 1];
		p[(seed >> 8) % 8] = 0;
		p[7] = 0;
		s[(seed >> 12) % 10] = 0;
		s[9] = 0;
		bad += m(p, s) != slow(p, s);
		hits += (unsigned)m(p, s);
	}
	ok(!bad && hits > 1000, "200,000 random pairs agree with the plain way (%u match)", hits);
}

static void test_hard(void)
{
	static char s[1000], p[900];
	size_t i;

	memset(s, 'a', sizeof s);
	for (i = 0; i + 1 < sizeof p; i += 2)
		memcpy(p + i, "a*", 2);
	p[sizeof p - 1] = 'b';
	ok(!wild_match(p, sizeof p, s, sizeof s), "many stars end soon");
}

static void test_rules(void)
{
	static char text[] = "kim@*:QT_A=1,QT_B=\0" "*.example:QT_A=2\0" "no colon\0"
		"empty@x:\0" "bad@x:PATH=/x\0" "odd@x:,QT_C=a=b,,QT_D==,\0";
	struct buf list = BUF_AT(text, sizeof text - 1, sizeof text);
	char *v;

	setenv("QT_B", "there", 1);
	v = envrules_find(&list, "KIM@host.example", 16);
	ok(v && !strcmp(v, "QT_A=1,QT_B="), "the first line that matches");
	ok(v && envrules_put(v) == 0 && !strcmp(getenv("QT_A"), "1") && !getenv("QT_B"),
		"one is set, one unset");
	ok(!envrules_find(&list, "no colon", 8), "a line without a colon is none");
	v = envrules_find(&list, "empty@x", 7);
	ok(v && !*v && envrules_put(v) == 0, "a line may set nothing");
	v = envrules_find(&list, "bad@x", 5);
	ok(v && envrules_put(v) == -1 && errno == EINVAL, "PATH is refused");
	v = envrules_find(&list, "odd@x", 5);
	ok(v && envrules_put(v) == 0 && !strcmp(getenv("QT_C"), "a=b") &&
		!strcmp(getenv("QT_D"), "="), "values with = in them, empty pieces");
	ok(!envrules_find(&list, "lee@host.test", 13), "nothing matches");
}

int main(void)
{
	test_wild();
	test_random();
	test_hard();
	test_rules();
	return done();
}
