/* hosts.h: from a job's route to the addresses that take its mail. */
#ifndef NET_HOSTS_H
#define NET_HOSTS_H
#include "dns.h"
#include "../base/buf.h"

/* "Mdomain": by MX, RFC 5321 5.1. "Rvalue": the relay of a line in
 * control/smtproutes. 'K' and h (at least one address); or 'Z' / 'D'
 * and the words for it in `why`. A relay that cannot be resolved is always 'Z':
 * it is our own setting, and the cable may be out. */
char hosts_find(struct hosts *h, const char *route, struct buf *why);

#endif
