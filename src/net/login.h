/* login.h: the user and the secret for a relay: from the route's value itself, from
 * PASSFILE=, PASSCMD=, TOKENFILE=, TOKENCMD=, or from control/remote_auth. Files that
 * others may read are refused. Read anew for each login. Only with CFG_TLS. */
#ifndef NET_LOGIN_H
#define NET_LOGIN_H
#include <stddef.h>
#include "relay.h"

#define LOGIN_SECRET 12288	/* with its NUL */

struct login {
	char user[256];
	size_t len;			/* of secret */
	int token;			/* 1: the secret is an OAuth bearer token */
	int made;			/* 1: it is one, or a command's: another may be had */
	char secret[LOGIN_SECRET];	/* NUL-terminated */
};

/* refresh 1: the secret was refused: a command is told so (QMTA_REFRESH=1 in its
 * environment). 1 found, 0 the route has no login, -1 with words in why, one sentence
 * without any secret. May wait for a command, 30 seconds at most. */
int login_find(struct login *l, const struct relay *r, int refresh, struct buf *why);
/* Overwrites it. */
void login_forget(struct login *l);

#endif
