/* aliasfile.c: reads a file of aliases and takes its lines apart.
 *
 * An entry is `name: target, target` and goes on over lines that begin with a
 * blank; empty lines and lines that begin with # do not count. A quote ends in its
 * line, so that a forgotten one spoils its own entry and not the rest of the file.
 * Refuses: a file of a stranger or one that everybody may write (what stands in it
 * is executed), control bytes, blanks that are not quoted, comments in addresses. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/control.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/passwd.h"
#include "../base/text.h"
#include "aliasfile.h"

static const char etc_aliases[] = "/etc/aliases";

static char message[400];

static int fail(const char **why, const char *path, const char *text)
{
	*why = buf_text(message, sizeof message, "%.*s: %s", 200, path, text) ? message : text;
	return -1;
}

const char *aliasfile_error(const struct aliasfile *f, size_t at, const char *text)
{
	size_t line = 1, i;

	for (i = 0; i < at && i < f->text.len; i++)
		line += f->text.s[i] == '\n';
	return buf_text(message, sizeof message, "%.*s, line %zu: %s", 200, f->path, line,
		text) ? message : text;
}

/* ---- the file ---- */

/* Root's, ours, of one of the users whose mail this is, or of who owns the directory:
 * he could put any file in its place, and any defaultdelivery beside it. */
static int is_trusted(uid_t uid, const char *dir)
{
	struct stat st;
	struct user u;

	return !uid || uid == geteuid() || (stat(dir, &st) == 0 && uid == st.st_uid) ||
		(passwd_uid(&u, uid) == 1 &&
		(!strcmp(u.name, "alias") || !strcmp(u.name, "qmailq")));
}

/* 1, 0 not there, -1. Blocks on nothing: a pipe in the place of the file is no file.
 * dir 0: it may be anybody's. */
static int load(struct aliasfile *f, const char *path, const char *dir, const char **why)
{
	struct stat st;
	int r;

	f->path = path;
	f->text.max = CONTROL_MAX;	/* BUF_HEAP; all else is zero */
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(why, path, err_text(errno));
	if (!S_ISREG(st.st_mode))
		return fail(why, path, "not a regular file");
	if (st.st_mode & S_IWOTH)
		return fail(why, path, "everybody may write this file");
	if (dir && !is_trusted(st.st_uid, dir))
		return fail(why, path, "this file is neither root's nor the mail system's");
	if ((r = io_slurp(AT_FDCWD, path, &f->text)) < 0)
		return fail(why, path, err_text(errno));
	return r;
}

int aliasfile_open(struct aliasfile *f, const char **why)
{
	static char path[512];
	int r;

	memset(f, 0, sizeof *f);
	if (!buf_text(path, sizeof path, "%s/aliases", control_dir()))
		return fail(why, control_dir(), err_text(ENAMETOOLONG));
	r = load(f, path, control_dir(), why);
	return r ? r : load(f, etc_aliases, "/etc", why);
}

int aliasfile_read(struct aliasfile *f, const char *path, const char **why)
{
	int r;

	memset(f, 0, sizeof *f);
	r = load(f, path, 0, why);
	return r ? r : fail(why, path, err_text(ENOENT));
}

void aliasfile_close(struct aliasfile *f)
{
	buf_free(&f->text);
}

/* ---- bytes ---- */

static int is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t skip_blanks(const struct aliasfile *f, size_t i)
{
	while (i < f->text.len && is_blank(f->text.s[i]))
		i++;
	return i;
}

/* The byte at i, or the end of a line behind the text. */
static int byte(const struct aliasfile *f, size_t i)
{
	return i < f->text.len ? (unsigned char)f->text.s[i] : '\n';
}

/* Where the next line begins. */
static size_t next_line(const struct aliasfile *f, size_t i)
{
	while (byte(f, i) != '\n')
		i++;
	return i + 1;
}

/* Does a line that counts for nothing begin at i? */
static int is_void(const struct aliasfile *f, size_t i)
{
	int c = byte(f, skip_blanks(f, i));

	return c == '#' || c == '\n';
}

/* One word from *pos on to the byte `end`, the end of the line or a blank, its
 * quotes and what they hide undone. 0, or what is wrong with it. */
