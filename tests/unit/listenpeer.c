/* peer.c and host.c: who is there, by variables and by the socket; and which names of an
 * address count. */
#include "../../src/listen/peer.c"
#include "../../src/listen/host.c"
#include <stdio.h>
#include <unistd.h>
#include <arpa/inet.h>
#include "../lib/tap.h"

static struct peer p;

static void set(const char *remote, const char *local)
{
	unsetenv("TCPREMOTEIP");
	unsetenv("TCPLOCALIP");
	if (remote)
		setenv("TCPREMOTEIP", remote, 1);
	if (local)
		setenv("TCPLOCALIP", local, 1);
	peer_load(&p);
}

static void test_variables(void)
{
	set("192.0.2.1", "192.0.2.9");
	ok(p.known && !p.local && !strcmp(p.ip, "192.0.2.1") && !strcmp(p.local_ip, "192.0.2.9"),
		"IPv4");
	set("2001:DB8:0:0::1", 0);
	ok(p.known && !p.local && !strcmp(p.ip, "2001:db8::1") && !*p.local_ip, "IPv6");
	set("::ffff:192.0.2.1", "::ffff:192.0.2.9");
	ok(p.known && !strcmp(p.ip, "192.0.2.1") && p.addr.u.sa.sa_family == AF_INET &&
		!strcmp(p.local_ip, "192.0.2.9"), "IPv4 in IPv6");
	set("fe80::1%eth0", "junk");
	ok(p.known && !p.local && !strcmp(p.ip, "fe80::1") && !*p.local_ip, "an interface");
	set("127.0.0.2", 0);
	ok(p.known && p.local, "loopback");
	set("::1", 0);
	ok(p.known && p.local, "loopback of IPv6");
	set("::ffff:127.0.0.1", 0);
	ok(p.known && p.local, "and mapped");
	set("0", 0);
	ok(!p.known && !p.local && !*p.ip, "junk is a stranger");
	set("", 0);
	ok(!p.known && !p.local, "so is an empty one");
	set("unix", 0);
	ok(!p.known && !p.local, "and a word");
	setenv("TCPREMOTEHOST", "a.example.net", 1);
	setenv("TCPREMOTEINFO", "joe", 1);
	setenv("TCPLOCALHOST", "b.example.net", 1);
	set("192.0.2.1", 0);
	ok(!strcmp(p.host, "a.example.net") && !strcmp(p.info, "joe") &&
		!strcmp(p.local_host, "b.example.net"), "names");
	unsetenv("TCPREMOTEHOST");
	unsetenv("TCPREMOTEINFO");
	unsetenv("TCPLOCALHOST");
}

/* On descriptor 0: what a listener of inetd's kind gives. */
static int accepted(int family, const char *ip, int *client)
{
	struct addr a;
	socklen_t n = sizeof a.u;
	int l = socket(family, SOCK_STREAM, 0), fd;

	addr_parse(&a, ip, strlen(ip));
	if (bind(l, &a.u.sa, addr_len(&a)) || listen(l, 5) || getsockname(l, &a.u.sa, &n)) {
		close(l);
		return -1;
	}
	*client = socket(family, SOCK_STREAM, 0);
	if (connect(*client, &a.u.sa, addr_len(&a)))
		ok(0, "connect");
	fd = accept(l, 0, 0);
	close(l);
	dup2(fd, 0);
	close(fd);
	return 0;
}

static void test_socket(void)
{
	struct linger now = { 1, 0 };
	int client, pair[2];

	if (!accepted(AF_INET, "127.0.0.1", &client)) {
		set(0, "192.0.2.66");
		ok(p.known && p.local && !strcmp(p.ip, "127.0.0.1") &&
			!strcmp(p.local_ip, "127.0.0.1"), "a socket");
		setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		close(client);
		usleep(20000);
		set(0, 0);
		ok(!p.known && !p.local && !strcmp(p.local_ip, "127.0.0.1"),
			"one whose client has gone is a stranger");
	}
	if (!accepted(AF_INET6, "::1", &client)) {
		set(0, 0);
		ok(p.known && p.local && !strcmp(p.ip, "::1"), "IPv6");
		close(client);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	dup2(pair[0], 0);
	set(0, 0);
	ok(!p.known && p.local && !*p.ip && !*p.local_ip, "a local socket");
	if (pipe(pair))
		return;
	dup2(pair[0], 0);
	set(0, 0);
	ok(!p.known && p.local, "a pipe");
	close(0);
	set(0, 0);
	ok(!p.known && p.local, "nothing");
}

static int cleans(const char *from, const char *to)
{
	char s[64];

	sprintf(s, "%s", from);
	return clean(s) ? to && !strcmp(s, to) : !to;
}

static void test_host(void)
{
	ok(cleans("A-1_b.Example", "a-1_b.example"), "letters, digits, - _ .");
	ok(cleans("", 0) && cleans(".", 0) && cleans(".a", 0), "no empty name, none with a dot first");
	ok(cleans("a b", 0) && cleans("a\nb", 0) && cleans("a\"b", 0) && cleans("a\xe9", 0) &&
		cleans("a/b", 0) && cleans("a:b", 0), "nothing else");
}

int main(void)
{
	test_variables();
	test_socket();
	test_host();
	return done();
}
