/* assign.h: users/cdb, the administrator's own table of who gets which mail. */
#ifndef MSG_ASSIGN_H
#define MSG_ASSIGN_H
#include "../base/buf.h"
#include "who.h"

/* $ASSIGNDIR, or the built-in directory of users/assign and users/cdb. */
const char *assign_dir(void);
/* Path of a file there into p, NUL-terminated. 0, or -1 with errno. */
int assign_path(struct buf *p, const char *name);
/* Looks for local in users/cdb as the qmail family does: whole, then by ever
 * shorter beginnings. 1 found (dash and ext are static), 0 not there or no such
 * file, -1 later: *why. Says nothing about uid 0: who_find() does. */
int assign_find(struct who *w, const char *local, const char **why);

#endif
