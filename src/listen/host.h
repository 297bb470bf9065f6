/* host.h: the name of an address. */
#ifndef LISTEN_HOST_H
#define LISTEN_HOST_H
#include "../net/dns.h"

/* The name that the DNS has for this address, and that has this address in turn, in small
 * letters: letters, digits, '-', '_' and '.' alone. 1; 0 there is none, or nobody answers
 * within some seconds (two questions, each so many with every server). */
int host_of(const struct addr *a, unsigned secs, char name[static NAME_CAP]);

#endif
