/* alias.c: from a name to the targets of its alias, through aliases of aliases.
 *
 * Asked before the users of the system are: by local delivery, and by whoever has
 * to know whether a name is spoken for. Every name is opened once, every target
 * handed out once, so that no file can make mail multiply. Refuses: aliases in a
 * ring, more than ALIAS_DEPTH in a row, an included file that includes, runs or
 * writes: it may belong to somebody else than the file of aliases. Nor do the programs
 * of an alias that it names become the programs of this one. */
#include <string.h>
#include "../base/text.h"
#include "aliasfile.h"
#include "alias.h"

enum {
	OPENED = ALIAS_AGAIN + 1,	/* a kind in `seen`: an alias that was followed */
	RECORD = 3			/* bytes before the text of a record there */
};

struct find {
	const struct aliasfile *f;
	alias_each *each;
	void *arg;
	const char **why;
	struct buf seen;		/* records: kind, length in two bytes, text, NUL */
	size_t chain[ALIAS_DEPTH];	/* the names being followed: where they are in seen */
	unsigned depth, finals;
	size_t at;			/* the entry it began with */
	int ring, inside;		/* inside: of an included file */
	struct alias_target t;
};

static int expand(struct find *x, const struct aliasfile *f, size_t pos, size_t to);

static int fail(struct find *x, const char *text)
{
	*x->why = aliasfile_error(x->f, x->at, text);
	return -1;
}

/* The entry of the n bytes of name. Lines in error are none of its. 1/0. */
static int entry(const struct aliasfile *f, struct alias_entry *e, const char *name, size_t n)
{
	const char *ignored;
	size_t pos = 0;
	int r;

	while ((r = alias_next(f, &pos, e, &ignored)) != 0)
		if (r > 0 && text_caseeq(e->name, e->len, name, n))
			return 1;
	return 0;
}

/* Notes the target. 1 new, 0 there was the same, -1. Only names are case-blind. */
static int note(struct find *x, int kind, const char *s, size_t n)
{
	const int blind = kind == ALIAS_NAME || kind == ALIAS_AGAIN || kind == ALIAS_SELF ||
		kind == OPENED;
	const char head[RECORD] = { (char)kind, (char)(n >> 8), (char)n };
	const char *r;
	size_t i, len;

	for (i = 0; i < x->seen.len; i += RECORD + len + 1) {
		r = x->seen.s + i;
		len = (size_t)(unsigned char)r[1] << 8 | (unsigned char)r[2];
		if (memcmp(r, head, RECORD) == 0 && (blind ?
			text_caseeq(r + RECORD, n, s, n) : !memcmp(r + RECORD, s, n)))
			return 0;
	}
	if (buf_put(&x->seen, head, RECORD) && buf_put(&x->seen, s, n) && buf_putc(&x->seen, 0))
		return 1;
	return fail(x, "this alias has too many targets");
}

/* Is the target one of the names being followed? 2: the last of them. */
static int is_parent(const struct find *x)
{
	unsigned i;

	for (i = x->depth; i--;) {
		const char *s = x->seen.s + x->chain[i];

		if (text_caseeq(s, strlen(s), x->t.s, x->t.n))
			return i + 1 == x->depth ? 2 : 1;
	}
	return 0;
}

static int hand_out(struct find *x)
{
	int r = note(x, x->t.kind, x->t.s, x->t.n);

	if (r <= 0)
		return r;
	x->finals++;
	r = x->each(x->arg, x->t.kind, x->t.s, x->t.n);
	return r == ALIAS_STOP ? fail(x, "this alias cannot be followed") : r;
}

/* Follows the alias e, whose name is the target. */
static int follow(struct find *x, const struct alias_entry *e)
{
	size_t at = x->seen.len + RECORD;
	int r = note(x, OPENED, x->t.s, x->t.n);

	if (r <= 0)
		return r;
	if (x->depth == ALIAS_DEPTH)
		return fail(x, "too many aliases that point to aliases");
	x->chain[x->depth++] = at;
	r = expand(x, x->f, e->from, e->to);
	x->depth--;
	return r;
}

static int name_target(struct find *x)
{
	struct alias_entry e;

	switch (is_parent(x)) {
	case 2:
		x->t.kind = ALIAS_SELF;
		return hand_out(x);
	case 1:
		x->ring = 1;
		return 0;
	}
	if (!entry(x->f, &e, x->t.s, x->t.n))
		return hand_out(x);
	if (!x->inside)
		return follow(x, &e);
	x->t.kind = ALIAS_AGAIN;
	return hand_out(x);
}

static int include(struct find *x, const struct aliasfile *from)
{
	char path[ADDR_CAP];
	struct aliasfile f;
	int r;

	if (from != x->f)
		return fail(x, "its included file includes another");
	if ((r = hand_out(x)) != ALIAS_EXPAND)
		return r;
	x->finals--;
	memcpy(path, x->t.s, x->t.n + 1);
	x->inside = 1;
	if ((r = aliasfile_read(&f, path, x->why)) > 0)
		r = expand(x, &f, 0, f.text.len);
	x->inside = 0;
	aliasfile_close(&f);
	return r;
}

/* All targets between pos and to. 0 or more, or -1. */
static int expand(struct find *x, const struct aliasfile *f, size_t pos, size_t to)
{
	int r;

	while ((r = alias_target(f, &pos, to, &x->t, x->why)) > 0) {
		/* \name chooses with whose rights the whole alias is carried out: in an
		 * included file, only a name that the file of aliases has chosen. */
		if (x->t.kind == ALIAS_SELF && x->inside && !is_parent(x))
			x->t.kind = ALIAS_NAME;
		if (x->t.kind == ALIAS_INCLUDE)
			r = include(x, f);
		else if (f != x->f && (x->t.kind == ALIAS_PROGRAM || x->t.kind == ALIAS_FILE)) {
			*x->why = aliasfile_error(f, pos, "only addresses in an included file");
			r = -1;
		} else
			r = x->t.kind == ALIAS_NAME ? name_target(x) : hand_out(x);
		if (r < 0)
			break;
	}
	return r;
}

static int find(struct find *x, const char *name, size_t n)
{
	struct alias_entry e;
	int r;

	if (!n || n > ADDR_MAX || !entry(x->f, &e, name, n))
		return 0;
	memcpy(x->t.s, name, n);
	x->t.s[n] = 0;
	x->t.n = n;
	x->at = e.line_at;
	if ((r = follow(x, &e)) < 0)
		return r;
	if (x->finals)
		return 1;
	return fail(x, x->ring ? "this alias leads to itself and nowhere else" :
		"this alias has no target");
}

int alias_find(const char *name, size_t n, alias_each *each, void *arg, const char **why)
{
	struct aliasfile f;
	struct find x = { .f = &f, .each = each, .arg = arg, .why = why,
		.seen = BUF_HEAP(2 * CONTROL_MAX) };
	int r;

	if ((r = aliasfile_open(&f, why)) > 0)
		r = find(&x, name, n);
	buf_free(&x.seen);
	aliasfile_close(&f);
	return r;
}
