/* divert.h: aliases as delivery instructions. */
#ifndef MSG_DIVERT_H
#define MSG_DIVERT_H
#include "../base/passwd.h"
#include "../limits.h"

struct divert {
	char user[ADDR_CAP];	/* whose own mailbox gets it (first); "" nobody's */
	const char *lines;	/* as in a .qmail, or 0: all goes to the user */
	const char *owner;	/* address that hears of failures; 0 the sender does */
};

/* Takes the local part for an alias. 1 and *d (static, till the next call), 0 it is
 * none, -1 later: *why. */
int divert_find(struct divert *d, const char *local, const char **why);
/* Who carries out an alias of nobody's: user "alias", else "nobody", at home in /. 1,
 * -1 later. */
int divert_user(struct user *u);
/* Root looks at files as that user from here on, until proc_seem() undoes it; anybody
 * else stays who he is. 1, or 0 when that cannot be. */
int divert_seem(void);

#endif
