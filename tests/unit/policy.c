/* policy.c: what a session's own state decides: logins, certificates, limits, the seam.
 * The lists are in tests/sh/smtpd-policy.t. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define host_find find_host
#include "../../src/serve/policy.c"
#undef host_find
#include "../lib/tap.h"

static enum dns answer;		/* of the DNS, of any name */

enum dns find_host(struct hosts *h, const char *name, unsigned pref, int search)
{
	ok(h->ip == IP_ANY && !h->n && *name && !pref && !search, "%s: of both families", name);
	return answer;
}

static struct session s;
static struct peer p;
static unsigned asked;

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
		abort();
}

static struct buf buf(const char *text)
{
	static char space[4][200];
	static int i;
	char *at = space[i++ % 4];

	strcpy(at, text);
	return BUF_AT(at, strlen(text), sizeof space[0]);
}

/* The reply to RCPT of this sender, or "". */
static const char *rcpt(const char *from, const char *to)
{
	struct buf f = buf(from), t = buf(to);
	const char *no = policy_sender(&s, &f);

	if (!no)
		no = policy_rcpt(&s, &t);
	return no ? no : "";
}

static const char *seam(const struct session *x, const struct buf *addr)
{
	asked++;
	return x == &s && addr->len == strlen("grey@in.example") &&
		!memcmp(addr->s, "grey@", 5) ? "451 4.7.1 later" : 0;
}

static void start(const char *ip)
{
	memset(&s, 0, sizeof s);
	memset(&p, 0, sizeof p);
	s.rcpts = (struct buf)BUF_GROW(s.rcpts_space, 4096);
	if (*ip) {
		p.known = addr_parse(&p.addr, ip, strlen(ip));
		strcpy(p.ip, ip);
	}
	ok(policy_load(&s, &p) == 0, "a session from \"%s\"", ip);
}

static int is(const char *got, const char *begin)
{
	return !strncmp(got, begin, strlen(begin)) && (*begin || !*got);
}

int main(void)
{
	char top[] = "/tmp/qmta-policy.XXXXXX", rm[64];

	if (!mkdtemp(top) || chdir(top) < 0)
		abort();
	setenv("CONTROLDIR", top, 1);
	unsetenv("RELAYCLIENT");
	log_to(open("log", O_WRONLY | O_CREAT, 0600));
	put("me", "me.example\n");
	put("locals", "");
	put("rcpthosts", "in.example\n");

	start("192.0.2.1");
	ok(is(rcpt("a@b", "x@far.example"), "553") && is(rcpt("a@b", "x@in.example"), ""), "a stranger");
	s.user = "joe";
	ok(policy_relays(&s) && is(rcpt("a@b", "x@far.example"), ""), "a login");
	s.user = 0;
	s.cert = "joe@cert.example";
	ok(!policy_relays(&s) && is(rcpt("a@b", "x@far.example"), "553"), "a certificate, and no list");
	put("tlsclients", "sue@cert.example\n");
	ok(!policy_relays(&s), "one that is not in it");
	put("tlsclients", "*@cert.example\n!sue@cert.example\n");
	ok(policy_relays(&s) && is(rcpt("a@b", "x@far.example"), ""), "one that is");
	unlink("tlsclients");
	if (mkdir("tlsclients", 0700) < 0)
		abort();
	ok(!policy_relays(&s) && is(rcpt("a@b", "x@far.example"), "451"), "a list that cannot be read");
	s.user = "joe";
	ok(is(rcpt("a@b", "x@far.example"), ""), "which a login does not need");
	rmdir("tlsclients");

	start("192.0.2.1");
	policy_more = seam;
	ok(is(rcpt("a@b", "x@far.example"), "553") && !asked, "the seam is asked last");
	ok(is(rcpt("a@b", "grey@in.example"), "451 4.7.1 later") && asked == 1, "and decides");
	ok(is(rcpt("a@b", "other@in.example"), "") && asked == 2, "and lets in");
	s.user = "joe";
	ok(is(rcpt("a@b", "grey@in.example"), "") && asked == 2, "but is not asked of who may relay");
	policy_more = 0;

	put("relaydomains", ".trusted.example\n");
	p.host = "a.trusted.example";
	s.user = 0;
	answer = DNS_LATER;
	ok(!policy_load(&s, &p) && is(rcpt("a@b", "x@far.example"), "451 4.4.3") &&
		is(rcpt("a@b", "x@in.example"), ""), "nobody says whether its name is true");
	answer = DNS_NONE;
	ok(!policy_load(&s, &p) && is(rcpt("a@b", "x@far.example"), "553"), "it is not");
	put("mxcheck", "1\n");
	answer = DNS_OK;
	ok(is(rcpt("a@[192.0.2.5]", "x@in.example"), ""), "a sender at an address");
	unlink("mxcheck");
	unlink("relaydomains");

	put("badhelo", "localhost\n");
	start("192.0.2.1");
	strcpy(s.helo, "localhost");
	ok(policy_helo(&s) && is(rcpt("a@b", "x@in.example"), "550"), "badhelo");
	s.mechs = "PLAIN";
	ok(!policy_helo(&s) && is(rcpt("a@b", "x@in.example"), "550"), "a login may follow");
	s.mechs = 0;
	s.starttls = 1;
	ok(!policy_helo(&s), "or TLS, and then a login");
	s.user = "joe";
	ok(is(rcpt("a@b", "x@in.example"), ""), "it did");
	unlink("badhelo");

	put("tarpitcount", "3\n");
	start("192.0.2.1");
	ok(s.tarpit == 3 && s.delay == 5000, "tarpit");
	s.user = "joe";
	rcpt("a@b", "x@in.example");
	ok(!s.delay, "not for logins");
	put("tarpitdelay", "99999999999\n");
	start("192.0.2.1");
	ok(s.delay == 300000, "which has an end");
	put("relayclients", "192.0.2.1\n");
	start("192.0.2.1");
	ok(!s.delay && policy_relays(&s), "nor for those who may relay");
	start("");
	ok(!policy_relays(&s) && s.delay, "a client without an address is none of them");
	ok(!policy_connect(&s), "and may connect");
	put("maxrecipients", "18446744073709551615\n");
	start("192.0.2.9");
	ok(s.rcpts_max == SIZE_MAX && !s.databytes, "limits");
	unlink("databytes");
	if (mkdir("databytes", 0700) < 0)
		abort();
	ok(policy_load(&s, &p) == -1 && strstr(control_error(), "/databytes: "), "a file that cannot be read");
	rmdir("databytes");
	if (mkdir("badip", 0700) < 0)
		abort();
	ok(policy_connect(&s) && is(policy_connect(&s), "421 4.3.0"), "not even badip");
	rmdir("badip");
	snprintf(rm, sizeof rm, "rm -rf %s", top);
	return system(rm) | done();
}
