/* admin.c: mail to root of a machine where root reads no mail. Programs write to
 * root, pi@localhost or a user of our own name; all of that reaches one person.
 * Aliases come first, so that a single name can still go somewhere else. Used by
 * the injector, so that it works without a queue, and by the runner for mail that
 * came another way. */
#include <string.h>
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"
#include "admin.h"
#include "alias.h"
#include "aliasfile.h"
#include "ours.h"

static struct buf admins;		/* records that end in NUL */
static char from[ADDR_CAP + 1];		/* control/allmailfrom, or empty */
static int loaded, aliases;		/* there is a file of them */

/* The addresses of a line, between commas or blanks, appended to b. */
static int split(struct buf *b, const char *s)
{
	size_t n;

	for (; *(s += text_span(s, " \t,")); s += n) {
		n = strcspn(s, " \t,");
		if (!ours_address(b, s, n))
			return 0;
	}
	return 1;
}

/* A file without aliases is none: most machines have no other, and pay for no more
 * than this look. What is wrong with one is said when it is needed. */
static int have_aliases(void)
{
	struct aliasfile f;
	const char *why;
	int r = aliasfile_open(&f, &why), some = r < 0 || (r && f.text.len);

	aliasfile_close(&f);
	return some;
}

/* One file into b; line is room for it. 0 / -1. */
static int read_one(struct buf *b, struct buf *line, const char *name)
{
	int r = control_line(line, name);

	if (r <= 0 || !line->len)
		return r < 0 ? -1 : 0;
	if (ours_load() < 0)
		return -1;
	return split(b, line->s) ? 0 : control_wrong(name, "it is not an address");
}

int admin_load(void)
{
	struct buf fresh = BUF_HEAP(CONTROL_MAX), line = BUF_HEAP(CONTROL_MAX);
	char space[ADDR_CAP + 1] = "";
	struct buf sender = BUF_OVER(space);
	int r = 0, there;

	if (loaded)
		return 0;
	if (read_one(&fresh, &line, "adminaddr") < 0 || read_one(&sender, &line, "allmailfrom") < 0)
		r = -1;
	else if (sender.len && sender.len != strlen(space) + 1)
		r = control_wrong("allmailfrom", "it is more than one address");
	there = !r && have_aliases();
	if (there && ours_load() < 0)
		r = -1;
	buf_free(&line);
	if (r < 0) {
		buf_free(&fresh);
		return -1;
	}
	buf_free(&admins);
	admins = fresh;
	memcpy(from, space, sizeof from);
	aliases = there;
	loaded = 1;
	return 0;
}

void admin_forget(void)
{
	loaded = 0;
	ours_forget();
}

const char *admin_sender(const char *sender)
{
	return *from && *sender && strcmp(sender, "#@[]") ? from : 0;
}

/* ---- recipients ---- */

struct gather {
	struct buf *out;
	size_t was;		/* what this recipient became begins here */
	int stays;
};

/* Appends records that are not there yet. */
static void add(struct gather *g, const char *s, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n + 1) {
		struct buf there = *g->out;

		n = strlen(s + i);
		there.s += g->was;
		there.len -= g->was;
		if (!control_has(&there, s + i, n))
			buf_put(g->out, s + i, n + 1);
	}
}

static int ignore(void *arg, enum alias_kind kind, const char *text, size_t n)
{
	(void)arg, (void)kind, (void)text, (void)n;
	return ALIAS_ON;
}

/* A list whose bounces go to its owner: the local delivery sees to that. */
static int has_owner(const char *name, size_t n)
{
	char space[ADDR_CAP + 8];
	struct buf b = BUF_OVER(space);
	const char *why;

	return buf_fmt(&b, "owner-%.*s", (int)n, name) &&
		alias_find(space, b.len, ignore, 0, &why) > 0;
}

static int take(void *arg, enum alias_kind kind, const char *text, size_t n)
{
	struct gather *g = arg;
	size_t at = text_rchr(text, n, '@');
	int here = kind == ALIAS_NAME || (kind == ALIAS_ADDR && ours_has(text + at + 1, n - at - 1));
	char space[ADDR_CAP + 1];
	struct buf one = BUF_OVER(space);

	if (admins.len && here)
		add(g, admins.s, admins.len);
	else if (kind == ALIAS_ADDR && buf_put(&one, text, n) && buf_putc(&one, 0))
		add(g, space, one.len);
	else
		g->stays = 1;
	return ALIAS_ON;
}

int admin_expand(struct buf *out, const char *addr, size_t n, int bare, enum admin_how how)
{
	size_t at = text_rchr(addr, n, '@');
	struct gather g = { out, out->len, how == ADMIN_REST };
	const char *why;
	int r = 0;

	if (!admins.len && (!aliases || how > ADMIN_LAST))
		return 0;
	if (!bare && (at == n || !ours_has(addr + at + 1, n - at - 1)))
		return 0;
	if (control_has(&admins, addr, n))
		return 0;
	if (how != ADMIN_ONLY)
		r = alias_find(addr, at, take, &g, &why);
	if (r < 0 && how == ADMIN_LAST && !admins.len)
		return -1;
	if (r > 0 && !g.stays)
		g.stays = has_owner(addr, at);
	if (r < 0 || (r && g.stays))
		out->len = g.was;
	if (!r || (r < 0 && how != ADMIN_REST))
		add(&g, admins.s, admins.len);
	if (out->full)
		return -1;
	return out->len > g.was;
}
