/* tls_say.h: the library's errors in words. Private to the tls_*.c. */
#ifndef NET_TLS_SAY_H
#define NET_TLS_SAY_H
#include <mbedtls/ssl.h>
#include "../base/buf.h"

/* In place of an error of the library: errno has it. */
enum { SAY_SYSTEM = -0x4c };

/* What ended a handshake. */
void say_error(int r, const mbedtls_ssl_context *ssl, struct buf *why);
/* What the server says is wrong. */
void say_alert(int number, struct buf *why);

#endif
