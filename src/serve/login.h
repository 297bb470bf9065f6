/* login.h: AUTH (RFC 4954) of those who send through mini-smtpd. Only with CFG_TLSD. */
#ifndef SERVE_LOGIN_H
#define SERVE_LOGIN_H
#include "../listen/peer.h"
#include "session.h"

/* Who may log in, once: by `program` and its arguments, a checkpassword, when there is one
 * (0: no program), else by control/smtpauth. A client on this machine needs no TLS for its
 * password unless $SECURE_AUTH is set. Sets s->mechs. What cannot be used is said in the
 * log, and then nobody can. peer stays the caller's. 0; -1 who may is not to be read now:
 * those who may would be refused for good. */
int login_load(struct session *s, char **program, const struct peer *peer);
/* After STARTTLS: s->mechs as it is to be then. */
void login_offer(struct session *s);
/* AUTH with its argument: as `login` of struct session. */
int login_take(struct session *s, const char *arg);

#endif
