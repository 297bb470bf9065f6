/* client.h: a connection's own process, until it is the program that serves. */
#ifndef LISTEN_CLIENT_H
#define LISTEN_CLIENT_H
#include "../net/addr.h"
#include "server.h"

/* In the listener, once: takes the variables of connections out of the environment. */
void client_prepare(void);
/* After the fork, in the child: fd is the connection, from whom it is, plain. */
void client_run(const struct server *s, int fd, const struct addr *from)
	__attribute__((noreturn));

#endif
