/* peer.c: who the client on descriptor 0 is. What a listener has put into the environment
 * holds, be it ours, tcpserver, or tcp-env under inetd; where none has, the socket is
 * asked. Nobody is taken for a program of this machine by mistake: a client that has hung
 * up, or an address that cannot be read, is a stranger without a name. */
#include <stdlib.h>
#include <string.h>
#include "peer.h"

void peer_plain(struct addr *a)
{
	static const unsigned char mapped[12] = { [10] = 255, 255 };
	size_t n;
	const unsigned char *ip = addr_ip(a, &n);
	unsigned char v4[4];
	in_port_t port = a->u.v4.sin_port;	/* at the same place in both */

	if (n < 16 || memcmp(ip, mapped, 12))
		return;
	memcpy(v4, ip + 12, 4);
	addr_set(a, AF_INET, v4);
	a->u.v4.sin_port = port;
}

int peer_loopback(const struct addr *a)
{
	static const unsigned char one[16] = { [15] = 1 };
	size_t n;
	const unsigned char *ip = addr_ip(a, &n);

	return n == 4 ? *ip == 127 : !memcmp(ip, one, 16);
}

int peer_socket(int fd, struct addr *us, struct addr *them)
{
	socklen_t n = sizeof us->u, m = sizeof them->u;
	int family;

	if (getsockname(fd, &us->u.sa, &n))
		return 0;
	family = us->u.sa.sa_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	peer_plain(us);
	/* Fails when the client has reset the connection. */
	if (getpeername(fd, &them->u.sa, &m))
		return -1;
	peer_plain(them);
	return 1;
}

/* The address in a variable, perhaps with the interface behind it: fe80::1%eth0. */
static int from_env(struct addr *a, const char *name)
{
	const char *s = getenv(name);

	if (!s || !addr_parse(a, s, strcspn(s, "%")))
		return s ? -1 : 0;
	peer_plain(a);
	return 1;
}

void peer_load(struct peer *p)
{
	struct addr us;
	int r;

	memset(p, 0, sizeof *p);
	r = from_env(&p->addr, "TCPREMOTEIP");
	if (!r)
		r = peer_socket(0, &us, &p->addr);
	else if (from_env(&us, "TCPLOCALIP") <= 0)
		us.u.sa.sa_family = 0;
	p->known = r > 0;
	p->local = p->known ? peer_loopback(&p->addr) : !r;
	if (p->known)
		addr_text(&p->addr, p->ip);
	if (r && us.u.sa.sa_family)
		addr_text(&us, p->local_ip);
	p->host = getenv("TCPREMOTEHOST");
	p->info = getenv("TCPREMOTEINFO");
	p->local_host = getenv("TCPLOCALHOST");
}
