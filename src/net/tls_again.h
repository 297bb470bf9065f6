/* tls_again.h: a server that is known already: by a key of its own (PSK), or by a ticket of
 * an earlier connection. Private to the tls_*.c; built with CFG_PSK and CFG_RESUME. */
#ifndef NET_TLS_AGAIN_H
#define NET_TLS_AGAIN_H
#include <mbedtls/ssl.h>
#include "tls.h"

/* Sets the key of "identity:hexkey" in file; without it the handshake then fails: no
 * certificate is taken instead. TLS 1.3 only. 0, or -1 with words. */
int psk_set(mbedtls_ssl_config *conf, const char *file, struct buf *why);

/* Offers the ticket for this want, if there is one: of this process, or of the directory
 * that control/tlstickets names. Makes ready for new ones. After mbedtls_ssl_setup(). */
void ticket_offer(mbedtls_ssl_context *ssl, mbedtls_ssl_config *conf,
	const struct tls_want *want);
/* The handshake is done, and it was by the ticket offered: *seen is what was seen when the
 * server was verified. 1, else 0. */
int ticket_used(const mbedtls_ssl_context *ssl, struct tls_seen *seen);
/* The server is verified, as *seen: tickets that come on this connection are for it. */
void ticket_for(const struct tls_seen *seen);
/* One has come. */
void ticket_keep(const mbedtls_ssl_context *ssl);

#endif
