/* tls_file.c: opens files that TLS needs. A key that everybody on the machine may read is
 * no secret, and refused. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/io.h"
#include "tls_file.h"

int file_open(const char *path, struct buf *name)
{
	buf_clear(name);
	if (*path != '/')
		buf_fmt(name, "%s/", control_dir());
	buf_puts(name, path);
	if (!buf_z(name)) {
		name->s[0] = 0;
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(name->s, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int secret_given;

int secret_ok(const struct stat *st, const char *path, struct buf *why)
{
	unsigned me = geteuid();

	if (st->st_mode & 007)
		buf_fmt(why, "other users may read %s: chmod o= %s", path, path);
	else if (me && st->st_uid && st->st_uid != me &&
		!(CFG_TLSD && secret_given && st->st_mode & S_IRGRP))
		buf_fmt(why, "%s is user %u's, and must be root's or user %u's, who reads it",
			path, (unsigned)st->st_uid, me);
	else
		return 1;
	return 0;
}

int file_lasting(int e)
{
	return !e || e == EACCES || e == ENOENT || e == ENOTDIR;
}

int secret_read(const char *path, struct buf *b, struct buf *why)
{
	char whole[512];
	struct buf name = BUF_OVER(whole);
	int fd = file_open(path, &name), r = -1;
	struct stat st;

	buf_clear(b);
	if (fd >= 0 && (r = fstat(fd, &st)) == 0 && (r = secret_ok(&st, whole, why)))
		r = io_slurp_fd(fd, b);
	if (r < 0 || (r && !(b->len && buf_z(b)))) {
		buf_fmt(why, "unable to read %s: %s", whole, r < 0 ? err_text(errno) :
			b->len ? err_text(EFBIG) : "it is empty");
		r = 0;
	}
	io_close(fd);
	return r > 0 ? 0 : -1;
}
