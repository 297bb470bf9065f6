/* rules.c: the rule found is the one of the longest network, by a slow search of the same
 * records; damaged files and data. */
#include "../../src/listen/rules.c"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../src/base/cdbmake.h"
#include "../lib/tap.h"

enum { NETS = 24, ROUNDS = 60, LOOKUPS = 40 };

static char path[] = "/tmp/qmta-rules.XXXXXX";
static struct cdbmake make;

static void begin(void)
{
	int fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);

	cdbmake_start(&make, fd);
}

static void add(const char *key, const char *data, size_t n)
{
	cdbmake_add(&make, key, strlen(key), data, n);
}

static void end(void)
{
	if (cdbmake_end(&make) < 0)
		ok(0, "unable to write %s", path);
	close(make.out.fd);
}

static unsigned any(unsigned n) { return (unsigned)rand() % n; }

/* Few different bits, so that networks lie within each other. */
static void any_addr(struct addr *a, int family)
{
	unsigned char ip[16];
	int i;

	for (i = 0; i < 16; i++)
		ip[i] = (unsigned char)(any(3) ? 0 : 1u << any(8));
	ip[0] |= 0x20;
	addr_set(a, family, ip);
}

static int inside(const struct addr *a, const struct addr *net, unsigned bits)
{
	struct addr x = *a;

	rules_network(&x, bits);
	return addr_same(&x, net);
}

static int one_round(int family)
{
	unsigned max = family == AF_INET ? 32 : 128, bits[NETS], i, k, bad = 0;
	struct addr net[NETS], a;
	char data[8], text[ADDR_TEXT + 4], lens[NETS];

	begin();
	for (i = 0; i < NETS; i++) {
		struct buf key = BUF_OVER(text);

		bits[i] = any(4) ? any(max + 1) : any(max / 8 + 1) * 8;
		lens[i] = (char)bits[i];
		any_addr(&net[i], family);
		rules_network(&net[i], bits[i]);
		rules_key_of(&key, &net[i], bits[i]);
		cdbmake_add(&make, key.s, key.len, data, (size_t)sprintf(data, "+N=%u", i) + 1);
	}
	cdbmake_add(&make, max == 32 ? "/4" : "/6", 2, lens, NETS);
	end();
	for (k = 0; k < LOOKUPS; k++) {
		char found[64];
		struct buf b = BUF_OVER(found);
		unsigned best = NETS;
		int r;

		any_addr(&a, family);
		for (i = 0; i < NETS; i++)
			if (inside(&a, &net[i], bits[i]) && (best == NETS || bits[i] > bits[best]))
				best = i;
		r = rules_find(path, &a, 0, &b);
		buf_z(&b);
		sprintf(data, "+N=%u", best);
		if (best == NETS ? r != 0 : r != 1 || strcmp(found, data))
			bad++;
	}
	return bad == 0;
}

static void test_networks(void)
{
	int i, good = 1;

	for (i = 0; i < ROUNDS; i++)
		good &= one_round(AF_INET);
	ok(good, "IPv4: the longest network, as a slow search says");
	for (good = 1, i = 0; i < ROUNDS; i++)
		good &= one_round(AF_INET6);
	ok(good, "IPv6: the longest network, as a slow search says");
}

static int find(const char *ip, const char *host)
{
	static char space[64];
	struct buf b = BUF_OVER(space);
	struct addr a;

	addr_parse(&a, ip, strlen(ip));
	return rules_find(path, &a, host, &b);
}

static void test_order(void)
{
	begin();
	add("=", "", 0);
	add("=.net", "", 0);
	add("=a.example.net", "", 0);
	add("10.", "", 0);
	end();
	ok(find("192.0.2.1", 0) == 0, "none, not even = without a name");
	ok(find("192.0.2.1", "x.org") == 1 && !strcmp(rules_key, "="), "any host");
	ok(find("192.0.2.1", "b.a.example.net") == 1 && !strcmp(rules_key, "=.net"), "a domain");
	ok(find("10.0.2.1", "b.a.example.net") == 1 && !strcmp(rules_key, "10."), "prefix first");
	ok(find("10.0.2.1", "a.example.net") == 1 && !strcmp(rules_key, "=a.example.net"),
		"the host before it");
	ok(find("::1", ".net") == 1 && !strcmp(rules_key, "=.net"), "odd names find what they are");
	ok(find("::1", "..net.") == 1 && !strcmp(rules_key, "="), "or nothing");
}

static void test_damage(void)
{
	unsigned char byte;
	long size, at, wrong = 0;
	int fd;

	begin();
	add("10.1.2.3", "D", 2);
	add("", "+A=b", 5);
	end();
	fd = open(path, O_RDWR | O_CLOEXEC);
	size = lseek(fd, 0, SEEK_END);
	for (at = 0; at < size; at++) {
		int r;

		if (pread(fd, &byte, 1, at) != 1)
			break;
		byte ^= 0x80;
		if (pwrite(fd, &byte, 1, at) != 1)
			break;
		r = find("10.1.2.3", "x.example");
		wrong += r < -1 || r > 1;
		byte ^= 0x80;
		if (pwrite(fd, &byte, 1, at) != 1)
			break;
	}
	close(fd);
	ok(at == size && !wrong, "each bit of %ld bytes turned: an answer or an error", size);
	if (truncate(path, 2060))
		ok(0, "truncate");
	ok(find("10.1.2.3", 0) < 0 && errno == EBADMSG, "cut: an error");
	unlink(path);
	ok(find("10.1.2.3", 0) < 0 && errno == ENOENT, "not there: an error");
}

static int apply(const char *data, size_t n)
{
	static char space[8][64];
	static int i;
	struct buf b = BUF_OVER(space[i]);

	i = (i + 1) % 8;
	buf_put(&b, data, n);
	return rules_apply(&b);
}

static void test_apply(void)
{
	ok(apply("", 0) == 1, "empty data: allow");
	ok(apply("+LISTEN_A=1\0+LISTEN_B=", 23) == 1 && !strcmp(getenv("LISTEN_A"), "1") &&
		!*getenv("LISTEN_B"), "variables");
	ok(apply("+LISTEN_C=x", 11) == 1 && !strcmp(getenv("LISTEN_C"), "x"), "no NUL at the end");
	ok(apply("D\0+LISTEN_D=1", 14) == 0 && !getenv("LISTEN_D"), "deny");
	ok(apply("A=1", 4) < 0 && errno == EBADMSG, "no +");
	ok(apply("+IFS=1", 7) < 0 && errno == EINVAL, "a name that is refused");
	ok(apply("+", 2) < 0, "no name");
}

int main(void)
{
	int fd = mkstemp(path);

	close(fd);
	srand(7);
	test_networks();
	test_order();
	test_damage();
	test_apply();
	return done();
}
