/* accounts.h: control/smtpauth: who may log in to mini-smtpd, a line "user:verifier" each
 * (net/verifier.h). Only with CFG_TLSD. */
#ifndef SERVE_ACCOUNTS_H
#define SERVE_ACCOUNTS_H
#include "../net/verifier.h"

/* Reads the file, once. The mechanisms that each user of it can use, as MECH_ bits of
 * net/saslserve.h; 0: nobody can log in, and the log has heard why if there is a file; -1:
 * it cannot be read now, and the log has heard why. */
int accounts_load(void);
/* As `find` of struct saslserve. */
int accounts_find(void *arg, const char *user, struct verifier *v);
/* Wipes what was read; nobody is found any more. */
void accounts_forget(void);

#endif
