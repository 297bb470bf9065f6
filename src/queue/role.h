/* role.h: whom root becomes to take mail from strangers: mini-smtpd -l, and whoever makes
 * files for it. */
#ifndef QUEUE_ROLE_H
#define QUEUE_ROLE_H
#include "../base/passwd.h"

/* The queue's owner where nobody else can put mail into it, else qmaild or nobody. 0 and u's
 * uid and gid; -1: it was said, as name, why there is nobody. */
int role_server(const char *name, struct user *u);

#endif
