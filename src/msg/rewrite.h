/* rewrite.h: what control files make of a recipient before it is routed, in this order
 * (the qmail family's): percenthack, locals, virtualdomains. */
#ifndef MSG_REWRITE_H
#define MSG_REWRITE_H
#include <stddef.h>
#include "../base/buf.h"

/* control/locals into b (heap), a list as of control_list(): an empty file means that no
 * domain is local, a missing one control/me. 0; 1 both are missing; -1 control_error(). */
int rewrite_locals(struct buf *b);
/* percenthack: user%host@gate, gate in the list, becomes user@host, as often as it holds;
 * in place. addr is a C string of n bytes; its new length. */
size_t rewrite_percent(const struct buf *list, char *addr, size_t n);
/* virtualdomains: the value for the address of n bytes (a C string) whose host is at dom,
 * or 0. First hit of: the address, its domain, the domain's suffixes, the empty key. */
const char *rewrite_virtual(const struct buf *map, const char *addr, size_t n,
	const char *dom);

#endif
