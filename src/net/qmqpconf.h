/* qmqpconf.h: one line of a list of QMQP servers, for qmqp.c. */
#ifndef NET_QMQPCONF_H
#define NET_QMQPCONF_H
#include "dns.h"

struct qserver {
	struct hosts to;	/* with the port; n 1: the name is an address, else 0 */
	char name[NAME_CAP];
	int tls;		/* it stands behind "tls://" */
};

/* The first word of a line, with this port when it has none; the rest is a comment, or
 * with tls:// options (qmqptls.h), which are not looked at. 1, or 0: nobody can use it. */
int qserver_parse(struct qserver *v, const char *s, unsigned port);

#endif
