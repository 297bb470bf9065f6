/* dns.h: mail exchangers from the DNS, and addresses of names. */
#ifndef NET_DNS_H
#define NET_DNS_H
#include <stddef.h>
#include "addr.h"
#include "connect.h"

#define MX_MAX 16
#define HOSTS_MAX 32
#define NAME_CAP 256

enum dns { DNS_OK, DNS_NONE, DNS_NULLMX, DNS_NOHOST, DNS_LATER, DNS_FAMILY };

struct mx { unsigned pref, order; char name[NAME_CAP]; };	/* order: and chance */
/* secure: DNSSEC vouches for the answer, be it a list or that there is none (ask.h). */
struct mxlist { unsigned n; int secure; struct mx mx[MX_MAX]; };
/* Addresses to try, best first, and at which port. Behind them: which of the names in mx
 * each is from; only hosts_find() fills that in. ip is the caller's word for all that look. */
struct hosts {
	unsigned n, port;
	enum ip ip;
	struct addr a[HOSTS_MAX];
	unsigned char from[HOSTS_MAX];
	struct mxlist mx;
};

/* Reads the MX records of an answer of n bytes, which may be anything. The best
 * MX_MAX are kept, sorted by preference, equal ones shuffled. DNS_OK; DNS_NONE
 * there is none; DNS_NULLMX RFC 7505; DNS_NOHOST the name does not exist;
 * DNS_LATER the answer is damaged or tells of trouble. */
enum dns mx_parse(struct mxlist *l, const unsigned char *p, size_t n);
/* Asks for them. Results as above. */
enum dns mx_find(struct mxlist *l, const char *domain);

/* Appends the addresses of a name (hosts file and DNS), IPv6 and IPv4 in turn, as h->ip
 * has it.
 * search 1: a name without a dot may be one of resolv.conf's search domains.
 * DNS_OK, DNS_NONE (exists, has none), DNS_NOHOST, DNS_LATER, DNS_FAMILY (exists, has
 * none that h->ip allows). */
enum dns host_find(struct hosts *h, const char *name, unsigned pref, int search);

#endif
