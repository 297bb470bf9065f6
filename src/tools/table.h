/* table.h: a text file, line by line, into the constant database beside it. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H
#include "../base/cdbmake.h"
#include "../limits.h"

struct table {
	/* filled by the caller; the rest is 0 */
	const char *name;		/* in messages */
	const char *dir;		/* where all of them are */
	char from[512], cdb[512], tmp[520];
	/* One line, in t->line, without its LF: adds what it says. 1 to go on, 0 it was the
	 * last one, -1 it is wrong, or nothing can be written: all said. */
	int (*each)(struct table *t);
	/* 0: the file has ends, those of each() and each line's, so that one that was cut is
	 * not taken for whole. 1: it ends where it ends. */
	int open;
	/* for each() */
	struct cdbmake make;
	size_t number, len;		/* of the line */
	char line[4 * ADDR_CAP];
};

/* The whole of it. The old database stays in force until the new one is whole and on the
 * disk. The exit code. */
int table_make(struct table *t);
/* For each(): says why, of this line; what cannot be done to which file, with errno. -1. */
int table_wrong(const struct table *t, const char *why);
int table_cannot(const struct table *t, const char *what, const char *path);

#endif
