/* dnsbl.h: lists of addresses in the DNS (RFC 5782), as rblsmtpd asks them. */
#ifndef SERVE_DNSBL_H
#define SERVE_DNSBL_H
#include "../listen/peer.h"

/* A zone of option -r (allow 0) or -a (1), asked before those of control/dnsbl; it stays
 * the caller's. 1; 0: too many. */
int dnsbl_add(const char *zone, int allow);
/* Is mail of this client to be refused: by $RBLSMTPD, or a zone. 0, or the reply, which
 * stays. At most 10 seconds, once a process: later calls say the same. */
const char *dnsbl_ask(const struct peer *p);

#endif
