/* crowd.c: counts the connections of addresses, minute by minute, in a fixed table of the
 * listener's. */
#include "crowd.h"
#include "peer.h"

enum { PLACES = 256, MINUTE = 60 };

static struct place { uint64_t key; uint32_t since, n; } places[PLACES];	/* n 0: free */

/* Exact, not a hash: an IPv4 address stands where IPv6 has addresses that nobody gets. */
uint64_t crowd_key(const struct addr *a)
{
	size_t n, i;
	const unsigned char *ip = addr_ip(a, &n);
	uint64_t key = n == 4 ? 0xffff : 0;

	if (peer_loopback(a))
		return 0;
	/* On one cable all have the same network: there the other half tells them apart. */
	if (n == 16 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		ip += 8;
	for (i = 0; i < n && i < 8; i++)
		key = key << 8 | ip[i];
	return key;
}

/* The place of key. Else one whose minute is over; else the quietest, so that whoever
 * wants to push a busy address out would have to be as busy under each other one. */
static struct place *find(uint64_t key, uint32_t now)
{
	struct place *p, *best = places;

	for (p = places; p < places + PLACES; p++) {
		if (now - p->since >= MINUTE)
			p->n = 0;
		if (p->n && p->key == key)
			return p;
		if (p->n < best->n)
			best = p;
	}
	best->key = key;
	best->since = now;
	best->n = 0;
	return best;
}

int crowd_often(uint64_t key, unsigned most, uint32_t now)
{
	struct place *p = find(key, now);

	if (p->n > most)
		return 1;
	return ++p->n > most;
}
