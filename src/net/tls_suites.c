/* tls_suites.c: control/tlsclientciphers, which is written for OpenSSL: which of our few
 * ciphers are offered, and in what order. A version of TLS of which none is named keeps
 * its own, as OpenSSL has it for 1.3: else a list from before 1.3 would turn that off.
 * Refuses a list that names others only: whoever wrote it meant to have no other. */
#include <string.h>
#include <mbedtls/ssl.h>
#include "../base/text.h"
#include "tls_suites.h"

enum { ALL = (1 << SUITES) - 1, OF_13 = 3, OF_12 = ALL - OF_13, NAMES = 10 };

/* The low half of text_hash() of the names, in the order of tls_config.h: OpenSSL's, then
 * IANA's where that is another one. (The names themselves would be 320 bytes.) */
static const uint32_t names[NAMES] = {
	0x33cb0ac4,	/* TLS_AES_128_GCM_SHA256 */
	0x727a4c9c,	/* TLS_AES_256_GCM_SHA384 */
	0x0d128f18,	/* ECDHE-ECDSA-AES128-GCM-SHA256 */
	0xf0b8fed6,	/* ECDHE-RSA-AES128-GCM-SHA256 */
	0xad60c578,	/* ECDHE-ECDSA-AES256-GCM-SHA384 */
	0x86998886,	/* ECDHE-RSA-AES256-GCM-SHA384 */
	0x14f39e64,	/* TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 */
	0x80fbae0a,	/* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
	0x50d9db3c,	/* TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 */
	0x3bdbd582,	/* TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 */
};

/* The bit of the cipher with this name: its place in tls_config.h; 0 none of ours. */
static unsigned bit(const char *s, size_t n)
{
	uint32_t hash = (uint32_t)text_hash(s, n);
	unsigned i;

	for (i = 0; i < NAMES; i++)
		if (names[i] == hash)
			return 1u << (i < SUITES ? i : i - 4);
	return 0;
}

/* Those of the bits that *seen has not, to the end of the list. The end behind them. */
static int *add(int *to, unsigned bits, unsigned *seen)
{
	const int *s = mbedtls_ssl_list_ciphersuites();

	bits &= ~*seen;
	*seen |= bits;
	for (; bits; bits >>= 1, s++)
		if (bits & 1)
			*to++ = *s;
	return to;
}

int suites_choose(int list[SUITES + 1], const char *words, struct buf *why)
{
	unsigned seen = 0, named = 0, rest = 0, others = 0, one;
	int *to = list;
	const char *s;
	size_t n;

	for (s = words; *(s += text_span(s, ":, \t")); s += n) {
		n = strcspn(s, ":, \t");
		if (*s == '!' || *s == '-') {
			seen |= bit(s + 1, n - 1);
		} else if ((one = bit(s, n))) {
			to = add(to, one, &seen);
			named |= one;
		} else if (*s != '+' && *s != '@') {
			/* A word for many: the best of them is all that we have. */
			*(strcspn(s, "-_") < n ? &others : &rest) = ALL;
		}
	}
	if (named || rest || !others) {
		rest |= named & OF_13 ? 0 : OF_13;
		rest |= named & OF_12 ? 0 : OF_12;
		to = add(to, rest, &seen);
	}
	*to = 0;
	if (to > list)
		return 0;
	buf_fmt(why, "control/tlsclientciphers or TLSCIPHERS= names no cipher of this program "
		"(AES-GCM, by ECDHE or TLS 1.3): %.*s", 99, words);
	return -1;
}
