/* control/smtproutes, senderroutes, qmqproutes: which line wins (checklist 85). */
#include "../../src/net/routes.c"
#include "../lib/tap.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int finds(const char *domain, const char *want)
{
	const char *v;
	char kind = routes_find(&v, domain, "r@x", 1);

	return want ? kind == 'R' && !strcmp(v, want) : kind == 'M' && v == domain;
}

/* As a route's text. */
static int goes(const char *domain, const char *want)
{
	const char *v;
	char kind = routes_find(&v, domain, "r@x", 0);

	return kind == *want && !strcmp(v, want + 1);
}

static int for_whom(const char *rcpt, const char *want)
{
	const char *v;
	char kind = routes_find(&v, "r.example", rcpt, 0);

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
	routes_forget();
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
	ok(!routes_load() && goes("a.example", "Rrelay"), "smtproutes comes first");
	ok(goes("mx.example", "Mmx.example") && goes("port.example", "Mport.example"),
		"its empty value ends the search");
	ok(goes("q.EXAMPLE", "Q192.0.2.4 [2001:db8::4]:629") && goes("b.q.example", "Q192.0.2.5"),
		"then qmqproutes, by the same keys");
	ok(goes("mx.q.example", "Mmx.q.example") && goes("b.example", "Mb.example") && goes("", "M"),
		"its empty value, and no value at all: by MX");
	put(dir, "qmqpfallback", "0\n");
	ok(!routes_load() && goes("b.example", "Mb.example"), "qmqpfallback 0");
	put(dir, "qmqpfallback", "\n");
	ok(!routes_load() && goes("b.example", "Mb.example"), "qmqpfallback empty");
	put(dir, "qmqpfallback", "1\n");
	ok(!routes_load() && goes("b.example", "Q") && goes("a.example", "Rrelay") &&
		goes("q.example", "Q192.0.2.4 [2001:db8::4]:629") && goes("mx.example", "Mmx.example") &&
		goes("mx.q.example", "Mmx.q.example"), "qmqpfallback 1: what no line is about");
	put(dir, "qmqpfallback", "/var/spool/other/queue\n");
	ok(!routes_load() && goes("b.example", "Q"), "qmqpfallback: a directory");
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "%s/%s", dir, i ? "qmqproutes" : "qmqpfallback");
		unlink(name);
	}
	routes_forget();
}

/* As a route's text, for mail from this sender, who is known as alias elsewhere. */
static int from(const char *sender, const char *alias, const char *domain, const char *want)
{
	routes_sender(sender, alias);
	return goes(domain, want);
}

static void share(const char *dir, const char *file, int mode)
{
	char name[256];

	snprintf(name, sizeof name, "%s/%s", dir, file);
	chmod(name, mode);
	routes_forget();
}

