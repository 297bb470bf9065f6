/* dotqmail.c: finds the delivery instructions of a user and takes them apart.
 *
 * Between "whose mailbox" (who.c) and "carry it out" (visit.c). The
 * working directory is the user's home and the process has his rights, so that
 * a link or a named pipe he puts there harms nobody but him. A file that is not
 * read for certain is "later", never "there is none": a bounce cannot be taken
 * back. Refuses: a file that others may write, one of more than CONTROL_MAX
 * bytes, one whose first line is blank. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/io.h"
#include "../base/text.h"
#include "../limits.h"
#include "dotqmail.h"

#define DOT_NAME_CAP (ADDR_CAP + 32)

static int is_missing(int e)
{
	return e == ENOENT || e == ENOTDIR || e == ENAMETOOLONG || e == ELOOP;
}

/* "Uh-oh: FILE text", for the user to find the file by. Stays until the next call. */
static const char *complain(const struct dot *d, const char *text)
{
	static char said[192];

	return buf_text(said, sizeof said, "Uh-oh: %s %s", *d->file ? d->file : "alias",
		text) ? said : text;
}

/* 1 read into d, 0 no regular file of this name (a named pipe counts as missing),
 * -1 with *why. */
static int try(struct dot *d, const char *name, const char **why)
{
	struct stat st;
	int r;

	buf_text(d->file, sizeof d->file, "%.*s", (int)sizeof d->file - 1, name);
	*why = complain(d, "cannot be opened. (#4.3.0)");
	if (stat(name, &st) < 0)
		return is_missing(errno) ? 0 : -1;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_mode & S_IWOTH) {
		*why = complain(d, "is writable by everybody. (#4.7.0)");
		return -1;
	}
	if (!d->text.max)
		return 1;	/* for dot_has */
	d->xbit = (st.st_mode & S_IXUSR) != 0;
	r = io_slurp(AT_FDCWD, name, &d->text);
	if (r < 0 && errno == EFBIG)
		*why = complain(d, "is too long. (#4.3.0)");
	return r;
}

/* ".qmail" dash ext, where "." becomes ":" so that no extension climbs out of the
 * home. */
static void put_name(struct buf *name, const char *dash, const char *ext)
{
	buf_puts(name, ".qmail");
	buf_puts(name, dash);
	for (; *ext; ext++)
		buf_putc(name, *ext == '.' ? ':' : text_lower((unsigned char)*ext));
}

/* The names in order, from the most special one. 1, 0, -1 as try(). */
static int search(struct dot *d, const char *dash, const char *ext, const char **why)
{
	static const char word[] = "default";
	char room[DOT_NAME_CAP];
	struct buf name = BUF_OVER(room);
	size_t base, i, n = strlen(ext);
	int r;

	put_name(&name, dash, ext);
	if (!buf_z(&name))
		return 0;
	base = name.len - n;
	if ((r = try(d, name.s, why)) != 0 || (!*dash && !n)) {
		i = n - (sizeof word - 1);
		if (r > 0 && i < n && !strcmp(name.s + base + i, word))
			d->given = ext + i;
		return r;
	}
	for (i = n;; i--) {
		if (i && name.s[base + i - 1] != '-')
			continue;
		name.len = base + i;
		buf_puts(&name, word);
		if (!buf_z(&name))
			return 0;
		d->given = ext + i;
		if ((r = try(d, name.s, why)) > 0)
			return r;
		d->given = 0;
		if (r || !i)
			return r;
	}
}

/* Makes every line from `from` on a C string: LF and the blanks before it become NUL. */
static const char *cut_lines(struct dot *d, size_t from)
{
	struct buf *t = &d->text;
	size_t i = t->len;
	int tail = 1;

	/* A NUL that was there before would hide the rest of its line. */
	if (memchr(t->s + from, 0, t->len - from))
		return complain(d, "has a NUL byte. (#4.3.0)");
	while (i-- > from) {
		tail = t->s[i] == '\n' || (tail && (t->s[i] == ' ' || t->s[i] == '\t'));
		if (tail)
			t->s[i] = 0;
	}
	return t->s[from] ? 0 : complain(d, "has a blank first line. (#4.2.1)");
}

