/* generic.h: control/generic, what this host's addresses are called elsewhere. */
#ifndef MSG_GENERIC_H
#define MSG_GENERIC_H
#include <stddef.h>
#include "../base/buf.h"

/* Reads the map, and control/originalfrom, once in the life of the process.
 * 1 there is a map, 0 none, -1 control_error(): the file is unreadable, or has a
 * line that is not "key address". Mail must wait then: it would go out under a
 * name that its owner did not want. */
int generic_load(void);
/* The next generic_load() reads it again. */
void generic_forget(void);
/* The address that stands for the n bytes of addr, appended to b. Looked up are
 * user@host, user (when the host is ours or missing), @host, case-blind; a value
 * @host changes the host alone. 1; 0 it keeps its name (b may have part of one). */
int generic_map(struct buf *b, const char *addr, size_t n);
/* 1 when a From field that is changed is to be kept beside the new one. */
int generic_keeps(void);

#endif
