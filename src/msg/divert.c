/* divert.c: makes delivery instructions of an alias, before anyone is asked who the
 * user is. Addresses become forwards, programs and files stay what they are, names
 * of this host become forwards to this host; but where a single name is all there
 * is ("root: pi"), it simply takes the place of the address, and no second message
 * is made. Included files belong to anybody: they are opened with the rights of
 * the user "alias", not with root's. */
#include <string.h>
#include <unistd.h>
#include "../base/buf.h"
#include "../base/proc.h"
#include "alias.h"
#include "divert.h"
#include "ours.h"

struct state {
	struct divert *d;
	struct buf lines;
	unsigned names, others;
	int self;
	const char *why;	/* 0, or what is wrong here rather than in the file */
};

int divert_user(struct user *u)
{
	int r = passwd_name(u, "alias");

	if (r)
		return r;
	if ((r = passwd_name(u, "nobody")) == 0) {
		memcpy(u->name, "nobody", 7);
		u->uid = u->gid = 65534;
	}
	memcpy(u->home, "/", 2);
	return r < 0 ? r : 1;
}

static int keep(struct state *x, const char *s, size_t n)
{
	return buf_text(x->d->user, sizeof x->d->user, "%.*s", (int)n, s);
}

static const char *own_host(struct state *x)
{
	x->why = ours_load() < 0 || !*ours_host() ?
		"Unable to read control/me or control/locals. (#4.3.0)" : 0;
	return x->why ? 0 : ours_host();
}

/* A name is written as "&name@host"; and kept, as it may be all there is. */
static int add_name(struct state *x, const char *s, size_t n)
{
	const char *host = own_host(x);

	if (!x->names++ && !x->self)
		keep(x, s, n);
	return host && buf_fmt(&x->lines, "&%.*s@%s\n", (int)n, s, host);
}

static int add_line(struct state *x, const char *first, const char *s, size_t n)
{
	x->others++;
	/* The classic way to throw mail away needs no lock. */
	if (!*first && n == 9 && !memcmp(s, "/dev/null", 9))
		first = "#";
	return buf_fmt(&x->lines, "%s%.*s\n", first, (int)n, s);
}

int divert_seem(void)
{
	struct user u;

	return geteuid() != 0 || (divert_user(&u) == 1 && u.uid &&
		proc_seem(u.uid, u.gid) == 0);
}

static int open_include(struct state *x)
{
	own_host(x);	/* while the control files can be read for certain */
	x->why = 0;
	if (divert_seem())
		return ALIAS_EXPAND;
	x->why = "Unable to open an included file as the alias user. (#4.3.0)";
	return ALIAS_STOP;
}

static int each(void *arg, enum alias_kind kind, const char *s, size_t n)
{
	struct state *x = arg;

	switch (kind) {
	case ALIAS_SELF:
		if (x->self)
			return add_name(x, s, n);
		x->self = 1;
		return keep(x, s, n);
	case ALIAS_AGAIN:	/* a message of its own, for whoever carries that one out */
		x->others++;
		/* fall through */
	case ALIAS_NAME:
		return add_name(x, s, n);
	case ALIAS_ADDR:
		return add_line(x, "&", s, n);
	case ALIAS_PROGRAM:
		return add_line(x, "|", s, n);
	case ALIAS_FILE:
		return add_line(x, "", s, n);
	case ALIAS_INCLUDE:
		break;
	}
	return open_include(x);
}

static int nothing(void *arg, enum alias_kind kind, const char *s, size_t n)
{
	(void)arg, (void)kind, (void)s, (void)n;
	return ALIAS_ON;
}

static int fail(const char **why, const char *text)
{
	static char words[500];

	*why = buf_text(words, sizeof words, "Alias: %s. (#4.3.5)", text) ? words : text;
	return -1;
}

/* If there is an alias owner-NAME, failures are its business. 1 / -1. */
static int find_owner(struct state *x, const char *local, const char **why)
{
	static char owner[ADDR_CAP + sizeof "owner-@" + 256];
	struct buf b = BUF_OVER(owner);
	const char *host;
	int r;

	buf_fmt(&b, "owner-%s", local);
	if ((r = alias_find(b.s, b.len, nothing, 0, why)) <= 0)
		return r < 0 ? fail(why, *why) : 1;
	if (!(host = own_host(x))) {
		*why = x->why;
		return -1;
	}
	buf_fmt(&b, "@%s", host);
	x->d->owner = buf_z(&b) ? owner : 0;
	return 1;
}

int divert_find(struct divert *d, const char *local, const char **why)
{
	static struct buf lines = BUF_HEAP(2 * CONTROL_MAX);
	struct state x = { .d = d };
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r;

	memset(d, 0, sizeof *d);
	buf_clear(&lines);
	x.lines = lines;
	r = alias_find(local, strlen(local), each, &x, why);
	lines = x.lines;
	if (geteuid() != uid && proc_seem(uid, gid) < 0)
		return fail(why, "unable to go back to the rights of before");
	if (r < 0 && x.why)
		*why = x.why;
	else if (r < 0)
		fail(why, *why);
	if (r <= 0 || (!x.self && x.names == 1 && !x.others) || !lines.len)
		return r;
	if (!x.self)
		*d->user = 0;
	d->lines = lines.s;
	return buf_z(&lines) ? find_owner(&x, local, why) : fail(why, "out of memory");
}
