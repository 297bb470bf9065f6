/* route.c: rewriting and routing of recipients (spec of the qmail family, 9.3),
 * with the control files of its measured examples. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/tap.h"
#include "../../src/send/route.c"
#include "../../src/base/control.h"

static void put(const char *name, const char *s)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, strlen(s)) != (ssize_t)strlen(s) || close(fd) < 0)
		abort();
}

static int goes(const char *addr, enum qchan chan, const char *as, const char *via)
{
	struct route r;

	return route_find(&r, addr, strlen(addr)) == 0 && r.chan == chan &&
		!strcmp(r.addr, as) && r.len == strlen(as) && !strcmp(r.via, via);
}

static void files(void)
{
	put("me", "board.example.net\n");
	put("locals", "board.example.net\nalso.example\n");
	put("percenthack", "gate.example\n");
	put("virtualdomains", "v.example.net:joe-virt\nuser@w.example.net:joe-one\n"
		".sub.example.net:joe-sub\nex.sub.example.net:\n");
	put("smtproutes", "direct.example:\n.inner.example:10.0.0.1:26\n[v6.example]:x\n:smart.example:587\n");
}

/* adminaddr: names of this host; what keeps its way; several addresses. */
static void admin(void)
{
	struct route r;

	put("aliases", "news: kim@far.example\nlist: \"|prog\"\n");
	put("adminaddr", "me@far.example\n");
	ok(conf_reread() == 0 && goes("joe@board.example.net", REMOTE, "me@far.example", "Rsmart.example:587") &&
		goes("Joe@ALSO.example", REMOTE, "me@far.example", "Rsmart.example:587"), "adminaddr: a local name");
	ok(goes("joe", REMOTE, "me@far.example", "Rsmart.example:587") &&
		goes("root@localhost", REMOTE, "me@far.example", "Rsmart.example:587"), "adminaddr: bare, localhost");
	ok(goes("joe%board.example.net@gate.example", REMOTE, "me@far.example", "Rsmart.example:587"),
		"adminaddr: after percenthack");
	ok(goes("news@board.example.net", LOCAL, "news@board.example.net", "") &&
		goes("LIST@also.example", LOCAL, "LIST@also.example", ""), "adminaddr: aliases first");
	ok(goes("info@v.example.net", LOCAL, "joe-virt-info@v.example.net", "") &&
		goes("z@ex.sub.example.net", REMOTE, "z@ex.sub.example.net", "Rsmart.example:587") &&
		goes("z@far.example", REMOTE, "z@far.example", "Rsmart.example:587"), "adminaddr: nothing else");
	put("adminaddr", "pi\n");
	ok(conf_reread() == 0 && goes("joe@also.example", LOCAL, "pi@board.example.net", "") &&
		goes("pi@board.example.net", LOCAL, "pi@board.example.net", ""), "adminaddr: a local user, and no loop");
	put("adminaddr", "pi, a@far.example , info@v.example.net\n");
	ok(conf_reread() == 0 && goes("joe@also.example", LOCAL, "pi@board.example.net", "") &&
		route_copy(&r, "joe", 3, 1) == 0 && r.copies == 3 && r.chan == REMOTE && !strcmp(r.addr, "a@far.example") &&
		route_copy(&r, "joe", 3, 2) == 0 && r.copies == 3 && r.chan == LOCAL &&
		!strcmp(r.addr, "joe-virt-info@v.example.net"), "adminaddr: three, each routed in its turn");
	ok(route_copy(&r, "pi", 2, 0) == 0 && r.copies == 1 && route_copy(&r, "z@far.example", 13, 0) == 0 &&
		r.copies == 1, "adminaddr: one of them is itself");
	put("adminaddr", "a b\"c@x\n");
	ok(conf_reread() == -1 && strstr(control_error(), "/adminaddr: it is not an address") &&
		goes("joe@also.example", LOCAL, "pi@board.example.net", ""), "adminaddr: nonsense changes nothing");
	put("adminaddr", "me@far.example\n");
	put("locals", "");
	ok(conf_reread() == 0 && goes("joe@board.example.net", REMOTE, "me@far.example", "Rsmart.example:587") &&
		goes("joe@also.example", REMOTE, "joe@also.example", "Rsmart.example:587"), "null client: our own name all the same");
	ok(goes("news@board.example.net", REMOTE, "kim@far.example", "Rsmart.example:587"), "null client: an alias that is an address");
	ok(goes("list@board.example.net", REMOTE, "me@far.example", "Rsmart.example:587"), "null client: one that is not");
	put("aliases", "oops\n");
	ok(goes("list@board.example.net", REMOTE, "me@far.example", "Rsmart.example:587"), "null client: broken aliases");
	put("envnoathost", "other.example\n");
	ok(conf_reread() == 0 && goes("joe", REMOTE, "me@far.example", "Rsmart.example:587") &&
		goes("joe@other.example", REMOTE, "joe@other.example", "Rsmart.example:587"),
		"a bare name is ours, whatever envnoathost adds");
	unlink("envnoathost");
	put("virtualdomains", "board.example.net:kim\n");
	ok(conf_reread() == 0 && goes("joe@board.example.net", LOCAL, "kim-joe@board.example.net", "") &&
		goes("joe@localhost", REMOTE, "me@far.example", "Rsmart.example:587"), "a virtual name is not local");
	put("allmailfrom", "one@far.example\n");
	ok(conf_reread() == 0 && admin_sender("") == 0 && admin_sender("#@[]") == 0 &&
		admin_sender("x@y") && !strcmp(admin_sender("x@y"), "one@far.example"), "allmailfrom");
	unlink("adminaddr"); unlink("allmailfrom"); unlink("aliases");
	files();
	ok(conf_reread() == 0 && goes("joe@board.example.net", LOCAL, "joe@board.example.net", "") &&
		admin_sender("x@y") == 0, "and without the files");
}

