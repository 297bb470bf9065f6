/* crypt.h: digests, MACs, random bytes, base64 and RSA keys. Only built with CFG_TLS. */
#ifndef NET_CRYPT_H
#define NET_CRYPT_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"

/* ---- tls_crypt.c: every function returns 0, or -1 (no memory, no randomness) ---- */

enum digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };
#define DIGEST_MAX 32
size_t digest_size(enum digest d);	/* 16, 20, 32 */
int digest(enum digest d, const void *p, size_t n, unsigned char *out);
/* RFC 2104 */
int digest_hmac(enum digest d, const void *key, size_t klen, const void *p, size_t n,
	unsigned char *out);
/* RFC 8018 5.2, one block of digest_size() bytes: SCRAM's Hi() */
int digest_pbkdf2(enum digest d, const char *password, size_t plen, const void *salt,
	size_t slen, unsigned rounds, unsigned char *out);
int crypt_random(void *p, size_t n);
/* RFC 4648 4, without line ends, padded. put: 1/0 as the puts of a buf. get: bytes at out
 * (at most cap), -1 when it is no base64 or has no room. */
int base64_put(struct buf *b, const void *p, size_t n);
ssize_t base64_get(void *out, size_t cap, const char *s, size_t n);
/* Overwrites secrets so that no compiler leaves it out. */
void crypt_wipe(void *p, size_t n);
/* 1 when the n bytes are equal, in a time that does not tell where they differ. */
int crypt_same(const void *a, const void *b, size_t n);

/* A SHA-256 that is fed in pieces: DKIM. */
struct sha256 { uint64_t space[16]; };
void sha256_begin(struct sha256 *h);
void sha256_put(struct sha256 *h, const void *p, size_t n);
void sha256_end(struct sha256 *h, unsigned char out[32]);

/* ---- tls_key.c ---- */

#define SIG_MAX 512	/* RSA of 4096 bits */
/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2) by the private key, PEM of n bytes with
 * its NUL counted. 0 and *len bytes at sig; -1 with why. */
int key_sign(const char *pem, size_t n, const unsigned char hash[32],
	unsigned char sig[SIG_MAX], size_t *len, const char **why);
/* base64 in lines of 64, `before` in front of each. 1/0. */
int base64_lines(struct buf *b, const char *before, const void *p, size_t n);
/* A new RSA key of so many bits (2048) as PEM (PKCS #1); takes a second, on a board ten. 0 / -1. */
int key_make(unsigned bits, struct buf *pem);
/* Its public half, of n bytes as above: DER SubjectPublicKeyInfo. 0; -1 with why. */
int key_public(const char *pem, size_t n, struct buf *der, const char **why);

#endif
