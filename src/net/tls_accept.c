/* tls_accept.c: the server's side of a connection's beginning; what follows is tls_mbed.c's.
 * Its files are read for each connection, by the user that the connection's process is, so
 * a new certificate needs no restart. It takes what the library was built with and nothing
 * older: TLS 1.2 and 1.3, AES-GCM, ephemeral keys; its order of ciphers decides (with 1.3 the
 * library takes the client's). A client may show a certificate when authorities are given,
 * and need not. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "../base/err.h"
#include "tls_conn.h"
#include "tls_file.h"
#include "tls_grant.h"
#include "tls_say.h"
#include "tls_trust.h"

/* Alerts (RFC 8446 6.2) of clients that say something to the one who reads it here. */
static const char alerts[] =
	"\x28" "it has nothing in common with this program (handshake_failure)\0"
	"\x2a" "it does not like our certificate (bad_certificate)\0"
	"\x2d" "our certificate has expired\0"
	"\x2e" "it does not trust our certificate (certificate_unknown)\0"
	"\x30" "it does not know who issued our certificate (unknown_ca)\0"
	"\x46" "it has neither TLS 1.2 nor 1.3 (protocol_version)\0";

static void say_wrong(int r, struct buf *why)
{
	int alert = conn.ssl.MBEDTLS_PRIVATE(in_msg) ? conn.ssl.MBEDTLS_PRIVATE(in_msg)[1] : 0;
	const char *s;

	/* Who does not like our certificate may be gone before we are done. */
	if (r == SAY_SYSTEM && (errno == EPIPE || errno == ECONNRESET))
		r = MBEDTLS_ERR_SSL_CONN_EOF;
	/* OpenSSL's clients say so in the clear, before they have begun to encrypt. */
	if (r == MBEDTLS_ERR_SSL_INVALID_MAC &&
		*conn.ssl.MBEDTLS_PRIVATE(in_hdr) == MBEDTLS_SSL_MSG_ALERT)
		r = MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;
	if (r == SAY_SYSTEM)
		buf_fmt(why, "%s in the TLS handshake", err_text(errno));
	else if (r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		buf_puts(why, "the client ended TLS: ");
		for (s = alerts; *s && *s != alert; s += strlen(s) + 1)
			;
		if (*s)
			buf_puts(why, s + 1);
		else
			buf_fmt(why, "TLS alert %d", alert);
	} else if (r == MBEDTLS_ERR_SSL_CONN_EOF)
		buf_puts(why, "the client closed the connection in the TLS handshake");
	else if (r == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION)
		buf_puts(why, "the client has neither TLS 1.2 nor 1.3");
	else if (r == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE)
		buf_puts(why, "the client has no cipher, or no curve, in common with this program: "
			"AES-GCM with ECDHE, P-256 or P-384");
	else if (r == MBEDTLS_ERR_SSL_INVALID_RECORD || r == MBEDTLS_ERR_SSL_BAD_INPUT_DATA)
		buf_puts(why, "what the client sent is not TLS");
	else if (r == MBEDTLS_ERR_SSL_ALLOC_FAILED)
		buf_puts(why, "out of memory in the TLS handshake");
	else
		buf_fmt(why, "the TLS handshake failed (Mbed TLS says -0x%04x)", (unsigned)-r);
}

int tls_ready(const struct tls_give *give, struct buf *why)
{
	int r = conn_begin(MBEDTLS_SSL_IS_SERVER, give->method);

	if (r)
		say_wrong(r, why);
	else {
		secret_given = 1;	/* IndiMail's own user may have it */
		r = conn_cert(give->cert, why);
		secret_given = 0;
	}
	if (r) {
		conn_forget();
		return 0;
	}
	/* Who has none is asked in vain, and who is not known is told so by nobody: trust is
	 * a matter of what he then wants. */
	if (give->ca)
		mbedtls_ssl_conf_authmode(&conn.conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
	else if (give->ticket)
		grant_offer(give->ticket);
	return conn.ready = 1;
}

/* After the handshake. */
static void identify(const struct tls_give *give, struct tls_seen *seen, struct buf *why)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&conn.ssl);
	uint32_t use = MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;

	buf_text(seen->version, sizeof seen->version, "%s", mbedtls_ssl_get_version(&conn.ssl));
	buf_text(seen->cipher, sizeof seen->cipher, "%s", mbedtls_ssl_get_ciphersuite(&conn.ssl));
	seen->resumed = grant_taken();
	if (!give->ca || !crt)
		return;
	if (mbedtls_ssl_get_verify_result(&conn.ssl) & use)
		buf_puts(why, "it is not meant for clients");
	else if (visitor_prove((mbedtls_x509_crt *)crt, give, seen, why))
		seen->proof = TLS_BY_CHAIN;
}

enum tls_result tls_accept(int fd, const struct tls_give *give, int64_t at,
	struct tls_seen *seen, struct buf *why)
{
	int r;

	memset(seen, 0, sizeof *seen);
	seen->days = INT_MAX;
	if (!conn.ready && !tls_ready(give, why))
		return TLS_LOCAL;
	conn.ready = 0;
	r = conn_setup();
	if (!r)
		r = conn_shake(fd, at);
	if (!r) {
		identify(give, seen, why);
		return TLS_OK;
	}
	say_wrong(r, why);
	conn_end();
	return TLS_BROKEN;
}
