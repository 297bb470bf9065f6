/* tls_psk.c: a key that both sides have (RFC 8446 4.2.11), in place of certificates: for our
 * own servers, and on boards without a clock. */
#include <string.h>
#include <mbedtls/platform_util.h>
#include "../base/text.h"
#include "tls_again.h"
#include "tls_file.h"

/* Declared by the library only when it has it. */
int mbedtls_ssl_conf_psk(mbedtls_ssl_config *conf, const unsigned char *key, size_t n,
	const unsigned char *name, size_t name_len);
void mbedtls_ssl_conf_tls13_key_exchange_modes(mbedtls_ssl_config *conf, const int modes);

enum { PSK_FILE = 512, PSK_LEAST = 16, PSK_MOST = 32 };	/* bytes of a key */

/* Hex digits to bytes; how many, 0 it is none or too long. */
static size_t read_hex(const char *s, size_t n, unsigned char *out, size_t most)
{
	size_t i;
	int c;

	if (n % 2 || n > 2 * most)
		return 0;
	for (i = 0; i < n; i++) {
		c = text_lower(s[i]);
		c = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (c < 0)
			return 0;
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | c);
	}
	return n / 2;
}

int psk_set(mbedtls_ssl_config *conf, const char *file, struct buf *why)
{
	char text[PSK_FILE];
	struct buf b = BUF_OVER(text);
	unsigned char key[PSK_MOST] = { 0 };
	size_t name, n, len;
	int r = -1;

	if (secret_read(file, &b, why) < 0)
		return -1;
	n = text_trim(text, b.len);
	name = text_rchr(text, n, ':');
	len = name < n ? read_hex(text + name + 1, n - name - 1, key, sizeof key) : 0;
	if (!name || len < PSK_LEAST)
		buf_fmt(why, "%s: it must be \"identity:key\", the key 32 to 64 hex digits", file);
	else if (mbedtls_ssl_conf_psk(conf, key, len, (unsigned char *)text, name))
		buf_puts(why, "out of memory");
	else {
		mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_3);
		mbedtls_ssl_conf_tls13_key_exchange_modes(conf,
			MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
		r = 0;
	}
	mbedtls_platform_zeroize(text, sizeof text);
	mbedtls_platform_zeroize(key, sizeof key);
	return r;
}
