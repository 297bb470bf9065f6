/* AUTH's answer to a wrong password: each takes longer than the one before of the same
 * address, in whichever connection; other addresses, and this machine, are not held up. */
#include "config.h"
#include "../lib/tap.h"

#if CFG_TLSD
#include "../../src/serve/login.c"

static struct peer peer;

static int64_t wait_of(const char *ip)
{
	memset(&peer, 0, sizeof peer);
	peer.known = addr_parse(&peer.addr, ip, strlen(ip));
	return penance();
}

static void is_wait(const char *ip, int64_t want)
{
	int64_t got = wait_of(ip);

	ok(got == want, "%s: %lld, got %lld", ip, (long long)want, (long long)got);
}

int main(void)
{
	unsigned char bad[16] = { 192, 0, 2, 9 };
	unsigned i;

	L.peer = &peer;
	is_wait("192.0.2.1", 2000);
	is_wait("192.0.2.1", 2000);	/* no listener: nobody remembers */
	shared_open();
	for (i = 0; i < 7; i++)
		is_wait("192.0.2.1", 2000 << (i < 4 ? i : 4));
	is_wait("192.0.2.2", 2000);
	is_wait("2001:db8:0:1::1", 2000);
	is_wait("2001:db8:0:1::2", 4000);
	is_wait("2001:db8:0:2::1", 2000);
	for (i = 0; i < 3; i++) {
		is_wait("127.0.0.1", 2000);
		is_wait("nobody", 2000);
	}
	/* A child that was taken over has written it. */
	memset(&peer, 0, sizeof peer);
	peer.known = addr_parse(&peer.addr, "192.0.2.9", 9);
	memset(bad, 0, sizeof bad);
	memcpy(bad, (uint64_t[]){ crowd_key(&peer.addr) }, 8);
	shared_put(LOGINS, bad, INT32_MAX, 600);
	is_wait("192.0.2.9", 32000);
	return done();
}
#else
int main(void)
{
	ok(1, "# SKIP TLS of a server is not built in");
	return done();
}
#endif
