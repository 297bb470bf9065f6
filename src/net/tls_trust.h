/* tls_trust.h: is the server who it should be? Asked once the handshake is done and
 * before a byte of ours is sent. Private to the tls_*.c. */
#ifndef NET_TLS_TRUST_H
#define NET_TLS_TRUST_H
#include <mbedtls/x509_crt.h>
#include "tls.h"

/* By the pins, TLSA records or authorities of want, and its level: TLS_OK with *proof, or
 * another result with words at why. chain: what the server sent, its own first; 0 none. */
enum tls_result trust_check(mbedtls_x509_crt *chain, const struct tls_want *want,
	enum tls_proof *proof, struct buf *why);
/* What the certificate says of itself, into seen. */
void trust_describe(const mbedtls_x509_crt *crt, struct tls_seen *seen);
/* SHA-256 of the public key (SPKI). 0 / -1 */
int trust_pin(const mbedtls_x509_crt *crt, unsigned char out[32]);
/* When it ends or begins, seconds since 1970. */
int64_t trust_time(const mbedtls_x509_time *t);
/* A name of a certificate, made printable. */
void trust_name(struct buf *b, const mbedtls_x509_buf *name);

/* For mbedtls_x509_crt_verify(): dates, purposes and limits of one certificate of a chain.
 * From the authority down to the end, so that its own words are the last. What an authority
 * is not meant for it cannot give to a server, or to a client. arg: */
struct verdict {
	const mbedtls_x509_crt *late, *early;	/* has expired, is not yet valid; 0 none */
	int client;	/* the caller's: the end is a client and no server; only with CFG_TLSD */
};
int trust_look(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* ---- tls_visitor.c: is a client who its certificate says? Only with CFG_TLSD ---- */

/* chain: what the client sent, its own first. 1 proven, by an authority of give->ca and not
 * taken back by give->crl: seen says who it is. 0 and words. */
int visitor_prove(mbedtls_x509_crt *chain, const struct tls_give *give, struct tls_seen *seen,
	struct buf *why);

/* ---- tls_roots.c: a list of authorities, 0 when it is empty ---- */

/* Adds those of the bundle that have a name which a certificate of the chain gives as
 * its issuer. The bundle passes through a window; file: its path (0: control/cafile, or
 * where systems have it). name becomes the path that was read. 0, or -1 with words: there
 * is none, or it cannot be read. */
int roots_find(const mbedtls_x509_crt *chain, const char *file, mbedtls_x509_crt **roots,
	struct buf *name, struct buf *why);
/* Adds one, DER. 0 / -1 it makes no sense, or no memory. */
int roots_add(mbedtls_x509_crt **roots, const unsigned char *der, size_t n);
void roots_free(mbedtls_x509_crt *roots);

#endif
