/* starttls.h: TLS for those who send through mini-smtpd: whether it is offered, or begins
 * at once, or is a must; with whose certificate. */
#ifndef SERVE_STARTTLS_H
#define SERVE_STARTTLS_H
#include "session.h"

/* By the listener, before its first child: their tickets are good for each other. */
void starttls_listen(void);
/* The settings of this connection, once: CERTDIR's files and $SERVERCERT, $CLIENTCA,
 * $CLIENTCRL in their place; $SMTPS. ip: of the client, for the log; listens: this is a
 * listener's child, and what comes to port 465 begins with TLS. Sets s->starttls.
 * 0; -1 that cannot be told now, and the log has heard why. */
int starttls_load(struct session *s, const char *ip, int listens);
/* Before the greeting: when the connection begins with TLS, it has it then. 1 go on; -2 it
 * is over, and nothing is to be said to the client any more. */
int starttls_first(struct session *s);
/* For s->secure: "220", or "454" when the files cannot be used; the handshake; all that the
 * session has to know of it. What depends on it (mechs, need) is the caller's. */
int starttls_begin(struct session *s);
/* 1: $FORCE_TLS is set, and there is no TLS. */
int starttls_needed(const struct session *s);

#endif
