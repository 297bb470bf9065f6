/* tls_key.c: RSA keys for DKIM: signing by one, making one. Refuses keys that receivers do
 * not take any more: shorter than 1024 bits (RFC 8301 3.2), or another kind than RSA. */
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include "crypt.h"
#include "tls_pool.h"

enum { LEAST = 1024, MOST = 8 * SIG_MAX, EXPONENT = 65537 };

/* ---- using one ---- */

/* The key in PEM; pk is to be freed in any case. 0; else why. */
static const char *load(mbedtls_pk_context *pk, const char *pem, size_t n)
{
	mbedtls_pk_init(pk);
	if (mbedtls_pk_parse_key(pk, (const unsigned char *)pem, n, 0, 0, tls_random, 0))
		return "it is no private key in PEM, or it is damaged or encrypted";
	if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA)
		return "it is no RSA key";
	if (mbedtls_pk_get_bitlen(pk) < LEAST || mbedtls_pk_get_bitlen(pk) > MOST)
		return "RSA keys have 1024 to 4096 bits";
	return 0;
}

int key_sign(const char *pem, size_t n, const unsigned char hash[32],
	unsigned char sig[SIG_MAX], size_t *len, const char **why)
{
	mbedtls_pk_context pk;

	*why = load(&pk, pem, n);
	if (!*why && mbedtls_pk_sign(&pk, MBEDTLS_MD_SHA256, hash, 32, sig, SIG_MAX, len,
		tls_random, 0))
		*why = "it cannot sign";
	mbedtls_pk_free(&pk);
	return *why ? -1 : 0;
}

/* ---- making and writing one ---- */

int base64_lines(struct buf *b, const char *before, const void *p, size_t n)
{
	const char *s = p;
	size_t k;

	for (; n; s += k, n -= k) {
		k = n < 48 ? n : 48;
		buf_puts(b, before);
		base64_put(b, s, k);
	}
	return buf_puts(b, "\n");
}

/* SubjectPublicKeyInfo. 0 / -1. */
static int put_public(mbedtls_pk_context *pk, struct buf *der)
{
	unsigned char space[SIG_MAX + 64];
	int n = mbedtls_pk_write_pubkey_der(pk, space, sizeof space);

	return n < 0 || !buf_put(der, space + sizeof space - n, (size_t)n) ? -1 : 0;
}

int key_public(const char *pem, size_t n, struct buf *der, const char **why)
{
	mbedtls_pk_context pk;

	*why = load(&pk, pem, n);
	if (!*why && put_public(&pk, der))
		*why = "it cannot be written";
	mbedtls_pk_free(&pk);
	return *why ? -1 : 0;
}

int key_make(unsigned bits, struct buf *pem)
{
	unsigned char space[8 * SIG_MAX];
	mbedtls_pk_context pk;
	int r;

	mbedtls_pk_init(&pk);
	r = mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) ||
		mbedtls_rsa_gen_key(mbedtls_pk_rsa(pk), tls_random, 0, bits, EXPONENT) ||
		mbedtls_pk_write_key_pem(&pk, space, sizeof space) ||
		!buf_puts(pem, (const char *)space);
	crypt_wipe(space, sizeof space);
	mbedtls_pk_free(&pk);
	return r ? -1 : 0;
}
