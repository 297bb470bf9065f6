/* who.c: from the local part of an address to the user who owns the mailbox.
 *
 * First step of a local delivery, still with the rights of the runner. Asked in
 * this order: the aliases (divert.c), users/cdb (assign.c), and the passwd file as
 * the qmail family asks it: the whole local part, then ever shorter pieces that end
 * before a '-'; what nobody owns belongs to the user "alias".
 * Refuses: uid 0, a home that is missing or is not the user's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/control.h"
#include "../base/dir.h"
#include "../base/passwd.h"
#include "../base/text.h"
#include "assign.h"
#include "divert.h"
#include "who.h"

#define NAME_CAP 32	/* a name of 32 bytes or more is nobody's */

/* Mail for these must not bounce: what bounces to them has nowhere else to go. */
static const char keepers[] = "root\0postmaster\0mailer-daemon";

static int is_keeper(const char *local)
{
	static const struct buf list = { (char *)(uintptr_t)keepers, sizeof keepers,
		sizeof keepers, 0, 0, 0 };

	return control_has(&list, local, strlen(local));
}

static void fill(struct who *w, const struct user *u)
{
	memcpy(w->user, u->name, sizeof w->user);
	memcpy(w->home, u->home, sizeof w->home);
	w->uid = u->uid;
	w->gid = u->gid;
}

/* The home is not there, and where it should be is nothing at all: what belongs
 * there is not mounted. */
static int is_unmounted(const char *home)
{
	char path[sizeof ((struct user *)0)->home];
	struct dir d;
	size_t n;
	int r;

	memcpy(path, home, strlen(home) + 1);
	do {
		n = text_dir(path);
		path[n > 1 ? n - 1 : 1] = 0;
	} while ((r = dir_open(&d, AT_FDCWD, path)) < 0 && errno == ENOENT && n > 1);
	r = r == 0 && dir_next(&d) == 0;
	dir_close(&d);
	return r;
}

/* 1: the home is there and the user's own. 0: not, so this is no account that
 * takes mail. -1: the file system does not say (a server that is away, or that root
 * is nobody to). */
static int home_is_own(const struct user *u)
{
	struct stat st;

	if (u->home[0] != '/')
		return 0;
	if (stat(u->home, &st) == 0)
		return st.st_uid == u->uid;
	switch (errno) {
	case ENOENT:
		return -is_unmounted(u->home);
	case ENOTDIR: case ELOOP: case ENAMETOOLONG:
		return 0;
	case EACCES:	/* nobody but root can see more than passwd says */
		return geteuid() ? 1 : -1;
	}
	return -1;
}

/* The account of the first n bytes of local. 1, 0, -1 as who_find. */
static int account(struct who *w, const char *local, size_t n)
{
	char name[NAME_CAP];
	struct user u;
	size_t i;
	int r;

	if (!n || n >= sizeof name)
		return 0;
	for (i = 0; i < n; i++)
		name[i] = text_lower((unsigned char)local[i]);
	name[n] = 0;
	if ((r = passwd_name(&u, name)) != 1)
		return r;
	if (u.uid == 0)
		return 0;
	if ((r = home_is_own(&u)) == 1)
		fill(w, &u);
	return r;
}

static int find_alias(struct who *w, const char *local, const char **why)
{
	struct user u;
	int r = passwd_name(&u, "alias");

	w->dash = "-";
	w->ext = local;
	if (r == 1)
		fill(w, &u);
	else if (r == 0 && is_keeper(local)) {
		*why = "There is no user \"alias\" to take mail for root. (#4.3.5)";
		return -1;
	}
	return r;
}

int who_passwd(struct who *w, const char *local, const char **why)
{
	size_t n = strlen(local), dash;
	int r;

	w->dash = w->ext = "";
	while ((r = account(w, local, n)) == 0) {
		if ((dash = text_rchr(local, n, '-')) == n)
			return find_alias(w, local, why);
		n = dash;
		w->dash = "-";
		w->ext = local + n + 1;
	}
	return r;
}

/* Who an ordinary user is: passwd, but $HOME wins (a private set-up may live
 * anywhere) and $USER or $LOGNAME stand in where the uid has no line. */
static int myself(struct who *w, const char **why)
{
	struct user u = { .home = "" };
	const char *home = getenv("HOME");

	if (passwd_uid(&u, geteuid()) != 1 &&
		!text_copy(u.name, sizeof u.name, getenv("USER")) &&
		!text_copy(u.name, sizeof u.name, getenv("LOGNAME"))) {
		*why = "This uid has no name: set USER. (#4.3.5)";
		return -1;
	}
	if (home && *home == '/')
		text_copy(u.home, sizeof u.home, home);
	if (u.home[0] != '/') {
		*why = "This user has no home: set HOME. (#4.3.5)";
		return -1;
	}
	u.uid = geteuid();
	u.gid = getegid();
	fill(w, &u);
	return 1;
}

/* 1 when local is our name, case-blind, alone or with an extension. */
static int is_me(struct who *w, const char *local)
{
	size_t n = strlen(w->user);

	w->dash = w->ext = "";
	if (is_keeper(local))
		return 1;
	if (!text_casestarts(local, strlen(local), w->user) || (local[n] && local[n] != '-'))
		return 0;
	if (local[n]) {
		w->dash = "-";
		w->ext = local + n + 1;
	}
	return 1;
}

/* A stranger to us may be a user all the same. Bouncing his mail because the
 * runner was started by the wrong user would lose it. */
static int find_me(struct who *w, const char *local, const char **why)
{
	struct who other;
	const char *ignored;
	int r;

	if ((r = assign_find(w, local, why)) < 0 || (r > 0 && w->uid == geteuid()))
		return r;
	if (r == 0) {
		if ((r = myself(w, why)) != 1 || is_me(w, local))
			return r;
		if (who_passwd(&other, local, &ignored) == 0)
			return 0;
	}
	*why = "Only a qmta-send of root's can deliver to this user. (#4.3.5)";
	return -1;
}

static int find_any(struct who *w, const char *local, const char **why)
{
	int r = assign_find(w, local, why);

	return r ? r : who_passwd(w, local, why);
}

static int find_user(struct who *w, const char *local, const char **why)
{
	w->lines = w->owner = 0;
	w->self = 0;
	*why = "Unable to look up the user. (#4.3.0)";
	return geteuid() ? find_me(w, local, why) : find_any(w, local, why);
}

/* Who carries out the lines of an alias. 1, -1. */
static int find_carrier(struct who *w, const char *user, const char *local, const char **why)
{
	struct user u;
	int r;

	if (*user) {
		r = find_user(w, user, why);
		if (r < 0 || (r > 0 && !*w->dash))
			return r;
		*why = "An alias names a \\user whom this host does not have. (#4.3.5)";
		return -1;
	}
	if (geteuid()) {
		r = myself(w, why);
	} else if ((r = divert_user(&u)) == 1)
		fill(w, &u);
	w->dash = "-";
	w->ext = local;
	return r;
}

int who_find(struct who *w, const char *local, const char **why)
{
	static struct divert d;
	int r = divert_find(&d, local, why);

	if (r < 0)
		return r;
	*why = "Unable to look up the user. (#4.3.0)";
	r = d.lines ? find_carrier(w, d.user, local, why) :
		find_user(w, r ? d.user : local, why);
	w->lines = d.lines;
	w->self = d.lines && *d.user;
	w->owner = d.owner;
	if (r != 1 || w->uid)
		return r;
	*why = "Not allowed to perform deliveries as root. (#4.3.0)";
	return -1;
}
