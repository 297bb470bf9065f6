/* envrules.h: files of "pattern:NAME=value,NAME=": variables that hold for some
 * addresses. A message chooses among what the administrator wrote; it never
 * supplies a name or a value. */
#ifndef BASE_ENVRULES_H
#define BASE_ENVRULES_H
#include "buf.h"

/* 1 when pattern matches all of the n bytes at s, case-blind: * any bytes, ? one,
 * [abc], [a-z], [!a] or [^a] one of (not) these. An unfinished [ matches itself. */
int wild_match(const char *pattern, size_t len, const char *s, size_t n);
/* The variables of the first line in a control_list() result whose pattern matches
 * key; 0 none does. */
char *envrules_find(const struct buf *list, const char *key, size_t n);
/* Puts them into the environment, "NAME=" unsets; the text is cut up and stays used.
 * 0, or -1 with errno (EINVAL: a name that env.h refuses). */
int envrules_put(char *vars);
/* The list of $env, else of `file`: a control file. As control_list(). */
int envrules_list(struct buf *list, const char *env, const char *file);

#endif
