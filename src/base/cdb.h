/* cdb.h: looking a key up in a constant database (the 32-bit kind: 256 hash
 * tables behind the records; https://cr.yp.to/cdb/cdb.txt). Read with pread(2),
 * never mapped: a file that is cut while it is read is an error, not a signal. */
#ifndef BASE_CDB_H
#define BASE_CDB_H
#include <stddef.h>
#include <stdint.h>
#include "buf.h"

#define CDB_HEAD 2048		/* 256 times position and number of slots of a table */
#define CDB_HASH 5381u		/* what cdb_hash() starts with */

struct cdb { int fd; uint64_t size; };

/* 1 open, 0 there is no such file, -1 errno (EBADMSG: it is too short to be one, or
 * everybody may write it). */
int cdb_open(struct cdb *c, const char *path);
/* The data of the first record with this key is put behind what is in `data`. 1
 * found, 0 no such key, -1 errno: EBADMSG when the file points outside of itself,
 * EFBIG when data has no room. A damaged file is never an answer. */
int cdb_get(const struct cdb *c, const void *key, size_t n, struct buf *data);
void cdb_close(struct cdb *c);	/* errno stays */

/* For the writer, too. */
uint32_t cdb_hash(uint32_t h, const void *s, size_t n);
uint32_t cdb_u32(const unsigned char *s);		/* little endian */
/* The whole n bytes at `at`: 0, or -1 with errno (EBADMSG at the end of the file). */
int cdb_read(int fd, void *p, size_t n, uint64_t at);

#endif