static void by_senders(const char *dir)
{
	char longest[1000];

	file_put(dir, "to.example:domain\n.sub.example:suffix\n@ann@board.example:ann\n"
		"r.example:rcpt /r TLS=must\n@bob@board.example:bob /s TLS=must\n@board.example:\nown.example:own /s\n!@:null /s\n:rest\n");
	put(dir, "senderroutes", "ann@board.example:no\neve@board.example:eve\nweb.example:web\n"
		"@log.example:log\n@ann@log.example:odd\nkim@far.example:kim\n!@:no\n");
	put(dir, "qmqproutes", "q.example:192.0.2.4\n:192.0.2.5\n");
	ok(!routes_load() && routes_by_sender(), "routes by sender");
	ok(from("ann@board.example", 0, "x.example", "Rann") && from("ANN@Board.example", 0, "x.example", "Rann"),
		"a sender's line in smtproutes");
	ok(from("ann@board.example", 0, "to.example", "Rdomain") && from("ann@board.example", 0, "a.sub.example", "Rsuffix") &&
		from("ann@board.example", 0, "Q.example", "Q192.0.2.4"), "a line about the domain comes first, whoever asks");
	ok(from("eve@board.example", 0, "x.example", "Reve"), "a sender's line in senderroutes, before his domain's");
	ok(from("joe@board.example", 0, "x.example", "Mx.example"), "his domain's: by MX");
	ok(from("joe@web.example", 0, "x.example", "Rweb") && from("joe@log.example", 0, "x.example", "Rlog") &&
		from("ann@log.example", 0, "x.example", "Rodd"), "a domain in senderroutes, with @ or without");
	ok(from("joe@a.board.example", 0, "x.example", "Rrest") && from("joe", 0, "x.example", "Rrest") &&
		from("board.example", 0, "x.example", "Rrest") && from("@", 0, "x.example", "Rrest"), "nobody's: the empty key");
	ok(from("joe@here", "kim@far.example", "x.example", "Rkim") && from("joe@board.example", "kim@far.example", "x.example",
		"Mx.example"), "the alias comes behind the sender");
	ok(from("", 0, "x.example", "Rnull /!@") && from("", 0, "to.example", "Rdomain"), "the null sender");
	ok(from("bob@board.example", 0, "x.example", "Rbob /bob@board.example TLS=must") &&
		from("bob@board.example", "b b%@x", "x.example", "Rbob /b%20b%25@x TLS=must") &&
		from("bob@board.example", 0, "own.example", "Rown /bob@board.example"), "/s becomes the address");
	ok(for_whom("x@r.example", "Rrcpt /x@r.example TLS=must") && for_whom("y z%@r.example", "Rrcpt /y%20z%25@r.example TLS=must") &&
		for_whom("r", "Rrcpt /r TLS=must"), "/r becomes the recipient");
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	ok(from(longest, 0, "own.example", "R!a route is too long (with /s or /r)"), "one that is too long for that");
	ok(from("\"a@b:c\"@web.example", 0, "x.example", "Rweb"), "a sender with the signs of a line");
	put(dir, "qmqpfallback", "1\n");
	ok(!routes_load() && from("eve@board.example", 0, "x.example", "Reve") && from("x@y", 0, "x.example", "Rrest"),
		"qmqpfallback is behind them");
	file_put(dir, "@eve@board.example:mine\n");
	ok(!routes_load() && from("eve@board.example", 0, "x.example", "Rmine") && from("x@y", 0, "x.example", "Q192.0.2.5"),
		"qmqproutes' empty key is the last");
	put(dir, "senderroutes", "");
	file_put(dir, "x.example:r /s\n");
	ok(!routes_load() && routes_by_sender() && from("eve@a", 0, "x.example", "Rr /eve@a"), "/s alone asks for the sender");
	file_put(dir, "x.example:r\n");
	ok(!routes_load() && !routes_by_sender(), "without any of it nobody asks");
	put(dir, "qmqproutes", "");
	put(dir, "qmqpfallback", "0\n");
}

/* The next words begin and end like that. */
static int says(size_t *at, const char *begin, const char *end)
{
	const char *s = routes_wrong(at);
	size_t n = s ? strlen(s) : 0;

	return n > strlen(end) && !strncmp(s, begin, strlen(begin)) && !strcmp(s + n - strlen(end), end);
}

