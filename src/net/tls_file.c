/* tls_file.c: opens files that TLS needs. A key that everybody on the machine may read is
 * no secret, and refused. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
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

/* What is wrong with who may use it, or 0. */
static const char *refusal(const struct stat *st)
{
	uid_t me = geteuid();

	if (st->st_mode & 7)
		return "may be read by everybody and is not used: chmod o=";
	if (st->st_uid && me && st->st_uid != me)
		return "is neither root's nor ours and is not used: chown USER";
	return 0;
}

int secret_read(const char *path, struct buf *b, struct buf *why)
{
	char whole[512];
	struct buf name = BUF_OVER(whole);
	int fd = file_open(path, &name), r = -1;
	const char *wrong = 0;
	struct stat st;

	buf_clear(b);
	if (fd >= 0 && (r = fstat(fd, &st)) == 0 && !(wrong = refusal(&st)))
		r = io_slurp_fd(fd, b);
	if (wrong) {
		buf_fmt(why, "%s %s %s", whole, wrong, whole);
		r = -1;
	} else if (r < 0 || !b->len || !buf_z(b)) {
		buf_fmt(why, "unable to read %s: %s", whole, r < 0 ? err_text(errno) : "it is empty");
		r = -1;
	}
	io_close(fd);
	return r < 0 ? -1 : 0;
}
