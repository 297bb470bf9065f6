/* table.c: what the programs that make a cdb of a control file have in common. The new
 * table takes the place of the old one when it is whole and on the disk; a mistake in any
 * line, a full disk, or a death on the way leaves the old one in force. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../base/io.h"
#include "../base/log.h"
#include "../exits.h"
#include "table.h"

int table_wrong(const struct table *t, const char *why)
{
	say(t->name, "%s, line %zu: %s", t->from, t->number, why);
	return -1;
}

int table_cannot(const struct table *t, const char *what, const char *path)
{
	say(t->name, "unable to %s %s:", what, path);
	return -1;
}

/* Next line without its LF: 1, 0 end of the file, -1. */
static int next_line(struct table *t, struct in *in)
{
	struct buf b = BUF_OVER(t->line);
	const char *no;
	int c = in_line(in, &b, &no);

	t->number++;
	if (no)
		return table_wrong(t, no);
	if (c == -2)
		return table_cannot(t, "read", t->from);
	t->len = b.len;
	if (c == -1 && b.len && !t->open)
		return table_wrong(t, "this line does not end");
	return c == '\n' || b.len;
}

static int copy(struct table *t, struct in *in)
{
	int r;

	while ((r = next_line(t, in)) > 0)
		if ((r = t->each(t)) <= 0)
			return r;
	if (!r && !t->open)
		r = table_wrong(t, "the file ends here, but not with a line of one dot");
	return r;
}

/* Writes, syncs and puts in place. 0 / -1, all said. */
static int compile(struct table *t, struct in *in, int fd)
{
	if (cdbmake_start(&t->make, fd) < 0 || copy(t, in) < 0)
		return -1;
	if (cdbmake_end(&t->make) < 0 || syscall(SYS_fchmod, fd, 0644) < 0 || fsync(fd) < 0)
		return table_cannot(t, "write", t->tmp);
	if (rename(t->tmp, t->cdb) < 0)
		return table_cannot(t, "rename to", t->cdb);
	return io_syncdir(AT_FDCWD, t->dir) < 0 ? table_cannot(t, "sync", t->dir) : 0;
}

int table_make(struct table *t)
{
	char window[WINDOW];
	struct in in = IN_OVER(-1, window);
	int fd;

	/* Of two at a time, one waits: they write the same file. */
	in.fd = openat(AT_FDCWD, t->from, O_RDONLY | O_CLOEXEC);
	if (in.fd < 0 || flock(in.fd, LOCK_EX) < 0) {
		table_cannot(t, "read", t->from);
		return EXIT_TEMP;
	}
	fd = openat(AT_FDCWD, t->tmp, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		table_cannot(t, "make", t->tmp);
		return EXIT_TEMP;
	}
	if (compile(t, &in, fd) == 0)
		return EXIT_DONE;
	unlink(t->tmp);
	return EXIT_TEMP;
}
