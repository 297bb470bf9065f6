/* dir.h: reading a directory, in the caller's storage: the C library's DIR lives on
 * a heap that this program does not have. */
#ifndef BASE_DIR_H
#define BASE_DIR_H

struct dir {
	int fd;			/* -1 when it is not open */
	unsigned at, len, type;	/* private */
	const char *name;	/* the entry; gone with the next call */
	char space[1024];
};
/* Opens path below dirfd. 0, or -1 with errno and fd -1. */
int dir_open(struct dir *d, int dirfd, const char *path);
/* Next entry but "." and "..": 1, 0 at the end, -1 errno. */
int dir_next(struct dir *d);
/* What it is: 'd' directory, 'f' file, 'x' anything else (a link, too) or gone. */
int dir_kind(const struct dir *d);
/* errno stays as it is. Harmless when nothing is open. */
void dir_close(struct dir *d);

#endif
