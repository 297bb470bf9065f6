/* cdbmake.h: writing a constant database, see cdb.h. The bytes are the ones that
 * every other writer makes of the same records in the same order. */
#ifndef BASE_CDBMAKE_H
#define BASE_CDBMAKE_H
#include "cdb.h"
#include "io.h"

struct cdbmake {
	struct out out;
	uint64_t at;		/* end of the records so far */
	uint32_t count[256];	/* records of each table */
	char space[2048];
};

/* On fd, which is empty, open for reading and writing, and stays the caller's: he
 * syncs it, closes it, and gives it its name. All: 0, or -1 with errno (EFBIG:
 * more than 4 GB). Errors stick. Keys may come twice; the first is found. */
int cdbmake_start(struct cdbmake *m, int fd);
int cdbmake_add(struct cdbmake *m, const void *key, size_t n, const void *data, size_t len);
int cdbmake_end(struct cdbmake *m);

#endif