/* To z@far.example, for mail from this sender. */
static int from(const char *sender, const char *via)
{
	route_sender(sender);
	return goes("z@far.example", REMOTE, "z@far.example", via);
}

/* Whose mail it is: as the queue has him, then as he is known elsewhere. */
static void senders(void)
{
	struct route a, b;

	put("smtproutes", "@kim@board.example.net:kim\n@list@board.example.net:list /s\n!@:null\n"
		"@root@far.example:far /s\n:rest\n");
	put("senderroutes", "one@far.example:one\nother.example:other\n");
	ok(conf_reread() == 0 && from("kim@board.example.net", "Rkim") && from("x@other.example", "Rother") &&
		from("x@board.example.net", "Rrest"), "by sender");
	ok(from("", "Rnull") && from("#@[]", "Rnull"), "the null sender, and that of a double bounce");
	ok(from("list@board.example.net-@[]", "Rlist /list@board.example.net") && from("-@[]", "Rrest"), "one who wants VERP");
	ok(from("root@board.example.net", "Rrest"), "root has no line of his own");
	put("generic", "root root@far.example\nlist@board.example.net list@far.example\n");
	ok(from("root@board.example.net", "Rrest") && conf_reread() == 0 &&
		from("root@board.example.net", "Rfar /root@far.example"), "but elsewhere he has, after HUP");
	ok(from("list@board.example.net", "Rlist /list@far.example"), "the login is that of the name elsewhere");
	put("allmailfrom", "one@far.example\n");
	ok(conf_reread() == 0 && from("x@board.example.net", "Rone") && from("kim@board.example.net", "Rkim") &&
		from("", "Rnull"), "allmailfrom");
	unlink("allmailfrom");
	put("generic", "nonsense\n");
	ok(conf_reread() == 0 && from("root@board.example.net", "Rrest") && from("kim@board.example.net", "Rkim"),
		"a map that makes no sense (its mail waits elsewhere)");
	unlink("generic");
	put("smtproutes", "far.example:r /s\n");
	ok(conf_reread() == 0 && from("a@b", "Rr /a@b"), "/s for a domain");
	a.len = b.len = 0;
	route_sender("a@b");
	route_again(&a, REMOTE, "z@far.example", 13);
	route_sender("c@d");
	route_again(&b, REMOTE, "y@far.example", 13);
	ok(a.hash != b.hash && !strcmp(b.via, "Rr /c@d"), "two logins are two routes, for settled mail as well");
	put("smtproutes", "far.example:r /s\n:x:y\n");
	ok(conf_reread() == 0 && from("a@b", "Rr /a@b") && goes("z@near.example", REMOTE, "z@near.example",
		"R!control/smtproutes, \":x:y\": a relay is host:port, [IPv6]:port, or |command"), "a bad line is a route that is none");
	put("smtproutes", "");
	ok(conf_reread() == 0 && from("one@far.example", "Rone") && from("kim@board.example.net", "Mfar.example"),
		"senderroutes alone");
	unlink("senderroutes");
	files();
	ok(conf_reread() == 0 && from("one@far.example", "Rsmart.example:587"), "and without it");
}