static void bad_lines(const char *dir)
{
	char big[1001];
	const char *v;
	size_t at = 0;

	file_put(dir, "good.example:r:587 u - PASSFILE=x\nport.example:r:x\nno colon\n@s.example:r user\tgeheim x y\n"
		"mx.example:\n!@:!x geheim\n");
	put(dir, "senderroutes", "eve@a:[\n:r TLS=yes\n");
	ok(!routes_load() && says(&at, "control/smtproutes, \"port.example:r:x\": a relay is", "|command"), "what is wrong");
	ok(says(&at, "control/smtproutes, \"@s.example:r\": it has too many", "in one)"), "a secret is not shown");
	ok(says(&at, "control/smtproutes, \"!@:!x\": ", "|command"), "words are no value of a line's");
	ok(says(&at, "control/senderroutes, \"eve@a:[\": ", "|command") && says(&at, "control/senderroutes, \":r\": TLS=", "verify") &&
		!routes_wrong(&at), "each file, to the end");
	routes_sender("eve@a", 0);
	ok(goes("port.example", "R!control/smtproutes, \"port.example:r:x\": a relay is host:port, [IPv6]:port, or |command") &&
		goes("good.example", "Rr:587 u - PASSFILE=x") && routes_find(&v, "x.example", "r@x", 0) == 'R' &&
		!strncmp(v, "!control/senderroutes", 21), "mail for such a line has its words for a route");
	file_put(dir, "a.example:r u geheim\nb.example:r u -\n");
	put(dir, "senderroutes", "c@d:r u geheim\n");
	share(dir, "smtproutes", 0604);
	share(dir, "senderroutes", 0640);
	at = 0;
	ok(!routes_load() && says(&at, "control/smtproutes, \"a.example:r\": it has a password", "(chmod o-r)") &&
		!routes_wrong(&at) && goes("b.example", "Rr u -"), "a password that others may read");
	routes_sender("c@d", 0);
	ok(goes("x.example", "Rr u geheim"), "one that they may not");
	share(dir, "smtproutes", 0640);
	at = 0;
	ok(!routes_load() && !routes_wrong(&at) && goes("a.example", "Rr u geheim"), "and after chmod");
	memset(big, 'a', sizeof big - 1);
	memcpy(big, "a:r:", 4);
	big[sizeof big - 1] = 0;
	file_put(dir, big);
	at = 0;
	ok(!routes_load() && says(&at, "a route is too long", ""), "a very long one");
	setenv("SMTPROUTE", "env:26", 1);
	ok(finds("a", "env:26"), "SMTPROUTE");
	setenv("SMTPROUTE", "env:x geheim", 1);
	ok(finds("a", "!$SMTPROUTE, \"env:x\": a relay is host:port, [IPv6]:port, or |command"), "SMTPROUTE: nonsense");
	setenv("SMTPROUTE", "", 1);
	ok(finds("a", 0), "SMTPROUTE empty: by MX");
	unsetenv("SMTPROUTE");
	put(dir, "senderroutes", "");
}

int main(void)
{
	char dir[] = "/tmp/qmta-relay.XXXXXX", name[64];

	if (!mkdtemp(dir))
		return 1;
	setenv("CONTROLDIR", dir, 1);
	ok(!routes_load() && finds("example.net", 0), "no file: by MX");
	file_put(dir, "# comment\nexample.net:relay1\n.example.net:relay2:26\n"
		"mx.example.org:\nodd.example.org: :7\nUpper.Example:R:587 user - HELO=x\n:last:2525\n");
	ok(!routes_load(), "loads");
	ok(finds("example.net", "relay1"), "the domain itself");
	ok(finds("EXAMPLE.net", "relay1"), "case does not matter");
	ok(finds("a.example.net", "relay2:26"), "a suffix with a dot");
	ok(finds("a.b.example.net", "relay2:26"), "a longer one");
	ok(finds("notexample.net", "last:2525"), "not a suffix without the dot");
	ok(finds("mx.example.org", 0), "empty value: by MX");
	ok(finds("odd.example.org", 0), "a port alone: by MX");
	ok(finds("upper.example", "R:587 user - HELO=x"), "more fields stay");
	ok(finds("", "last:2525"), "empty domain: the catch-all");
	by_qmqp(dir);
	by_senders(dir);
	bad_lines(dir);
	file_put(dir, "a.example:x\n");
	ok(!routes_load() && finds("a.example", "x") && finds("example.net", 0), "read again");
	snprintf(name, sizeof name, "%s/smtproutes", dir);
	unlink(name);
	if (symlink("smtproutes", name))
		return 1;
	routes_forget();
	ok(routes_load() < 0, "unreadable is an error, not an empty file");
	unlink(name);
	for (const char *s = "senderroutes\0qmqproutes\0qmqpfallback\0"; *s; s += strlen(s) + 1) {
		snprintf(name, sizeof name, "%s/%s", dir, s);
		unlink(name);
	}
	rmdir(dir);
	return done();
}
