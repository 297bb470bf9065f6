/* control/smtproutes: which line wins, and what a line says (checklist 85). */
#include "../../src/net/relay.c"
#include "../lib/tap.h"
#include <stdlib.h>
#include <unistd.h>

static int finds(const char *domain, const char *want)
{
	const char *v = relay_find(domain, strlen(domain));

	return want ? v && !strcmp(v, want) : !v;
}

static int parses(const char *value, const char *host, unsigned port)
{
	char h[64];
	unsigned p;

	if (relay_parse(value, h, sizeof h, &p))
		return !host;
	return host && !strcmp(h, host) && p == port;
}

/* As a route's text. */
static int goes(const char *domain, const char *want)
{
	const char *v;
	char kind = relay_route(&v, domain, strlen(domain));

	return kind == *want && !strcmp(v, want + 1);
}

static void put(const char *dir, const char *file, const char *text)
{
	char name[256];
	FILE *f;

	snprintf(name, sizeof name, "%s/%s", dir, file);
	f = fopen(name, "w");
	fputs(text, f);
	fclose(f);
	relay_forget();
}

static void file_put(const char *dir, const char *text)
{
	put(dir, "smtproutes", text);
}

static void by_qmqp(const char *dir)
{
	char name[64];

	file_put(dir, "a.example:relay\nmx.example:\nport.example: :25\n");
	put(dir, "qmqproutes", "a.example:no\nmx.example:no\nport.example:no\n"
		"Q.example: 192.0.2.4 [2001:db8::4]:629\n.q.example:192.0.2.5\nmx.q.example:\n");
	ok(!relay_load() && goes("a.example", "Rrelay"), "smtproutes comes first");
	ok(goes("mx.example", "Mmx.example") && goes("port.example", "Mport.example"),
		"its empty value ends the search");
	ok(goes("q.EXAMPLE", "Q192.0.2.4 [2001:db8::4]:629") && goes("b.q.example", "Q192.0.2.5"),
		"then qmqproutes, by the same keys");
	ok(goes("mx.q.example", "Mmx.q.example") && goes("b.example", "Mb.example") && goes("", "M"),
		"its empty value, and no value at all: by MX");
	put(dir, "qmqpfallback", "0\n");
	ok(!relay_load() && goes("b.example", "Mb.example"), "qmqpfallback 0");
	put(dir, "qmqpfallback", "\n");
	ok(!relay_load() && goes("b.example", "Mb.example"), "qmqpfallback empty");
	put(dir, "qmqpfallback", "1\n");
	ok(!relay_load() && goes("b.example", "Q") && goes("a.example", "Rrelay") &&
		goes("q.example", "Q192.0.2.4 [2001:db8::4]:629") && goes("mx.example", "Mmx.example") &&
		goes("mx.q.example", "Mmx.q.example"), "qmqpfallback 1: what no line is about");
	put(dir, "qmqpfallback", "/var/spool/other/queue\n");
	ok(!relay_load() && goes("b.example", "Q"), "qmqpfallback: a directory");
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "%s/%s", dir, i ? "qmqproutes" : "qmqpfallback");
		unlink(name);
	}
	relay_forget();
}

int main(void)
{
	char dir[] = "/tmp/qmta-relay.XXXXXX", name[64];

	if (!mkdtemp(dir))
		return 1;
	setenv("CONTROLDIR", dir, 1);
	ok(!relay_load() && finds("example.net", 0), "no file: by MX");
	file_put(dir, "# comment\nexample.net:relay1\n.example.net:relay2:26\n"
		"mx.example.org:\nodd.example.org: :7\nUpper.Example:R:587 user pass\n:last:2525\n");
	ok(!relay_load(), "loads");
	ok(finds("example.net", "relay1"), "the domain itself");
	ok(finds("EXAMPLE.net", "relay1"), "case does not matter");
	ok(finds("a.example.net", "relay2:26"), "a suffix with a dot");
	ok(finds("a.b.example.net", "relay2:26"), "a longer one");
	ok(finds("notexample.net", "last:2525"), "not a suffix without the dot");
	ok(finds("mx.example.org", 0), "empty value: by MX");
	ok(finds("odd.example.org", 0), "a port alone: by MX");
	ok(finds("upper.example", "R:587 user pass"), "more fields stay");
	ok(finds("", "last:2525"), "empty domain: the catch-all");
	by_qmqp(dir);
	file_put(dir, "a.example:x\n");
	ok(!relay_load() && finds("a.example", "x") && finds("example.net", 0), "read again");
	snprintf(name, sizeof name, "%s/smtproutes", dir);
	unlink(name);
	if (symlink("smtproutes", name))
		return 1;
	relay_forget();
	ok(relay_load() < 0, "unreadable is an error, not an empty file");
	unlink(name);
	rmdir(dir);

	ok(parses("relay", "relay", 25), "relay");
	ok(parses("relay:26", "relay", 26), "relay:port");
	ok(parses("relay:26:0:5 user pass X=1", "relay", 26), "more fields");
	ok(parses("[2001:db8::1]", "2001:db8::1", 25), "[v6]");
	ok(parses("[::1]:2525", "::1", 2525), "[v6]:port");
	ok(parses("[192.0.2.1]:587 u p", "192.0.2.1", 587), "[v4]:port");
	ok(parses("192.0.2.1:26", "192.0.2.1", 26), "v4:port");
	ok(parses("2001:db8::1", "2001:db8::1", 25), "v6 without brackets");
	ok(parses("relay:", "relay", 25), "no port");
	ok(parses("relay:x", "relay", 25), "port is no number");
	ok(parses("relay:0", "relay", 25) && parses("relay:65536", "relay", 25), "port out of range");
	ok(parses("relay:99999999999999999999999", "relay", 25), "port too long");
	ok(parses("relay:65535", "relay", 65535), "highest port");
	ok(parses("", 0, 0) && parses(":25", 0, 0) && parses("[]", 0, 0), "no host");
	ok(parses("[::1", 0, 0) && parses("[", 0, 0), "bracket is not closed");
	ok(parses("a123456789012345678901234567890123456789012345678901234567890123", 0, 0), "host too long");
	return done();
}
