/* control.c: control files, one setting a file. Read when a program starts or
 * is told to; a file that is there but cannot be read is never taken for the
 * default, since mail would then go somewhere its owner did not choose. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "err.h"
#include "../limits.h"
#include "control.h"
#include "dir.h"
#include "io.h"
#include "near.h"
#include "text.h"

static int distrust;
static const char *chosen;

/* Names in the control directory, each ending in NUL, when they were asked for.
 * Missing files are the most, and each costs a call to find out. */
static NEAR(1) char names[1024];
static NEAR(0) size_t names_len;

/* What went wrong last. Put into words only when someone asks: qmail-queue
 * never does, and need not carry the words of every errno. */
static NEAR(0) struct { const char *name, *why; int err; } trouble;

void control_trust(int trusted)
{
	distrust = !trusted;
}

void control_use(const char *dir)
{
	chosen = dir;
}

const char *control_dir(void)
{
	const char *d = chosen ? chosen : distrust ? 0 : getenv("CONTROLDIR");

	return d && *d ? d : CONTROL_DIR;
}

const char *control_error(void)
{
	static char message[400];

	if (!buf_text(message, sizeof message, "unable to read %s/%s: %s", control_dir(),
		trouble.name ? trouble.name : "?",
		trouble.why ? trouble.why : err_text(trouble.err)))
		memcpy(message, "unable to read control file", 28);
	return message;
}

/* name is a literal of our callers. why 0: the words of err. */
static int complain(const char *name, const char *why, int err)
{
	trouble.name = name;
	trouble.why = why;
	trouble.err = err;
	errno = err;
	return -1;
}

int control_wrong(const char *name, const char *why)
{
	return complain(name, why, EINVAL);
}

/* Path of a control file into p. 0 / -1. */
static int make_path(struct buf *p, const char *name)
{
	const char *dir = *name == '/' ? "" : control_dir();

	if (!buf_fmt(p, "%s/%s", dir, name) || !buf_z(p))
		return complain(name, "the path is too long", ENAMETOOLONG);
	return 0;
}

void control_snapshot(int on)
{
	struct buf b = BUF_OVER(names);
	struct dir d;
	int r;

	names_len = 0;
	if (!on || dir_open(&d, AT_FDCWD, control_dir()) < 0)
		return;
	while ((r = dir_next(&d)) > 0 && buf_put(&b, d.name, strlen(d.name) + 1))
		;
	dir_close(&d);
	names_len = r ? 0 : b.len;
}

int control_exists(const char *name)
{
	size_t i;

	for (i = 0; i < names_len; i += strlen(names + i) + 1)
		if (!strcmp(names + i, name))
			return 1;
	return !names_len || strchr(name, '/') != 0;
}

int control_text(struct buf *b, const char *name)
{
	char path[512];
	struct buf p = BUF_OVER(path);
	int r;

	buf_clear(b);
	if (!control_exists(name))
		return 0;
	if (make_path(&p, name) < 0)
		return -1;
	r = io_slurp(AT_FDCWD, path, b);
	if (r < 0)
		return complain(name, 0, errno);
	if (r > 0 && b->len && memchr(b->s, 0, b->len))
		return complain(name, "it holds a NUL byte", EINVAL);
	if (r > 0 && !buf_z(b))
		return complain(name, 0, EFBIG);
	return r;
}

int control_line(struct buf *b, const char *name)
{
	int r = control_text(b, name);

	if (r <= 0)
		return r;
	if (b->len) {
		char *lf = memchr(b->s, '\n', b->len);

		b->len = text_trim(b->s, lf ? (size_t)(lf - b->s) : b->len);
	}
	b->s[b->len] = 0;
	return 1;
}

/* Only the first digits matter, so a file that is longer is no error. */
int control_num(uint64_t *v, const char *name)
{
	char line[64];
	struct buf b = BUF_OVER(line);
	int r = control_text(&b, name);

	if (r < 0 && errno == EFBIG)
		r = 1;
	return r > 0 ? text_u64(line, b.len, v) > 0 : r;
}

/* Rewrites the text in b as lines that each end in NUL. -1: one is too long. */
static int split_lines(struct buf *b)
{
	size_t from = 0, to = 0;

	while (from < b->len) {
		char *line = b->s + from;
		char *lf = memchr(line, '\n', b->len - from);
		size_t len = lf ? (size_t)(lf - line) : b->len - from;
		size_t keep = text_trim(line, len);

		from += len + 1;
		if (keep > CONTROL_LINE_MAX)
			return -1;
		if (!keep || *line == '#')
			continue;
		memmove(b->s + to, line, keep);
		to += keep;
		b->s[to++] = 0;
	}
	b->len = to;
	return 0;
}

int control_list(struct buf *b, const char *name)
{
	int r = control_text(b, name);

	if (r > 0 && split_lines(b) < 0)
		return complain(name, "a line is too long", EINVAL);
	return r;
}

int control_host(struct buf *b, const char *name)
{
	int r = control_line(b, name);

	if (r < 0 || (r > 0 && b->len))
		return r;
	r = control_line(b, "me");
	return r > 0 ? b->len > 0 : r;
}

int control_has(const struct buf *list, const char *s, size_t n)
{
	size_t i, len;

	for (i = 0; i < list->len; i += len + 1) {
		len = strlen(list->s + i);
		if (text_caseeq(list->s + i, len, s, n))
			return 1;
	}
	return 0;
}

const char *control_map(const struct buf *list, const char *key, size_t n)
{
	size_t i, len;

	for (i = 0; i < list->len; i += len + 1) {
		const char *line = list->s + i, *colon = strchr(line, ':');

		len = strlen(line);
		if (colon && text_caseeq(line, (size_t)(colon - line), key, n))
			return colon + 1;
	}
	return 0;
}
