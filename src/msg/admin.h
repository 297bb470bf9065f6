/* admin.h: the two files that make a null client's mail arrive: control/adminaddr,
 * who gets what is for a user of this host, and control/allmailfrom, the one
 * envelope sender. Names and meaning as nullmailer has them. */
#ifndef MSG_ADMIN_H
#define MSG_ADMIN_H
#include <stddef.h>
#include "../base/buf.h"

/* Reads both, and what deciding about recipients needs, once (again after
 * admin_forget; when that fails the old ones stay). 0 / -1: control_error(). */
int admin_load(void);
void admin_forget(void);
/* control/allmailfrom completed, if mail from this sender is to have it: not the
 * null sender and not that of a double bounce. Else 0. */
const char *admin_sender(const char *sender);

enum admin_how {
	ADMIN_ALIASES,	/* nobody behind us may know the aliases: those of addresses are followed */
	ADMIN_LAST,	/* the same, and there is nobody behind us for certain */
	ADMIN_REST,	/* an alias is left to the local delivery */
	ADMIN_ONLY	/* there is none: everything goes to adminaddr */
};
/* Where mail for addr goes instead, if it is a user of this host (bare 1: it was
 * given without a host): appended to out, each with a NUL. 1; 0 it stays as it
 * is: not ours, one of adminaddr itself, an alias that has an owner or more than
 * addresses, or nothing is set (without adminaddr only ADMIN_ALIASES and ADMIN_LAST
 * do anything); -1 out is full, or nobody can say. An alias that cannot be read
 * stands in nobody's way: with ADMIN_REST the local delivery will say so, else it
 * counts as none. Only with ADMIN_LAST and without adminaddr nobody can say. */
int admin_expand(struct buf *out, const char *addr, size_t n, int bare, enum admin_how how);

#endif
