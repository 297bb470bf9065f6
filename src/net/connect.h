/* connect.h: connections with a deadline. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H
#include <stdint.h>
#include "addr.h"

/* Which addresses of a name are tried: both families, the best one first; both, that one
 * first; that one alone. */
enum ip { IP_ANY, IP_4, IP_6, IP_4ONLY, IP_6ONLY };
/* "4", "6", "4only", "6only"; IP_ANY it is none of these. */
enum ip ip_word(const char *s, size_t n);

/* The machine's own address to use for IPv4 and for IPv6; family 0: the kernel's choice. */
struct source { struct addr a[2]; enum ip ip; };
/* Reads control/outgoingip: one address a line, the first of each family counts; and
 * control/ipprefer. 0 / -1 control_error(). */
int source_load(struct source *src);

/* Connects until `at` (absolute, clock_mono); type SOCK_STREAM, or SOCK_DGRAM, which
 * sends nothing and is done at once. The descriptor is non-blocking, close-on-exec
 * and without Nagle's delay. src may be 0. -1 with errno; ETIMEDOUT when the time
 * was over. */
int connect_to(const struct addr *to, int type, struct source *src, int64_t at);

#endif