static const char *word(const struct aliasfile *f, size_t *pos, int end, struct buf *w,
	int *quoted)
{
	size_t i = *pos;
	int c, in = 0;

	for (*quoted = 0; (c = byte(f, i)) != '\n'; i++) {
		if (!in && (c == end || is_blank(c)))
			break;
		if (c == '"') {
			in = !in;
			*quoted = 1;
			continue;
		}
		if (in && c == '\\' && byte(f, i + 1) != '\n')
			c = byte(f, ++i);
		if ((c < ' ' && c != '\t') || c == 127)
			return "a control byte";
		if (!buf_putc(w, c))
			return "this is too long";
	}
	*pos = skip_blanks(f, i);
	return in ? "a quote that does not end in its line" : 0;
}

/* ---- entries ---- */

int alias_next(const struct aliasfile *f, size_t *pos, struct alias_entry *e, const char **why)
{
	struct buf name = BUF_OVER(e->name);
	const char *wrong;
	size_t i = *pos;
	int quoted;

	while (i < f->text.len && is_void(f, i))
		i = next_line(f, i);
	if (i >= f->text.len)
		return 0;
	e->line_at = i;
	wrong = is_blank(byte(f, i)) ? "a line that continues nothing" :
		word(f, &i, ':', &name, &quoted);
	if (!wrong && (!name.len || byte(f, i) != ':'))
		wrong = "this is not \"name: target, target\"";
	e->len = name.len;
	e->from = i + 1;
	do
		i = next_line(f, i);
	while (i < f->text.len && (is_void(f, i) || is_blank(f->text.s[i])));
	e->to = *pos = i < f->text.len ? i : f->text.len;
	if (!wrong)
		return 1;
	*why = aliasfile_error(f, e->line_at, wrong);
	return -1;
}

/* ---- targets ---- */

/* Drops the first k bytes of a target. */
static void drop(struct alias_target *t, size_t k)
{
	t->n -= k;
	memmove(t->s, t->s + k, t->n + 1);
}

/* What a target is, by its first bytes. 0, or what is wrong with it. */
static const char *judge(struct alias_target *t, int quoted)
{
	static const char include[] = ":include:";

	if (*t->s == '|' || *t->s == '/') {
		t->kind = *t->s == '|' ? ALIAS_PROGRAM : ALIAS_FILE;
		if (t->kind == ALIAS_PROGRAM)
			drop(t, 1);
		while (t->n && is_blank(*t->s))
			drop(t, 1);
		return t->n ? 0 : "no program behind the |";
	}
	if (t->n > 9 && text_casestarts(t->s, t->n, include)) {
		t->kind = ALIAS_INCLUDE;
		drop(t, sizeof include - 1);
		return *t->s == '/' ? 0 : ":include: needs an absolute path";
	}
	if (t->n > 2 && *t->s == '<' && t->s[t->n - 1] == '>') {
		t->s[--t->n] = 0;
		drop(t, 1);
	}
	if (!quoted && t->s[strcspn(t->s, "<>();:")])
		return "an address without comments and other words is wanted";
	t->kind = strchr(t->s, '@') ? ALIAS_ADDR : ALIAS_NAME;
	return *t->s == '@' || t->s[t->n - 1] == '@' ?
		"this is no address" : 0;
}

int alias_target(const struct aliasfile *f, size_t *pos, size_t to, struct alias_target *t,
	const char **why)
{
	struct buf w = BUF_AT(t->s, 0, ADDR_MAX);
	size_t i = *pos, at;
	const char *wrong;
	int quoted, c;

	/* An entry begins behind its colon, an included file at 0. */
	c = i ? 0 : '\n';
	do
		while (c == '\n' && i < to && is_void(f, i))
			i = next_line(f, i);
	while (i < to && ((c = byte(f, i)) == ',' || c == '\n' || is_blank(c)) && ++i);
	if (i >= to)
		return 0;
	at = i;
	if (byte(f, i) == '\\')
		i++;
	wrong = word(f, &i, ',', &w, &quoted);
	t->n = w.len;
	t->s[w.len] = 0;
	if (!wrong && byte(f, i) != ',' && byte(f, i) != '\n')
		wrong = "a target with blanks needs quotes around it";
	if (!wrong)
		wrong = t->n ? judge(t, quoted) : "a target of no bytes";
	if (!wrong && byte(f, at) == '\\') {
		if (t->kind != ALIAS_NAME)
			wrong = "a backslash belongs before a local name only";
		t->kind = ALIAS_SELF;
	}
	*pos = i;
	if (!wrong)
		return 1;
	*why = aliasfile_error(f, at, wrong);
	return -1;
}
