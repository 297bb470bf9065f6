/* env.h: this process's own environment, changed without malloc and setenv. */
#ifndef BASE_ENV_H
#define BASE_ENV_H
#include <stddef.h>
#include "buf.h"

/* What is put last holds. s is "NAME=value" to set, "NAME" to unset; it stays the
 * caller's and must live as long as the process. 0, or -1 with errno: ENOMEM; EINVAL
 * for what env_name_ok() refuses. */
int env_put(char *s);
/* All of a list of such strings, each ending in NUL. 0, or -1 at the first that fails. */
int env_put_all(const struct buf *list);
/* Remembers all of it, once; and makes it that again. 0 / -1 ENOMEM. */
int env_keep(void);
void env_back(void);
/* 1 when the n bytes at s may name a variable in a file: letters, digits and _, no
 * digit first, and nothing that a loader, a C library or a shell acts on by itself
 * (LD_*, GLIBC_*, MALLOC_*, BASH_*, PATH, IFS, ENV), that names the user (HOME), or
 * that says where such files are (CONTROLDIR, QUEUE_BASE). */
int env_name_ok(const char *s, size_t n);

#endif
