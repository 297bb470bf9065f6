/* crowd.c: connections in a minute, exact for as many addresses as the table has; beyond
 * that the busy ones stay. */
#include "../../src/listen/crowd.c"
#include <stdlib.h>
#include <string.h>
#include "../lib/tap.h"

static uint64_t key(const char *text)
{
	struct addr a;

	addr_parse(&a, text, strlen(text));
	return crowd_key(&a);
}

static void test_keys(void)
{
	ok(key("127.0.0.1") == 0 && key("127.9.9.9") == 0 && key("::1") == 0, "loopback is exempt");
	ok(key("192.0.2.1") != key("192.0.2.2"), "IPv4: each address");
	ok(key("2001:db8:0:1::1") == key("2001:db8:0:1:ffff::2"), "IPv6: one /64");
	ok(key("2001:db8:0:1::1") != key("2001:db8:0:2::1"), "another /64");
	ok(key("fe80::1") != key("fe80::2") && key("fe80::1"), "link-local: each address");
	ok(key("192.0.2.1") && key("192.0.2.1") != key("::192.0.2.1") && key("0.0.0.0") &&
		key("2001:db8::"), "none is loopback's by chance");
}

static void test_minute(void)
{
	unsigned i, n = 0;
	uint64_t a = key("192.0.2.1");

	for (i = 0; i < 10; i++)
		n += !crowd_often(a, 4, 100 + i);
	ok(n == 4, "four in a minute: %u", n);
	ok(crowd_often(a, 4, 159), "until the minute is over");
	ok(!crowd_often(a, 4, 160), "which it is 60 s after the first");
	ok(!crowd_often(key("192.0.2.2"), 1, 100), "others are counted for themselves");
	ok(!crowd_often(a, 4, UINT32_MAX - 5) && !crowd_often(a, 1, 60), "the time may wrap");
}

/* Against a count without a bound, as long as no more addresses come than there are places. */
static void test_random(void)
{
	static struct { uint32_t since, n; } ref[PLACES];
	uint32_t now = 1000000;
	unsigned i, wrong = 0;

	srand(3);
	for (i = 0; i < 20000; i++, now += (unsigned)rand() % 3 == 0) {
		unsigned k = (unsigned)rand() % PLACES;

		if (now - ref[k].since >= MINUTE || !ref[k].n) {
			ref[k].since = now;
			ref[k].n = 0;
		}
		ref[k].n++;
		wrong += crowd_often(1000 + k, 2, now) != (ref[k].n > 2);
	}
	ok(!wrong, "256 addresses are counted exactly: %u wrong", wrong);
}

static void test_flood(void)
{
	uint64_t loud = key("203.0.113.1");
	unsigned i, n = 0;

	for (i = 0; i < 10; i++)
		crowd_often(loud, 5, 3000000);
	for (i = 0; i < 100000; i++)
		crowd_often(5000 + i, 5, 3000001);
	n = !crowd_often(loud, 5, 3000002);
	ok(!n, "100000 others do not push a busy one out");
}

int main(void)
{
	test_keys();
	test_minute();
	test_random();
	test_flood();
	return done();
}
