/* dane.h: what the DNS says about the certificate of a mail exchanger (DANE, RFC 7672).
 * Only with CFG_TLS. */
#ifndef NET_DANE_H
#define NET_DANE_H
#include "dns.h"
#include "tls.h"

enum dane {
	DANE_NONE,	/* it says nothing, or DNSSEC does not vouch for it: as without DANE */
	DANE_RECORDS,	/* one of list has to fit: no TLS without, and no mail without TLS */
	DANE_UNUSABLE,	/* it says something we cannot use: TLS, whoever it is (RFC 7672 2.2) */
	DANE_ERROR	/* it may say something: this exchanger is to be passed over, for now */
};

struct dane_set {
	unsigned n;
	struct tlsa list[TLSA_MAX];
	/* With DANE_RECORDS: whom the certificate must be for, and for SNI: the name, or the
	 * one that it is an alias of (RFC 7672 2.2.2) */
	char base[NAME_CAP];
};

/* control/tlsadomains: 1 when DANE is done for mail to the domain; without the file it is
 * for all. 0; -1 control_error(). */
int dane_wanted(const char *domain);

/* The TLSA records of port and name, which comes from a secure list (hosts_secure()) or is
 * our own setting. Asks only resolvers on loopback; where there is none: DANE_NONE. */
enum dane dane_find(struct dane_set *d, const char *name, unsigned port);

/* Reads the TLSA records of an answer of n bytes, which may be anything, for the name;
 * that becomes the one where its aliases end. Whether the answer is secure is not looked
 * at. Usages 2 and 3 with SHA-256 or SHA-512 can be used (RFC 7672 3.1.3), and the first
 * TLSA_MAX of them are. */
enum dane tlsa_parse(struct dane_set *d, char name[static NAME_CAP],
	const unsigned char *p, size_t n);

#endif
