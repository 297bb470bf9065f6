/* maildir.h: delivery into a Maildir. */
#ifndef DELIVER_MAILDIR_H
#define DELIVER_MAILDIR_H
#include "letter.h"

/* Puts the letter into the Maildir at path (relative to the working directory).
 * Returns 0 when it is there and on disk, file and directory entry; else the
 * reason, a temporary one, and nothing is left behind. `make`: a Maildir that is
 * not there at all is made first; one that lacks a part never is. */
const char *maildir_put(const char *path, const struct letter *l, int make);

/* Makes the Maildir (0700) with new, cur and tmp, whole or not at all, on disk
 * before the call returns. 0, or -1 with errno (ENOTEMPTY, EEXIST or ENOTDIR:
 * something has the name). */
int maildir_make(const char *path);
/* A directory that is there gets the parts that it lacks. 0 / -1 errno. For who asks
 * for it by name: a delivery never does, as it may be something else. */
int maildir_complete(const char *path);

#endif
