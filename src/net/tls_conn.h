/* tls_conn.h: the one connection of this process that has TLS, as tls_mbed.c keeps it for
 * both sides. Private to the tls_*.c. */
#ifndef NET_TLS_CONN_H
#define NET_TLS_CONN_H
#include <stdint.h>
#include <mbedtls/ssl.h>
#include "../base/buf.h"
#include "tls_suites.h"

/* fd1: the descriptor and 1, so that all of it begins as zero. broken: what ended it.
 * at: when what is read for must have come. ready: a server's files are loaded. */
struct tls_conn {
	int fd1, broken;
	int64_t at;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt cert;
	mbedtls_pk_context key;
	int suites[SUITES + 1];
	int ready;
};
extern struct tls_conn conn;

/* All as at the start; conn_end() says goodbye before. */
void conn_forget(void);
void conn_end(void);
/* Forgets, and makes a configuration for MBEDTLS_SSL_IS_CLIENT or _SERVER, with the versions
 * that method allows (0: 1.2 and 1.3). 0, or the library's number. */
int conn_begin(int side, const char *method);
/* Our own certificate, its chain and its key, from one file in PEM. 0, or -1 with words. */
int conn_cert(const char *file, struct buf *why);
/* The last step before conn_shake(). 0, or the library's number. */
int conn_setup(void);
/* The handshake on fd, until `at`. 0, or what tls_say.h knows. */
int conn_shake(int fd, int64_t at);

#endif
