/* tls_file.h: files that TLS needs: bundles, keys. A path without a '/' in front is below
 * the control directory. */
#ifndef NET_TLS_FILE_H
#define NET_TLS_FILE_H
#include <sys/stat.h>
#include "../base/buf.h"

/* Opens it for reading; name becomes the whole path, a C string. The descriptor, or -1
 * with errno. */
int file_open(const char *path, struct buf *name);
/* Whether the file path, which is *st, is one that a secret may be in: only its owner and
 * group may read it, and its owner is root or this process's user; root, who was told to,
 * reads anybody's. 1; 0 with words: what to do. */
int secret_ok(const struct stat *st, const char *path, struct buf *why);
extern int secret_given;	/* 1: another's, too, whose group may read it; only with CFG_TLSD */
/* All of such a file as a C string in b (NUL not counted). 0, or -1 with words: not there,
 * readable by others, empty, too large. */
int secret_read(const char *path, struct buf *b, struct buf *why);
/* 1: errno e of a file that could not be opened, or looked at, says what it is: not there, or
 * not ours to read; 0 is what is in it. 0: it may be another time. */
int file_lasting(int e);

#endif
