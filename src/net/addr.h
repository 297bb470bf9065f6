/* addr.h: one network address, IPv4 or IPv6, as text and as sockaddr. */
#ifndef NET_ADDR_H
#define NET_ADDR_H
#include <stddef.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include "../base/buf.h"

#define ADDR_TEXT 46	/* the longest text and its NUL */

struct addr {
	union { struct sockaddr sa; struct sockaddr_in v4; struct sockaddr_in6 v6; } u;
	unsigned pref;	/* MX preference, 0 when there is none */
};

/* Of 4 bytes at ip (AF_INET) or 16 (AF_INET6), in the order of the network; port 0. */
void addr_set(struct addr *a, int family, const void *ip);
/* Those *n bytes. */
const unsigned char *addr_ip(const struct addr *a, size_t *n);
/* Text of n bytes: dotted quad, IPv6, either in brackets, RFC 5321 4.1.3's
 * [IPv6:...]. 1 parsed (port 0), 0 it is none
 * and *a as it was. */
int addr_parse(struct addr *a, const char *s, size_t n);
/* The address without port and brackets, in the one form of RFC 5952. */
void addr_text(const struct addr *a, char text[static ADDR_TEXT]);
/* Appends it as the DNS has it in names: its numbers turned round, each with a dot behind
 * it ("1.2.0.192."); IPv6 by its hex digits. RFC 1035 3.5, RFC 3596 2.5. */
void addr_reverse(struct buf *b, const struct addr *a);
socklen_t addr_len(const struct addr *a);
void addr_port(struct addr *a, unsigned port);
/* Same address, ports not looked at. */
int addr_same(const struct addr *a, const struct addr *b);
/* 1 when a connection to it would end at this machine. 0.0.0.0 and :: do. */
int addr_ours(const struct addr *a);
/* IPv6: 1 when there is a way to it from a global address, not only from one of a
 * private network (fc00::/7), which would end at the next router. */
int addr_reached(const struct addr *a);

#endif