/* The text from `from` on becomes lines. 1, or 0 with *why. */
static int finish(struct dot *d, size_t from, const char **why)
{
	*why = "Out of memory. (#4.3.0)";
	if (buf_putc(&d->text, '\n'))
		*why = cut_lines(d, from);
	dot_rewind(d);
	return !*why;
}

int dot_open(struct dot *d, const char *dash, const char *ext, const char *dflt,
	const char **why)
{
	int r;

	memset(d, 0, sizeof *d);
	d->text.max = CONTROL_MAX;	/* BUF_HEAP */
	if ((r = search(d, dash, ext, why)) == 0 && *dash)
		return 0;
	if (r >= 0 && !d->text.len) {
		d->dflt = 1;
		d->xbit = 0;
		text_copy(d->file, sizeof d->file, "defaultdelivery");
		buf_puts(&d->text, dflt);
	}
	if (r >= 0 && finish(d, 0, why)) {
		d->own = d->text.len;
		return 1;
	}
	dot_close(d);
	return -1;
}

int dot_has(const char *dash, const char *ext)
{
	struct dot d = { 0 };
	const char *why;

	return search(&d, dash, ext, &why);
}

int dot_text(struct dot *d, const char *lines, const char **why)
{
	size_t from = d->text.len;

	d->text.max = from + CONTROL_MAX;
	buf_puts(&d->text, lines);
	if (finish(d, from, why))
		return 1;
	dot_close(d);
	return -1;
}

int dot_owner(const char *dash, const char *ext)
{
	char room[DOT_NAME_CAP];
	struct buf name = BUF_OVER(room);
	struct stat st;
	int n;

	put_name(&name, dash, ext);
	for (n = 0; n < 2; n++) {
		buf_puts(&name, n ? "-default" : "-owner");
		if (!buf_z(&name))
			return n;
		if (stat(name.s, &st) < 0)
			return is_missing(errno) ? n : -1;
	}
	return n;
}

int dot_stop(struct dot *d)
{
	if (d->pos > d->own)
		return 0;
	memmove(d->text.s + d->pos, d->text.s + d->own, d->text.len - d->own);
	d->text.len -= d->own - d->pos;
	d->own = d->pos;
	return d->pos < d->text.len;
}

void dot_rewind(struct dot *d)
{
	d->pos = 0;
	d->forward_only = d->xbit;
}

static enum dot_kind kind_of(const char *s)
{
	switch (*s) {
	case '|':
		return DOT_PROGRAM;
	case '.': case '/':
		return s[strlen(s) - 1] == '/' ? DOT_MAILDIR : DOT_MBOX;
	}
	return DOT_FORWARD;
}

int dot_next(struct dot *d, struct dot_line *l, const char **why)
{
	const char *s = "";

	for (; d->pos < d->text.len; d->pos += strlen(s) + 1) {
		s = d->text.s + d->pos;
		/* What is said of the file is not said of the lines behind it. */
		if (d->pos == d->own)
			d->forward_only = 0;
		if (!strcmp(s, "+list"))
			d->forward_only = 1;
		if (*s && *s != '#' && *s != '+')
			break;
	}
	if (d->pos >= d->text.len)
		return 0;
	l->dflt = d->dflt && d->pos < d->own;
	d->pos += strlen(s) + 1;
	l->kind = kind_of(s);
	l->s = l->kind == DOT_PROGRAM || *s == '&' ? s + 1 : s;
	if (!d->forward_only || l->kind == DOT_FORWARD)
		return 1;
	*why = complain(d, "has file or program delivery but is for forwarding"
		" only (x bit or +list). (#4.7.0)");
	return -1;
}

void dot_close(struct dot *d)
{
	buf_free(&d->text);
}
