/* vars.h: the environment of a program in a .qmail file. */
#ifndef DELIVER_VARS_H
#define DELIVER_VARS_H
#include "visit.h"

enum { VARS_MAX = 28 };
struct vars { struct buf b; char *envp[VARS_MAX + 1]; };

/* Fills in v->envp, from nothing: what is there was written by us or by the
 * administrator, or is one of the qmail family's variables, its control bytes
 * replaced by '_'. deflt: DEFAULT, or 0. 1, or 0 without memory. */
int vars_make(struct vars *v, const struct visit *t, const char *deflt);
void vars_free(struct vars *v);

#endif
