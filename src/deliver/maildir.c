/* maildir.c: a letter into a Maildir, the last step of a local delivery.
 *
 * The order is the promise: the file is written and synced under tmp/, gets its
 * name in new/ without ever replacing another, and new/ itself is synced before
 * anybody hears of success; a power cut after that cannot take the message
 * back. Any failure is temporary and leaves no file. Refuses: to deliver into a
 * Maildir that lacks a part, because what is there may be something else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/text.h"
#include "maildir.h"

#define HOST_CAP 64	/* bytes of the host's name that are used, as classic readers expect */

/* "tmp/NAME" or "new/NAME": the first four bytes are written over. */
struct names { char tmp[192], new[192]; };

/* 64 bits that differ even when a board without a clock boots twice with the
 * same time and process numbers. Never waits for entropy: the name only has to
 * be new, not secret, and O_EXCL has the last word. */
static unsigned long long chance(void)
{
	static unsigned long long n;	/* two of one process differ whatever the clocks say */
	unsigned long long r;

	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
		r = ((unsigned long long)clock_mono() + ++n) * 0x9e3779b97f4a7c15u + (size_t)&r;
	return r;
}

/* '/' and ':' would end the name or begin its flags. */
static void put_host(struct buf *b, const char *s)
{
	size_t end = b->len + HOST_CAP;

	for (; *s && b->len + 4 <= end; s++) {
		if (*s == '/')
			buf_puts(b, "\\057");
		else if (*s == ':')
			buf_puts(b, "\\072");
		else
			buf_putc(b, (unsigned char)*s <= ' ' || *s == 127 ? '_' : *s);
	}
}

static void host(struct buf *b)
{
	struct buf me = BUF_HEAP(CONTROL_MAX);
	struct utsname u;

	if (control_line(&me, "me") == 1 && me.len)
		put_host(b, me.s);
	else
		put_host(b, uname(&u) == 0 && *u.nodename ? u.nodename : "localhost");
	buf_free(&me);
}

static void make_names(struct names *n)
{
	struct buf b = BUF_OVER(n->tmp);
	long long now = clock_wall_usec();
	unsigned long long r = chance();

	buf_fmt(&b, "tmp/%lld.M%lldP%lldR%08x%08x.", now / 1000000, now % 1000000,
		(long long)getpid(), (unsigned)(r >> 32), (unsigned)r);
	host(&b);
	buf_z(&b);
	memcpy(n->new, n->tmp, sizeof n->new);
	memcpy(n->new, "new", 3);
}

static const char *reason(int e)
{
	switch (e) {
	case ENOSPC:
		return "Disk full on maildir delivery. (#4.3.0)";
	case EDQUOT:
		return "Mailbox is over its quota. (#4.2.2)";
	case EFBIG:
		return "Message is too big for a file of this user. (#4.3.0)";
	case EROFS:
		return "Maildir is on a read-only file system. (#4.3.0)";
	case EACCES: case EPERM:
		return "No permission to write in maildir. (#4.2.1)";
	case ENOENT: case ENOTDIR:
		return "Unable to chdir to maildir: tmp or new is missing. (#4.2.1)";
	}
	return "Temporary error on maildir delivery. (#4.3.0)";
}

/* Writes, syncs and closes. 0, or the reason. */
static const char *write_file(int fd, const struct letter *l)
{
	char window[WINDOW];
	struct out o = OUT_OVER(fd, window);
	int r = letter_copy(l, &o);

	if (r == 0 && (out_flush(&o) < 0 || fsync(fd) < 0))
		r = -1;
	if (r)
		io_close(fd);
	else
		r = close(fd);
	if (r == -2)
		return "Unable to read message. (#4.3.0)";
	return r ? reason(errno) : 0;
}

static const char *put_in(int dir, const struct letter *l)
{
	struct names n;
	const char *why;
	int fd;

	make_names(&n);
	fd = openat(dir, n.tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return reason(errno);
	why = write_file(fd, l);
	if (!why && io_rename(dir, n.tmp, n.new) < 0)
		why = reason(errno);
	if (why)
		unlinkat(dir, n.tmp, 0);
	else if (io_syncdir(dir, "new") < 0) {
		/* The message comes again, so this copy should not stay. */
		why = reason(errno);
		unlinkat(dir, n.new, 0);
	}
	return why;
}

static int open_dir(const char *path)
{
	return openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

const char *maildir_put(const char *path, const struct letter *l, int make)
{
	int dir = open_dir(path);
	const char *why;

	if (dir < 0 && errno == ENOENT && make) {
		/* Should this fail, another delivery may just have made it. */
		maildir_make(path);
		dir = open_dir(path);
	}
	if (dir < 0)
		return errno == ENOENT ? "Unable to chdir to maildir;"
			" maildirmake makes one. (#4.2.1)" :
			"Unable to chdir to maildir. (#4.2.1)";
	why = put_in(dir, l);
	close(dir);
	return why;
}

static const char parts[][4] = { "tmp", "new", "cur" };

static int make_parts(int dir)
{
	int i;

	for (i = 0; i < 3; i++)
		if (mkdirat(dir, parts[i], 0700) < 0 && errno != EEXIST)
			return -1;
	return io_syncdir(dir, ".");
}

int maildir_complete(const char *path)
{
	int dir = open_dir(path), r = dir < 0 ? -1 : make_parts(dir);

	io_close(dir);
	return r;
}

static void drop(int dir, const char *name)
{
	int i, e = errno;

	for (i = 0; i < 3; i++)
		unlinkat(dir, parts[i], AT_REMOVEDIR);
	rmdir(name);
	errno = e;
}

/* Everything under a name of its own, then one rename: a Maildir that lacks a
 * part is never seen, not even after a power cut in the middle. */
int maildir_make(const char *path)
{
	char tmp[1024];
	int dir, r;

	errno = ENAMETOOLONG;
	if (!buf_text(tmp, sizeof tmp, "%.*s.maildir-%08x%08x", (int)text_dir(path), path,
		(unsigned)clock_wall_usec(), (unsigned)chance()) || mkdir(tmp, 0700) < 0)
		return -1;
	dir = open_dir(tmp);
	if (dir < 0 || make_parts(dir) < 0 || rename(tmp, path) < 0) {
		drop(dir, tmp);
		r = -1;
	} else
		r = io_syncdir(dir, "..");
	if (dir >= 0)
		close(dir);
	return r;
}
