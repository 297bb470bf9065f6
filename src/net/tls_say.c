/* tls_say.c: what went wrong in a handshake, in words for somebody who has never heard of
 * alerts. */
#include <errno.h>
#include <string.h>
#include "../base/err.h"
#include "tls_say.h"

/* Alerts (RFC 8446 6.2) that say something to the one who reads it here: the number, and
 * words behind it. */
static const char alerts[] =
	"\x28" "it has no cipher or key in common with this program, or wants a client "
		"certificate (handshake_failure)\0"
	"\x2a" "it does not like our client certificate (bad_certificate)\0"
	"\x2d" "our client certificate has expired\0"
	"\x30" "it does not know who issued our client certificate (unknown_ca)\0"
	"\x46" "it has neither TLS 1.2 nor 1.3 in common with this program (protocol_version)\0"
	"\x70" "it has no certificate for that name (unrecognized_name)\0"
	"\x73" "it does not know the identity in the pskfile\0"
	"\x74" "it wants a client certificate (control/clientcert, or CERT= of the route)\0";

void say_alert(int number, struct buf *why)
{
	const char *s;

	buf_puts(why, "the server ended TLS: ");
	for (s = alerts; *s; s += strlen(s) + 1)
		if (*s == number) {
			buf_puts(why, s + 1);
			return;
		}
	buf_fmt(why, "TLS alert %d", number);
}

void say_error(int r, const mbedtls_ssl_context *ssl, struct buf *why)
{
	if (r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		say_alert(ssl->MBEDTLS_PRIVATE(in_msg)[1], why);
	else if (r == SAY_SYSTEM)
		buf_fmt(why, "%s in the TLS handshake", err_text(errno));
	else if (r == MBEDTLS_ERR_SSL_CONN_EOF)
		buf_puts(why, "the server closed the connection in the TLS handshake");
	else if (r == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION)
		buf_puts(why, "the server has neither TLS 1.2 nor 1.3");
	else if (r == MBEDTLS_ERR_SSL_INVALID_RECORD)
		buf_puts(why, "what the server sent is not TLS");
	else if (r == MBEDTLS_ERR_SSL_ALLOC_FAILED)
		buf_puts(why, "out of memory in the TLS handshake");
	else
		buf_fmt(why, "the TLS handshake failed (Mbed TLS says -0x%04x)", (unsigned)-r);
}
