/* qmqptls.h: QMQP over TLS, for qmqp.c and qmqpconf.c. Only with CFG_TLS. */
#ifndef NET_QMQPTLS_H
#define NET_QMQPTLS_H
#include <stdint.h>
#include "../base/buf.h"
#include "qmqpconf.h"

/* The line of a tls:// server: "tls://host:port[,NAME=value...]", or with blanks before
 * the first NAME, becomes "tls://host:port NAME=value,..." in its place, without what
 * stands behind a '#'. 1; 0: there is something else in it than options of ours. */
int qmqptls_settle(char *line);

/* TLS with the server v of that line on the connected socket fd, until `at`. The server
 * has to prove who it is. 0; else a number (exits.def), which is temporary, and a sentence
 * in why, NUL-terminated. */
int qmqptls_start(int fd, const struct qserver *v, const char *line, int64_t at,
	struct buf *why);

#endif
