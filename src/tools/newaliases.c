/* newaliases.c: newaliases, sendmail -bi and -I: looks through the file of aliases and
 * says what is wrong with which line. Nothing is made of the file, delivery reads it
 * as it is; a line in error makes the mail of that alias wait. Answers with
 * sysexits, as those who call it after an edit expect: 0 and silence is well. */
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../applet.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../msg/aliasfile.h"
#include "../msg/divert.h"

struct check {
	const char *name;
	struct aliasfile f;
	struct buf said;	/* C strings */
};

/* Says it once: a mistake is met again from every alias that leads to it. What is wrong
 * in an included file, or with it, says nothing of who includes it: e does. */
static void complain(struct check *c, const struct alias_entry *e, const char *why)
{
	const int here = !e || !strncmp(why, c->f.path, strlen(c->f.path));
	size_t i;

	for (i = 0; i < c->said.len; i += strlen(c->said.s + i) + 1)
		if (!strcmp(c->said.s + i, why))
			return;
	buf_put(&c->said, why, strlen(why) + 1);
	say(c->name, here ? "%s" : "%s (included by %.*s)", why, here ? 0 : (int)e->len,
		here ? "" : e->name);
}

/* Every target is followed, into the files it includes, to see that all is there for
 * who will open them. */
static int follow(void *arg, enum alias_kind kind, const char *s, size_t n)
{
	(void)arg, (void)s, (void)n;
	if (kind != ALIAS_INCLUDE)
		return ALIAS_ON;
	return !CFG_LOCAL || divert_seem() ? ALIAS_EXPAND : ALIAS_STOP;
}

static void check_targets(struct check *c, const struct alias_entry *e)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	const char *why;

	if (alias_find(e->name, e->len, follow, 0, &why) < 0)
		complain(c, e, why);
	if (geteuid() != uid && proc_seem(uid, gid) < 0)
		complain(c, 0, "unable to go back to the rights of before");
}

/* Does an entry before `at` have this name, too? */
static int is_again(const struct check *c, const struct alias_entry *e)
{
	struct alias_entry before;
	const char *ignored;
	size_t pos = 0;

	while (alias_next(&c->f, &pos, &before, &ignored) && before.line_at < e->line_at)
		if (text_caseeq(before.name, before.len, e->name, e->len))
			return 1;
	return 0;
}

/* Each target by itself; programs have no PATH to be looked for in that an
 * administrator would know. */
static void check_words(struct check *c, const struct alias_entry *e)
{
	struct alias_target t;
	size_t pos = e->from;
	const char *why;
	int r;

	while ((r = alias_target(&c->f, &pos, e->to, &t, &why)) > 0)
		if (t.kind == ALIAS_PROGRAM && *t.s != '/')
			complain(c, 0, aliasfile_error(&c->f, pos - 1,
				"the program needs an absolute path"));
	if (r < 0)
		complain(c, 0, why);
}

static void check_entry(struct check *c, const struct alias_entry *e)
{
	check_words(c, e);
	if (memchr(e->name, '@', e->len))
		complain(c, 0, aliasfile_error(&c->f, e->line_at, "an alias is a name without @"));
	else if (is_again(c, e))
		complain(c, 0, aliasfile_error(&c->f, e->line_at,
			"this name has an alias above, which is the one that counts"));
	else
		check_targets(c, e);
}

int newaliases_main(int argc, char **argv)
{
	struct alias_entry e;
	struct check c = { .name = argv[0], .said = BUF_HEAP(CONTROL_MAX) };
	const char *why;
	size_t pos = 0;
	int r;

	(void)argc;	/* sendmail's options mean nothing here */
	if (aliasfile_open(&c.f, &why) < 0) {
		complain(&c, 0, why);
		return SM_DATAERR;
	}
	while ((r = alias_next(&c.f, &pos, &e, &why)) != 0)
		if (r < 0)
			complain(&c, 0, why);
		else
			check_entry(&c, &e);
	aliasfile_close(&c.f);
	return c.said.len || c.said.full ? SM_DATAERR : SM_OK;
}
