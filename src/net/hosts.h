/* hosts.h: from a domain or a relay to the addresses that take its mail. */
#ifndef NET_HOSTS_H
#define NET_HOSTS_H
#include "dns.h"
#include "relay.h"
#include "../base/buf.h"

/* By MX, RFC 5321 5.1. 'K' and h (at least one address); or 'Z' / 'D' and the words for
 * it in `why`. */
char hosts_find(struct hosts *h, const char *domain, struct buf *why);
/* Of a relay that is no command: 'K', or 'Z' always: it is our own setting, and the cable
 * may be out. */
char hosts_relay(struct hosts *h, const struct relay *r, struct buf *why);
/* By MX: whom address number i belongs to, for TLS: the name of the mail exchanger, of the
 * domain without one; the address itself where the domain is one. Only with CFG_TLS. */
const char *hosts_name(const struct hosts *h, unsigned i);
/* By MX alone: 1 when DNSSEC vouches for the names, or for there being none. */
int hosts_secure(const struct hosts *h);

#endif
