/* newu.c: qmail-newu: makes users/cdb of users/assign. The new table takes the
 * place of the old one when it is whole and on the disk; a mistake in any line, a
 * missing end ("." alone, which shows that no editor or copy has cut the file)
 * or a full disk leaves the old one in force. Byte for byte the file that the
 * classic makes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/cdbmake.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../msg/assign.h"
#include "../exits.h"
#include "../limits.h"

enum { COLONS = 6 };	/* user:uid:gid:home:dash:ext: */

struct newu {
	const char *name;
	char assign[512], cdb[512], tmp[520];
	struct cdbmake make;
	struct buf wild;		/* the last bytes of beginnings */
	char wild_store[256], line[4 * ADDR_CAP];
	size_t number;
};

static int wrong(const struct newu *u, const char *text)
{
	say(u->name, "%s, line %zu: %s", u->assign, u->number, text);
	return -1;
}

static int cannot(const struct newu *u, const char *what, const char *path)
{
	say(u->name, "unable to %s %s:", what, path);
	return -1;
}

/* Next line without its LF: 1, 0 end of the file, -1. */
static int next_line(struct newu *u, struct in *in)
{
	struct buf b = BUF_OVER(u->line);
	int c;

	u->number++;
	while ((c = in_getc(in)) >= 0 && c != '\n') {
		if (!c)
			return wrong(u, "a NUL byte");
		if (!buf_putc(&b, c) || b.len == b.cap)
			return wrong(u, "too long");
	}
	if (c == -2)
		return cannot(u, "read", u->assign);
	if (c == -1 && b.len)
		return wrong(u, "this line does not end");
	return buf_z(&b) && c == '\n';
}

/* Turns the colons of the six fields at s into NULs. 1, 0 they are no user. */
static int split(char *s, size_t *len)
{
	const char *f[COLONS];
	char *from = s;
	unsigned id;
	int i;

	for (i = 0; i < COLONS; i++) {
		f[i] = from;
		if (!(from = strchr(from, ':')))
			return 0;
		*from++ = 0;
	}
	*len = (size_t)(from - 1 - s);
	return *f[0] && *f[3] == '/' && text_id(f[1], &id) && text_id(f[2], &id);
}

/* "=name:..." or "+beginning:...": key and data of a record. 0 / -1. */
static int add(struct newu *u)
{
	char *s = u->line, *colon = strchr(s, ':');
	size_t n, i, len;

	if ((*s != '=' && *s != '+') || !colon)
		return wrong(u, "this is not =name:... or +beginning:...");
	n = (size_t)(colon - s);
	if (n > ADDR_CAP)
		return wrong(u, "the name is too long");
	if (!split(colon + 1, &len))
		return wrong(u, "this is not ...:user:uid:gid:/home:dash:ext:");
	for (i = 1; i < n; i++)
		s[i] = (char)text_lower((unsigned char)s[i]);
	if (*s == '+' && n > 1 && !memchr(u->wild.s, s[n - 1], u->wild.len))
		buf_putc(&u->wild, s[n - 1]);
	*colon = 0;
	n += *s == '=';		/* a whole name has its end in the key */
	*s = '!';
	return cdbmake_add(&u->make, s, n, colon + 1, len) < 0 ? cannot(u, "write", u->tmp) : 0;
}

static int copy(struct newu *u, struct in *in)
{
	int r;

	while ((r = next_line(u, in)) > 0 && strcmp(u->line, "."))
		if (add(u) < 0)
			return -1;
	if (r == 0)
		wrong(u, "the file ends here, but not with a line of one dot");
	return r > 0 ? 0 : -1;
}

/* Writes, syncs and puts in place. 0 / -1, all said. */
static int compile(struct newu *u, struct in *in, int fd)
{
	u->wild = BUF_OVER(u->wild_store);
	if (cdbmake_start(&u->make, fd) < 0 || copy(u, in) < 0)
		return -1;
	if (cdbmake_add(&u->make, "", 0, u->wild.s, u->wild.len) < 0 ||
		cdbmake_end(&u->make) < 0 || syscall(SYS_fchmod, fd, 0644) < 0 || fsync(fd) < 0)
		return cannot(u, "write", u->tmp);
	if (rename(u->tmp, u->cdb) < 0)
		return cannot(u, "rename to", u->cdb);
	return io_syncdir(AT_FDCWD, assign_dir()) < 0 ? cannot(u, "sync", assign_dir()) : 0;
}

static int paths(struct newu *u)
{
	struct buf a = BUF_OVER(u->assign), c = BUF_OVER(u->cdb), t = BUF_OVER(u->tmp);

	return assign_path(&a, "assign") < 0 || assign_path(&c, "cdb") < 0 ||
		assign_path(&t, "cdb.tmp") < 0 ? cannot(u, "use", "$ASSIGNDIR") : 0;
}

int newu_main(int argc, char **argv)
{
	static struct newu u;
	char window[WINDOW];
	struct in in = IN_OVER(-1, window);
	int fd;

	u.name = argv[0];
	if (argc > 1)
		return say_usage(u.name, "");
	if (paths(&u) < 0)
		return EXIT_TEMP;
	/* Of two at a time, one waits: they write the same file. */
	in.fd = openat(AT_FDCWD, u.assign, O_RDONLY | O_CLOEXEC);
	if (in.fd < 0 || flock(in.fd, LOCK_EX) < 0) {
		cannot(&u, "read", u.assign);
		return EXIT_TEMP;
	}
	fd = openat(AT_FDCWD, u.tmp, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		cannot(&u, "make", u.tmp);
		return EXIT_TEMP;
	}
	if (compile(&u, &in, fd) == 0)
		return EXIT_DONE;
	unlink(u.tmp);
	return EXIT_TEMP;
}
