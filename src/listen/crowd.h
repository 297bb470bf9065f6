/* crowd.h: how often one address comes. */
#ifndef LISTEN_CROWD_H
#define LISTEN_CROWD_H
#include <stdint.h>
#include "../net/addr.h"

/* What counts as one address: an IPv4 address, an IPv6 network of /64, all that one
 * customer has for certain (of link-local ones each address). 0: loopback, which is never
 * limited. */
uint64_t crowd_key(const struct addr *a);
/* One more connection of key, at now (seconds, monotonic). 1 when it is over `most` in its
 * minute. Some hundred addresses are remembered: who comes from more of them at a time is
 * counted again from 1, the busiest last. */
int crowd_often(uint64_t key, unsigned most, uint32_t now);

#endif
