/* envdir.c: a directory of variables: read before anything else a program does,
 * so that one place says which queue and which queue program are used. Changes are
 * only collected here; whoever asked applies all of them or none. Refuses what
 * somebody else could have written, names that are no variable's, and directories
 * that lead to each other. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dir.h"
#include "env.h"
#include "envdir.h"
#include "err.h"
#include "io.h"
#include "text.h"

struct load {
	struct buf *to;
	unsigned dirs;		/* how many were read */
	struct { dev_t dev; ino_t ino; } seen[ENVDIR_DIRS];
};

static char message[400];

/* why 0: errno's words. -1. */
static int complain(const char *path, const char *name, const char *why)
{
	struct buf b = BUF_OVER(message);
	int e = errno;

	if (!buf_fmt(&b, "%s%s%s: %s", path, *name ? "/" : "", name, why ? why : err_text(e)) ||
		!buf_z(&b))
		message[sizeof message - 1] = 0;
	return -1;
}

const char *envdir_error(void)
{
	return message;
}

/* 1 when nobody but root and us can have written it. */
static int is_trusted(const struct stat *st)
{
	return (!st->st_uid || st->st_uid == geteuid()) && !(st->st_mode & 022);
}

static const char not_ours[] = "must belong to root or to who runs this, and be writable "
	"by nobody else";

/* Whole file of the directory into b. 1, 0 there is none, -1. */
static int read_file(struct buf *b, const struct dir *d, const char *path, const char *name)
{
	struct stat st;
	int r;

	if (fstatat(d->fd, name, &st, 0) < 0)
		return errno == ENOENT ? 0 : complain(path, name, 0);
	if (!S_ISREG(st.st_mode))
		return complain(path, name, "is not a plain file");
	if (!is_trusted(&st))
		return complain(path, name, not_ours);
	if ((r = io_slurp(d->fd, name, b)) < 0)
		return complain(path, name, 0);
	return r;
}

/* One change: "name=value", or "name" when value is 0. NUL inside is a newline. */
static int add(struct load *l, const char *name, size_t n, const char *value, size_t len)
{
	size_t at = l->to->len, i;

	if (!env_name_ok(name, n))
		return 0;
	buf_put(l->to, name, n);
	if (value) {
		buf_putc(l->to, '=');
		buf_put(l->to, value, len);
	}
	for (i = at; i < l->to->len; i++)
		if (!l->to->s[i])
			l->to->s[i] = '\n';
	buf_putc(l->to, 0);
	return l->to->full ? -1 : 1;
}

static const char no_name[] = "not the name of a variable that may be set here";
static const char too_much[] = "too many variables";

/* A file's first line. */
static int add_file(struct load *l, const struct buf *b, const char *name)
{
	char *lf = b->len ? memchr(b->s, '\n', b->len) : 0;
	size_t n = lf ? (size_t)(lf - b->s) : b->len;

	while (n && (b->s[n - 1] == ' ' || b->s[n - 1] == '\t'))
		n--;
	return add(l, name, strlen(name), b->len ? b->s : 0, n);
}

static int load(struct load *l, const char *path, int deep);

/* What is to be done with one line of a file: 1 done, 0 refused, -1 no room or said. */
typedef int each_line(struct load *l, const char *s, size_t n, int deep);

static int add_line(struct load *l, const char *s, size_t n, int deep)
{
	const char *eq = memchr(s, '=', n);
	size_t name = eq ? (size_t)(eq - s) : n;

	(void)deep;
	return add(l, s, name, eq ? eq + 1 : 0, eq ? n - name - 1 : 0);
}

static int load_line(struct load *l, const char *s, size_t n, int deep)
{
	char path[512];

	if (*s != '/' || !buf_text(path, sizeof path, "%.*s", (int)n, s))
		return 0;
	return load(l, path, deep + 1) < 0 ? -1 : 1;
}

/* Lines of a file; empty ones and those that begin with # are passed over. */
static int lines(struct load *l, struct buf *b, const char *path, const char *name,
	each_line *each, int deep)
{
	size_t at = 0;

	while (at < b->len) {
		char *s = b->s + at, *lf = memchr(s, '\n', b->len - at);
		size_t n = lf ? (size_t)(lf - s) : b->len - at;
		int r;

		at += n + 1;
		for (; n && (*s == ' ' || *s == '\t'); n--)
			s++;
		n = text_trim(s, n);
		if (!n || *s == '#')
			continue;
		r = each(l, s, n, deep);
		if (r == 0)
			return complain(path, name, each == add_line ? no_name :
				"a line that is not a whole path");
		if (r < 0)
			return l->to->full ? complain(path, name, too_much) : -1;
	}
	return 0;
}

/* .envdir: a directory (or a link to one), or a file that lists some. */
static int load_more(struct load *l, const struct dir *d, struct buf *b, const char *path,
	int deep)
{
	static const char name[] = ".envdir";
	char sub[512];
	struct stat st;
	int r;

	if (fstatat(d->fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode)) {
		if (!buf_text(sub, sizeof sub, "%s/%s", path, name))
			return complain(path, name, "the path is too long");
		return load(l, sub, deep + 1) < 0 ? -1 : 0;
	}
	if ((r = read_file(b, d, path, name)) <= 0)
		return r;
	return lines(l, b, path, name, load_line, deep);
}

/* All of an open directory. b: for one file at a time. 0 / -1. */
static int load_open(struct load *l, struct dir *d, struct buf *b, const char *path, int deep)
{
	int r = read_file(b, d, path, ".envfile");

	if (r > 0)
		r = lines(l, b, path, ".envfile", add_line, deep);
	if (r < 0 || load_more(l, d, b, path, deep) < 0)
		return -1;
	while ((r = dir_next(d)) > 0) {
		if (*d->name == '.')
			continue;
		if (read_file(b, d, path, d->name) < 0)
			return -1;
		r = add_file(l, b, d->name);
		if (r <= 0)
			return complain(path, d->name, r ? too_much : no_name);
	}
	return r < 0 ? complain(path, "", 0) : 0;
}

/* 1, 0 there is none, -1. */
static int load(struct load *l, const char *path, int deep)
{
	struct buf b = BUF_HEAP(ENVDIR_FILE);
	struct stat st;
	struct dir d;
	unsigned i;
	int r;

	if (dir_open(&d, AT_FDCWD, path) < 0)
		return errno == ENOENT && !deep ? 0 : complain(path, "", 0);
	r = fstat(d.fd, &st) < 0 ? complain(path, "", 0) :
		!is_trusted(&st) ? complain(path, "", not_ours) : 1;
	for (i = 0; i < l->dirs; i++)
		if (l->seen[i].dev == st.st_dev && l->seen[i].ino == st.st_ino)
			r = 0;	/* read already: directories may name each other */
	if (r > 0 && (deep > ENVDIR_DEEP || l->dirs == ENVDIR_DIRS))
		r = complain(path, "", "too many directories");
	if (r > 0) {
		l->seen[l->dirs].dev = st.st_dev;
		l->seen[l->dirs++].ino = st.st_ino;
		r = load_open(l, &d, &b, path, deep);
		buf_free(&b);
	}
	dir_close(&d);
	return r < 0 ? -1 : 1;
}

int envdir_read(struct buf *changes, const char *path)
{
	struct load l = { .to = changes };

	return load(&l, path, 0);
}
