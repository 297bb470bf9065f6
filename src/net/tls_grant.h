/* tls_grant.h: session tickets that a server gives. Private to the tls_*.c; built with
 * CFG_TLSD. */
#ifndef NET_TLS_GRANT_H
#define NET_TLS_GRANT_H
#include "tls.h"

/* Tickets under this key on conn, whose certificate is there. Before conn_setup(). */
void grant_offer(const unsigned char key[TICKET_KEY]);
/* 1 when the handshake was by a ticket. */
int grant_taken(void);

#endif
