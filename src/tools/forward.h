/* forward.h: a delivered message on its way to other addresses. */
#ifndef TOOLS_FORWARD_H
#define TOOLS_FORWARD_H

/* 1 when $NEWSENDER, $DTLINE and all addresses up to the null pointer may be used;
 * 0: said in name's name, and trying again cannot help. */
int redirect_check(const char *name, char **addrs);
/* Queues $DTLINE and the message on descriptor 0, from where it stands, from
 * $NEWSENDER to the addresses, all checked before. EXIT_DONE: it is safe, and
 * "name: qp N" is on descriptor 1. Else EXIT_PERM or EXIT_TEMP, and why on 2. */
int redirect_send(const char *name, char **addrs);

#endif
