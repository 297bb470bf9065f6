/* envdir.h: directories of variables, as the qmail family has them. */
#ifndef BASE_ENVDIR_H
#define BASE_ENVDIR_H
#include "buf.h"

/* Bounds: bytes of all changes and of one file, directories of one load, how deep one
 * names the next. */
enum { ENVDIR_BYTES = 32768, ENVDIR_FILE = 4096, ENVDIR_DIRS = 16, ENVDIR_DEEP = 4 };

/* Adds to changes, for env_put_all(), what the directory says: the lines of .envfile,
 * then the directories of .envdir, then each other file that does not begin with a
 * dot: its name is the variable, its first line the value, trailing blanks cut and
 * NUL meaning newline; an empty file unsets. 1 done; 0 there is no such directory;
 * -1: envdir_error() says what is wrong and where. Directories and files must belong
 * to root or to this process's user, and be writable by nobody else. */
int envdir_read(struct buf *changes, const char *path);
const char *envdir_error(void);

#endif