int main(void)
{
	char dir[] = "/tmp/qmta-unit.XXXXXX", big[ADDR_CAP];
	struct route r;

	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	setenv("CONTROLDIR", dir, 1);
	files();
	ok(conf_read() == 0, "control files are read");
	ok(goes("joe", LOCAL, "joe@board.example.net", ""), "no host: envnoathost, which is me");
	ok(goes("Joe@BOARD.example.NET", LOCAL, "Joe@BOARD.example.NET", ""), "locals, case-blind");
	ok(goes("ann%remote.example@gate.example", REMOTE, "ann@remote.example", "Rsmart.example:587"),
		"percenthack");
	ok(goes("a%b%c.example@gate.example", REMOTE, "a%b@c.example", "Rsmart.example:587"), "the last percent sign only");
	ok(goes("a%gate.example@gate.example", REMOTE, "a@gate.example", "Rsmart.example:587"),
		"percenthack ends where there is none");
	ok(goes("info@v.example.net", LOCAL, "joe-virt-info@v.example.net", ""), "virtual domain");
	ok(goes("user@w.example.net", LOCAL, "joe-one-user@w.example.net", ""), "virtual user");
	ok(goes("else@w.example.net", REMOTE, "else@w.example.net", "Rsmart.example:587"), "and no other there");
	ok(goes("z@q.sub.example.net", LOCAL, "joe-sub-z@q.sub.example.net", ""), "suffix");
	ok(goes("z@ex.sub.example.net", REMOTE, "z@ex.sub.example.net", "Rsmart.example:587"), "exception");
	ok(goes("z@sub.example.net", REMOTE, "z@sub.example.net", "Rsmart.example:587"),
		"a suffix does not match its own parent");
	ok(goes("z@Direct.Example", REMOTE, "z@Direct.Example", "Mdirect.example"), "85: empty value: MX");
	ok(goes("z@a.inner.example", REMOTE, "z@a.inner.example", "R10.0.0.1:26"), "route by suffix");
	memset(big, 'a', sizeof big);
	ok(route_find(&r, big, ADDR_CAP) == -1, "too long");
	ok(route_find(&r, big, ADDR_MAX - 18) == 0 && r.len == ADDR_MAX, "the longest one");
	ok(route_find(&r, big, ADDR_MAX - 17) == -1, "one that our own host name makes too long");
	ok(route_prefix("joe-virt-info@v.example.net", 27) == 9, "48: prefix of a virtual domain");
	ok(route_prefix("joe-one-user@w.example.net", 26) == 8, "48: of a virtual user");
	ok(route_prefix("joe-list@board.example.net", 26) == 0, "48: none of a local address");
	admin();
	senders();
	put("locals", "");
	ok(conf_reread() == 0 && goes("a@board.example.net", REMOTE, "a@board.example.net",
		"Rsmart.example:587"), "31: reread; an empty locals means nothing is local");
	unlink("locals");
	if (unlink("virtualdomains") < 0 || mkdir("virtualdomains", 0700) < 0)
		abort();
	ok(conf_reread() == -1 && strstr(control_error(), "virtualdomains") &&
		goes("info@v.example.net", LOCAL, "joe-virt-info@v.example.net", ""),
		"a reread that fails names the file and changes nothing");
	rmdir("virtualdomains");
	unlink("me");
	ok(conf_read() == 1, "neither locals nor me");
	unlink("percenthack"); unlink("smtproutes");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		abort();
	return done();
}
