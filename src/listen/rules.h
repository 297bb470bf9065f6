/* rules.h: what the administrator says of addresses, in the cdb that tcprules makes
 * (tcprules(8)). Key: the address; data: "D" and a NUL to deny, then
 * "+NAME=value" and a NUL for each variable. */
#ifndef LISTEN_RULES_H
#define LISTEN_RULES_H
#include "../base/buf.h"
#include "../net/addr.h"
#include "../net/dns.h"

/* The keys whose data are the lengths of all networks in the file, a byte each: those of
 * IPv4 that have no key of the classic form, and those of IPv6. */
#define RULES_NETWORKS4 "/4"
#define RULES_NETWORKS6 "/6"
#define RULES_MAX 32768		/* bytes of one rule's data */

/* Puts the data of the first key for this address and host (small letters; 0 not known)
 * into data. In this order: the address, =host, networks from long to short,
 * =.suffixes of the host, = for any host, and the empty key. 1; 0
 * there is none; -1 errno: ENOENT there is no such file, EBADMSG it is damaged. */
int rules_find(const char *path, const struct addr *a, const char *host, struct buf *data);
extern char rules_key[NAME_CAP + 2];	/* the key it was, or the last that was tried */
/* Puts its variables, which stay where they are, into the environment. 1; 0 it denies; -1
 * errno: EINVAL a variable that env.h refuses, EBADMSG. */
int rules_apply(struct buf *data);

/* Appends the key of the network of the first `bits` of a: "10.1." where IPv4 has such a
 * key, "10.1.128.0/17", "2001:db8::/32"; with all bits the address. */
void rules_key_of(struct buf *key, const struct addr *a, unsigned bits);
/* Clears what is behind the first `bits` of the address. */
void rules_network(struct addr *a, unsigned bits);

#endif
