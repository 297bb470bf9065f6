/* lists.c: which line fits; hosts of rcpthosts. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../src/serve/lists.c"
#include "../lib/tap.h"

static void put(const char *name, const char *s)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, strlen(s)) != (ssize_t)strlen(s) || close(fd) < 0)
		abort();
}

static int has(const char *lines, const char *s)
{
	put("badrcptto", lines);
	return list_has("badrcptto", s, strlen(s), 0, 0);
}

static int has_ip(const char *lines, const char *s)
{
	struct addr a;
	char text[ADDR_TEXT];

	if (!addr_parse(&a, s, strlen(s)))
		abort();
	addr_text(&a, text);
	put("badip", lines);
	return list_has("badip", text, strlen(text), &a, 0);
}

static void test_text(void)
{
	static const struct { const char *lines, *s; int r; } t[] = {
		{ "a@b\n", "a@b", 1 }, { "A@B\n", "a@b", 1 }, { "a@b\n", "aa@b", 0 }, { "a@b\n", "a@bb", 0 },
		{ "", "a@b", 0 }, { "#a@b\n", "a@b", 0 }, { "a@b  \t\n", "a@b", 1 }, { "x\n\na@b", "a@b", 1 },
		{ "@b\n", "a@b", 1 }, { "@b\n", "a@c@b", 1 }, { "@b\n", "a@b@c", 0 }, { "@b\n", "a@xb", 0 },
		{ "@*.b\n", "a@x.b", 1 }, { "@*.b\n", "a@b", 0 }, { "*@b\n", "a@b", 1 }, { "a*\n", "abc@d", 1 },
		{ "[ab]@c\n", "b@c", 1 }, { "[ab]@c\n", "c@c", 0 }, { "?@c\n", "x@c", 1 },
		{ "*@b\n!a@b\n", "a@b", 0 }, { "*@b\n!a@b\n", "c@b", 1 }, { "!a@b\n*@b\n", "a@b", 1 },
		{ "!a@b\n", "a@b", 0 }, { "!\n", "a@b", 0 }, { "@\n", "a@b", 0 }, { "@\n", "a", 0 },
		{ "*\n", "", 1 }, { "a\n", "", 0 }, { "@b\n", "", 0 }, { ".b\n", "", 0 },
		{ ".b.c\n", "x.b.c", 1 }, { ".b.c\n", "b.c", 0 }, { ".b.c\n", "xb.c", 0 }, { ".B.C\n", "y.x.b.c", 1 },
		{ ".\n", "a.", 1 }, { "*%*\n", "a%b@c", 1 }, { "\\\n", "\\", 1 }, { "[\n", "[", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(has(t[i].lines, t[i].s) == t[i].r, "line %zu: \"%s\"", i, t[i].s);
	unlink("badrcptto");
	ok(list_has("badrcptto", "a", 1, 0, 0) == LIST_ABSENT, "no file");
	if (mkdir("badrcptto", 0700) < 0)
		abort();
	ok(list_has("badrcptto", "a", 1, 0, 0) == LIST_ERROR, "no file that can be read");
	rmdir("badrcptto");
	put("other", "a\n");
	setenv("BADRCPTTO", "other", 1);
	ok(list_has("badrcptto", "a", 1, 0, 0) == LIST_YES, "another file");
	setenv("BADRCPTTO", "", 1);
	ok(list_has("badrcptto", "a", 1, 0, 0) == LIST_ABSENT, "an empty variable is none");
}

static void test_ip(void)
{
	static const struct { const char *lines, *s; int r; } t[] = {
		{ "10.1.2.3\n", "10.1.2.3", 1 }, { "10.1.2.3\n", "10.1.2.30", 0 }, { "10.1.2.3\n", "110.1.2.3", 0 },
		{ "10.1.2.\n", "10.1.2.3", 1 }, { "10.1.2.\n", "10.1.20.3", 0 }, { "10.\n", "10.0.0.1", 1 },
		{ "10.1.2.3/32\n", "10.1.2.3", 1 }, { "10.1.2.3/31\n", "10.1.2.2", 1 }, { "10.1.2.3/31\n", "10.1.2.4", 0 },
		{ "0.0.0.0/0\n", "255.1.1.1", 1 }, { "0.0.0.0/0\n", "2001:db8::1", 0 }, { "::/0\n", "10.1.2.3", 0 },
		{ "10.0.0.0/33\n", "10.0.0.0", 0 }, { "10.0.0.0/\n", "10.0.0.0", 0 }, { "10.0.0.0/8x\n", "10.0.0.0", 0 },
		{ "10.0.0.0/4294967304\n", "10.0.0.1", 0 }, { "10.0.0.0/18446744073709551615\n", "10.0.0.1", 0 },
		{ "/8\n", "10.0.0.0", 0 }, { "10.*\n", "10.0.0.1", 1 }, { "*\n", "10.0.0.1", 1 },
		{ "2001:DB8::1\n", "2001:db8:0::1", 1 }, { "2001:db8::1\n", "2001:db8::2", 0 },
		{ "[2001:db8::1]\n", "2001:db8::1", 1 }, { "2001:db8::/32\n", "2001:db8:ffff::1", 1 },
		{ "2001:db8::/32\n", "2001:db9::1", 0 }, { "2001:db8::/128\n", "2001:db8::", 1 },
		{ "2001:db8::/129\n", "2001:db8::", 0 }, { "2001:db8:\n", "2001:db8::1", 0 },
		{ "10.0.0.0/8\n!10.9.0.0/16\n", "10.9.1.1", 0 }, { "10.0.0.0/8\n!10.9.0.0/16\n", "10.8.1.1", 1 },
	};
	struct addr a = { 0 }, b = { 0 };
	unsigned seed = 5, i, bad = 0;
	size_t n;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(has_ip(t[i].lines, t[i].s) == t[i].r, "address %u: %s", i, t[i].s);
	for (i = 0; i < 100000; i++) {
		uint32_t x, y, bits = (seed = seed * 1103515245u + 12345u) >> 16 & 63;

		x = seed = seed * 1103515245u + 12345u;
		seed = seed * 1103515245u + 12345u;
		y = x ^ (seed >> (seed >> 16 & 31));
		x = htonl(x);
		y = htonl(y);
		addr_set(&a, AF_INET, &x);
		addr_set(&b, AF_INET, &y);
		bad += same_net(&a, &b, bits) != (bits <= 32 &&
			(!bits || (ntohl(x) ^ ntohl(y)) >> (32 - bits) == 0));
	}
	ok(!bad, "networks, by another arithmetic");
	(void)addr_ip(&a, &n);
}

static const char *value(const char *line, const char *s)
{
	const char *v = "none";
	struct addr a;

	put("relayclients", line);
	return addr_parse(&a, s, strlen(s)) &&
		list_has("relayclients", s, strlen(s), &a, &v) == LIST_YES ? v : "no";
}

static void test_value(void)
{
	ok(!strcmp(value("192.0.2.1:\n", "192.0.2.1"), ""), "IndiMail's colon");
	ok(!strcmp(value("192.0.2.1:.x.example\n", "192.0.2.1"), ".x.example"), "and what is added");
	ok(!strcmp(value("192.0.2.:x\n192.0.2.1\n", "192.0.2.1"), ""), "the last line that fits");
	ok(!strcmp(value("192.0.2.0/24:x\n", "192.0.2.1"), "x"), "of a network");
	ok(!strcmp(value("2001:db8::1\n", "2001:db8::1"), ""), "an IPv6 address has colons");
	ok(!strcmp(value("::1\n", "::1"), ""), "all of them");
	ok(!strcmp(value("::1\n", "::2"), "no"), "and is one");
}

static int hosted(const char *s)
{
	return list_rcpthost(s, strlen(s));
}

static void test_rcpthosts(void)
{
	char long_name[3000];

	unlink("rcpthosts");
	ok(hosted("a.example") == LIST_ABSENT, "no rcpthosts");
	put("rcpthosts", "");
	ok(hosted("a.example") == LIST_NO && hosted("") == LIST_NO, "an empty one");
	put("rcpthosts", "A.example\n.w.example\n*\n@x.example\n!y.example\n");
	ok(hosted("a.Example") == LIST_YES && hosted("x.a.example") == LIST_NO, "a host");
	ok(hosted("x.w.example") == LIST_YES && hosted("w.example") == LIST_NO &&
		hosted(".w.example") == LIST_YES, "a suffix");
	ok(hosted("zz") == LIST_NO && hosted("x.example") == LIST_NO && hosted("y.example") == LIST_NO &&
		hosted("*") == LIST_YES, "no patterns");
	memset(long_name, 'a', sizeof long_name);
	memcpy(long_name + sizeof long_name - 11, ".w.example", 11);
	ok(hosted(long_name) == LIST_NO, "what is too long is nobody's");
}

int main(void)
{
	char top[] = "/tmp/qmta-lists.XXXXXX", rm[64];

	if (!mkdtemp(top) || chdir(top) < 0)
		abort();
	setenv("CONTROLDIR", top, 1);
	test_text();
	test_ip();
	test_value();
	test_rcpthosts();
	snprintf(rm, sizeof rm, "rm -rf %s", top);
	return system(rm) | done();
}
