/* tls_file.h: files that TLS needs: bundles, keys. A path without a '/' in front is below
 * the control directory. */
#ifndef NET_TLS_FILE_H
#define NET_TLS_FILE_H
#include "../base/buf.h"

/* Opens it for reading; name becomes the whole path, a C string. The descriptor, or -1
 * with errno. */
int file_open(const char *path, struct buf *name);
/* All of a file that only its owner and group may read, as a C string in b (NUL not
 * counted). Its owner is root or this process's user; for root, anybody. 0, or -1 with
 * words: not there, readable by others, too large. */
int secret_read(const char *path, struct buf *b, struct buf *why);

#endif
