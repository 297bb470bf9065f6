/* dir.c: reading a directory, as the kernel writes it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "dir.h"
#include "io.h"

/* Where an entry of getdents64(2) has its fields, on every machine; two numbers of 64
 * bits come first. */
enum { AT_LENGTH = 16, AT_TYPE = 18, AT_NAME = 19 };

int dir_open(struct dir *d, int dirfd, const char *path)
{
	d->at = d->len = 0;
	d->fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->fd < 0 ? -1 : 0;
}

int dir_next(struct dir *d)
{
	unsigned short len;
	char *e;
	long r;

	do {
		if (d->at == d->len) {
			r = syscall(SYS_getdents64, d->fd, d->space, sizeof d->space);
			if (r <= 0)	/* ENOENT: it was removed meanwhile */
				return r < 0 && errno != ENOENT ? -1 : 0;
			d->at = 0;
			d->len = (unsigned)r;
		}
		e = d->space + d->at;
		memcpy(&len, e + AT_LENGTH, sizeof len);
		d->at += len;
		d->type = (unsigned char)e[AT_TYPE];
		d->name = e + AT_NAME;
	} while (!strcmp(d->name, ".") || !strcmp(d->name, ".."));
	return 1;
}

int dir_kind(const struct dir *d)
{
	mode_t mode = DTTOIF(d->type);
	struct stat st;

	/* Old file systems leave the type empty. */
	if (!d->type && fstatat(d->fd, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		mode = st.st_mode;
	return S_ISDIR(mode) ? 'd' : S_ISREG(mode) ? 'f' : 'x';
}

void dir_close(struct dir *d)
{
	io_close(d->fd);
	d->fd = -1;
}
