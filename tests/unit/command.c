/* command.c: which lines of lock/commands are taken for what. */
#include "../../src/send/command.c"
#include <stdlib.h>
#include "../lib/tap.h"

static struct command c;

static int parse(const char *s) { return command_parse(&c, s, strlen(s)); }

static void test_good(void)
{
	ok(parse("retry 12 345") && c.verb == RETRY && c.id == 12 && c.stamp == 345, "retry");
	ok(parse("hold 1 2") && c.verb == HOLD && c.id == 1 && c.stamp == 2, "hold");
	ok(parse("release 18446744073709551615 1") && c.verb == RELEASE &&
		c.id == UINT64_MAX, "release, the largest number");
	ok(parse("remove 7 0") && c.verb == REMOVE && c.id == 7, "remove");
	ok(parse("bounce 7 0") && c.verb == TELL, "bounce");
	ok(parse("retry all 0") && c.verb == RETRY && !c.id, "retry all");
	ok(parse("hold all 0") && !c.id && parse("release all 0") && !c.id, "hold all, release all");
	ok(parse("over sendermax 5 kim@a.example") && c.verb == OVER &&
		c.len == 25 && !memcmp(c.rest, "sendermax 5 kim@a.example", 25), "over");
}

static void test_bad(void)
{
	static const char *const bad[] = { "", " ", "retry", "retry ", "retry 1", "retry 1 ",
		"retry 1 x", "retry 1 2 3", "retry 1  2", "retry x 1", "retry -1 1", "retry 0 1",
		"retry 18446744073709551616 1", "RETRY 1 2", "retryall", "remove all 0",
		"bounce all 0", "over", "over ", "eat 1 2", " retry 1 2", "retry 1 2 ",
		"remove 1x 2", "\377 1 2" };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!parse(bad[i]), "refused: \"%s\"", bad[i]);
}

/* Whatever stands there: an answer, and nothing read behind the end. */
static void test_noise(void)
{
	static const char of[] = "retry hold all over 0123456789\n";
	char *s;
	size_t n, i;
	int k, bad = 0;

	srand(1);
	for (k = 0; k < 20000; k++) {
		n = (size_t)(rand() % 30);
		s = malloc(n + !n);
		for (i = 0; i < n; i++)
			s[i] = of[(size_t)rand() % (sizeof of - 1)];
		if (command_parse(&c, s, n) && c.verb != OVER && !c.id && c.verb > RELEASE)
			bad++;
		free(s);
	}
	ok(!bad, "noise never means all");
}

int main(void)
{
	test_good();
	test_bad();
	test_noise();
	return done();
}
