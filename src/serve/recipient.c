/* recipient.c: is there somebody here who gets this mail? Asked by an ordinary user's
 * process, of the same files and in the same order as the delivery will ask them as root
 * (msg/who.c); what this user may not look into counts as there, because a mailbox that
 * exists must never be refused. Looks at names alone: nothing of a user's is opened. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "../base/near.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../limits.h"
#include "../msg/admin.h"
#include "../msg/alias.h"
#include "../msg/assign.h"
#include "../msg/dotqmail.h"
#include "../msg/rewrite.h"
#include "../msg/who.h"
#include "lists.h"
#include "recipient.h"

static NEAR_SET struct buf list = BUF_HEAP(CONTROL_MAX);

/* Is "user" and "@host", either of them perhaps empty, a line of control/recipients, which
 * is in list (there 1) or is missing (0), or of its .cdb? LIST_ABSENT: there is neither. */
static enum list_answer has_key(int there, const char *user, size_t n, const char *host, size_t m)
{
	char key[2 * ADDR_CAP];
	struct buf b = BUF_OVER(key);
	enum list_answer r;

	buf_put(&b, user, n);
	buf_put(&b, host, m);
	text_make_lower(key, b.len);
	r = list_cdb("recipients", key, b.len);
	if (!there || r == LIST_ERROR || r == LIST_YES)
		return r;
	return control_has(&list, key, b.len) ? LIST_YES : LIST_NO;
}

/* By those files: the host, or the user, here or there, by ever shorter names: extensions
 * are the user's. */
static enum list_answer by_list(const char *addr, size_t n)
{
	size_t at = text_rchr(addr, n, '@'), user = at, was;
	int there = control_list(&list, "recipients");
	enum list_answer r;

	if (there < 0)
		return LIST_ERROR;
	r = has_key(there, addr, 0, addr + at, n - at);
	for (was = n; r == LIST_NO && user < was; user = text_rchr(addr, user, '-')) {
		r = has_key(there, addr, user, addr + at, n - at);
		if (r == LIST_NO)
			r = has_key(there, addr, user, "", 0);
		was = user;
	}
	return r;
}

/* ---- by what local delivery knows ---- */

static int ignore(void *arg, enum alias_kind kind, const char *s, size_t n)
{
	(void)arg, (void)kind, (void)s, (void)n;
	return ALIAS_ON;
}

/* Has the user instructions for what follows his name? 1 yes, or his home is closed to
 * us; 0. */
static int has_extension(const struct who *w)
{
	int here, r = 1, root = !geteuid();

	if (!*w->dash || !w->uid)
		return 1;
	here = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Not with root's eyes: what a user points to with a link may not be his. */
	if (here >= 0 && (!root || proc_seem(w->uid, w->gid) == 0) && chdir(w->home) == 0)
		r = dot_has(w->dash, w->ext) != 0;
	if (root && proc_seem(0, getgid()) < 0)
		r = 1;
	if (here >= 0 && fchdir(here) == 0)
		close(here);
	return r;
}

/* May this uid be the owner of a queue of his own, who is asked for by name? */
static int has_name(void)
{
	struct user u;

	return passwd_uid(&u, geteuid()) != 0 || getenv("USER") || getenv("LOGNAME");
}

static int by_user(const char *local, const char **why)
{
	struct who w;
	int r, mine;

	if ((r = alias_find(local, strlen(local), ignore, 0, why)) != 0)
		return r;
	/* A runner of an ordinary user's own delivers to him alone, whatever passwd says. */
	mine = geteuid() ? who_find(&w, local, why) : 0;
	if (mine == 1)
		return has_extension(&w);
	if ((r = assign_find(&w, local, why)) == 0) {
		*why = "unable to look up the user";
		r = who_passwd(&w, local, why);
	}
	/* It may be he himself, and just now nobody could tell. */
	if (!r && mine < 0 && has_name())
		return -1;
	return r > 0 ? has_extension(&w) : r;
}

/* ---- by what control files say ---- */

/* Mail of these must not be lost, and RFC 5321 4.5.1 wants the first. */
static int is_keeper(const char *s, size_t n)
{
	return text_index("postmaster\0mailer-daemon\0", s, n) != 0;
}

/* addr is a C string at a local host. */
static int at_local(const char *addr, size_t n, const char **why)
{
	char local[ADDR_CAP];
	size_t at = text_rchr(addr, n, '@');
	enum list_answer r;

	if (is_keeper(addr, at))
		return 1;
	if ((r = by_list(addr, n)) != LIST_ABSENT) {
		*why = "unable to read control/recipients";
		return r;
	}
	if (!CFG_LOCAL || !buf_text(local, sizeof local, "%.*s", (int)at, addr))
		return 1;
	*why = "unable to read control/adminaddr or the aliases";
	buf_clear(&list);
	if (admin_load() < 0 || (r = admin_expand(&list, addr, n, 0, ADMIN_REST)) < 0)
		return -1;
	return r ? 1 : by_user(local, why);
}

/* addr is a virtual one, whose mail goes to the users that begin with v and a dash. */
static int at_virtual(const char *v, const char *addr, size_t n, const char **why)
{
	char local[2 * ADDR_CAP];

	if (!CFG_LOCAL || !buf_text(local, sizeof local, "%s-%.*s", v,
		(int)text_rchr(addr, n, '@'), addr))
		return 1;
	return by_user(local, why);
}

int recipient_known(struct buf *addr, const char **why)
{
	size_t n = addr->len;
	const char *dom, *v;
	int r;

	if (!memchr(addr->s, '@', n) || !buf_z(addr))
		return 1;
	*why = "unable to read control/locals, percenthack or virtualdomains";
	if ((r = control_list(&list, "percenthack")) < 0)
		return -1;
	if (r)
		n = rewrite_percent(&list, addr->s, n);
	dom = addr->s + text_rchr(addr->s, n, '@') + 1;
	if ((r = rewrite_locals(&list)) < 0)
		return -1;
	if (!r && control_has(&list, dom, strlen(dom)))
		return at_local(addr->s, n, why);
	if ((r = control_list(&list, "virtualdomains")) < 0)
		return -1;
	v = r ? rewrite_virtual(&list, addr->s, n, dom) : 0;
	return v && *v ? at_virtual(v, addr->s, n, why) : 1;
}
