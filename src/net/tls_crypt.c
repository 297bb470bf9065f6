/* tls_crypt.c: digests, MACs, random bytes and base64, as thin as they can be above
 * Mbed TLS, which is in the program for TLS anyway. What logs in (net/sasl.c) and what
 * signs (DKIM) comes here and knows no library. */
#include <mbedtls/base64.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include "crypt.h"
#include "tls_pool.h"

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct sha256), "no room for a SHA-256");

static const mbedtls_md_info_t *info(enum digest d)
{
	static const unsigned char type[] = { MBEDTLS_MD_MD5, MBEDTLS_MD_SHA1, MBEDTLS_MD_SHA256 };

	return mbedtls_md_info_from_type(type[d]);
}

size_t digest_size(enum digest d)
{
	return mbedtls_md_get_size(info(d));
}

int digest(enum digest d, const void *p, size_t n, unsigned char *out)
{
	return mbedtls_md(info(d), p, n, out) ? -1 : 0;
}

int digest_hmac(enum digest d, const void *key, size_t klen, const void *p, size_t n,
	unsigned char *out)
{
	return mbedtls_md_hmac(info(d), key, klen, p, n, out) ? -1 : 0;
}

/* The library's own makes any number of blocks, and is half a kilobyte more. */
int digest_pbkdf2(enum digest d, const char *password, size_t plen, const void *salt,
	size_t slen, unsigned rounds, unsigned char *out)
{
	static const unsigned char first[4] = { 0, 0, 0, 1 };
	unsigned char u[DIGEST_MAX];
	size_t size = digest_size(d), i;
	mbedtls_md_context_t c;
	int r;

	mbedtls_md_init(&c);
	r = mbedtls_md_setup(&c, info(d), 1) ||
		mbedtls_md_hmac_starts(&c, (const unsigned char *)password, plen) ||
		mbedtls_md_hmac_update(&c, salt, slen) ||
		mbedtls_md_hmac_update(&c, first, sizeof first) ||
		mbedtls_md_hmac_finish(&c, u);
	for (i = 0; i < size; i++)
		out[i] = u[i];
	while (!r && --rounds) {
		r = mbedtls_md_hmac_reset(&c) || mbedtls_md_hmac_update(&c, u, size) ||
			mbedtls_md_hmac_finish(&c, u);
		for (i = 0; i < size; i++)
			out[i] ^= u[i];
	}
	mbedtls_md_free(&c);
	crypt_wipe(u, sizeof u);
	return r ? -1 : 0;
}

int crypt_random(void *p, size_t n)
{
	return tls_random(0, p, n);
}

/* The library has one for PEM's sake; this is a third of it. */
int base64_put(struct buf *b, const void *p, size_t n)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *s = p;
	size_t i;

	if (n > SIZE_MAX / 4 || !buf_room(b, (n + 2) / 3 * 4))
		return 0;
	for (i = 0; i < n; i += 3) {
		size_t left = n - i, k;
		uint32_t x = (uint32_t)s[i] << 16;

		if (left > 1)
			x |= (uint32_t)s[i + 1] << 8;
		if (left > 2)
			x |= s[i + 2];
		for (k = 0; k < 4; k++, x <<= 6)
			buf_putc(b, k > left ? '=' : digit[x >> 18 & 63]);
	}
	return 1;
}

/* Blanks and line ends inside are let pass. */
ssize_t base64_get(void *out, size_t cap, const char *s, size_t n)
{
	size_t len;

	return mbedtls_base64_decode(out, cap, &len, (const unsigned char *)s, n) ? -1 : (ssize_t)len;
}

void crypt_wipe(void *p, size_t n)
{
	mbedtls_platform_zeroize(p, n);
}

int crypt_same(const void *a, const void *b, size_t n)
{
	return !mbedtls_ct_memcmp(a, b, n);
}

void sha256_begin(struct sha256 *h)
{
	mbedtls_sha256_context *c = (void *)h;

	mbedtls_sha256_init(c);
	mbedtls_sha256_starts(c, 0);
}

void sha256_put(struct sha256 *h, const void *p, size_t n)
{
	mbedtls_sha256_update((void *)h, p, n);
}

void sha256_end(struct sha256 *h, unsigned char out[32])
{
	mbedtls_sha256_finish((void *)h, out);
}
