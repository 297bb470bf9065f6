/* who.c: whose mailbox an address is, with a passwd file of our own. */
#include "../../src/deliver/who.c"
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-who.XXXXXX";
static struct user table[16];
static int users, broken, nameless;

int passwd_name(struct user *u, const char *name)
{
	int i;

	if (broken)
		return -1;
	for (i = 0; i < users; i++)
		if (!strcmp(table[i].name, name)) {
			*u = table[i];
			return 1;
		}
	return 0;
}

int passwd_uid(struct user *u, uid_t uid)
{
	int i;

	for (i = 0; i < users && !nameless; i++)
		if (table[i].uid == uid) {
			*u = table[i];
			return 1;
		}
	return 0;
}

int group_name(gid_t *gid, const char *name)
{
	(void)gid;
	(void)name;
	return 0;
}

/* own: 1 the home is the user's, 0 it is not there, -1 it is another's. */
static void add(const char *name, uid_t uid, int own)
{
	struct user *u = &table[users++];

	snprintf(u->name, sizeof u->name, "%s", name);
	snprintf(u->home, sizeof u->home, "%s/%s", top, name);
	u->uid = u->gid = uid;
	if (own && mkdir(u->home, 0755) == 0 && geteuid() == 0 &&
		chown(u->home, own > 0 ? uid : uid + 1, uid) < 0)
		ok(0, "chown");
	if (own < 0 && geteuid())
		u->uid++;
}

static int found(struct who *w, const char *local, const char *user,
	const char *dash, const char *ext)
{
	const char *why = "";

	memset(w, 0, sizeof *w);
	if (find_any(w, local, &why) != 1) {
		printf("# %s: nobody: %s\n", local, why);
		return 0;
	}
	if (!strcmp(w->user, user) && !strcmp(w->dash, dash) && !strcmp(w->ext, ext))
		return 1;
	printf("# %s: %s,%s,%s\n", local, w->user, w->dash, w->ext);
	return 0;
}

static void system_users(uid_t uid)
{
	char dashes[1001];
	struct who w;
	const char *why = "";

	ok(find_any(&w, "joe", &why) == 0, "nobody there");
	ok(find_any(&w, "Root", &why) == -1 && strstr(why, "alias"),
		"root without a user alias waits");
	add("joe", uid, 1);
	add("joe-list", uid, 1);
	add("root", 0, 1);
	add("away", uid, 0);
	add("robbed", uid, -1);
	add("thirty-one-bytes-thirty-one-byt", uid, 1);
	add("thirty-two-bytes-thirty-two-byte", uid, 1);
	ok(find_any(&w, "nobody", &why) == 0, "no such user and no alias");
	ok(find_any(&w, "away", &why) == 0, "home is missing");
	ok(find_any(&w, "robbed", &why) == 0, "home is another's");
	add("alias", uid, 1);
	ok(found(&w, "joe", "joe", "", "") && w.uid == uid, "whole local part");
	ok(found(&w, "JOE", "joe", "", ""), "lowercased");
	ok(found(&w, "joe-x", "joe", "-", "x"), "extension");
	ok(found(&w, "Joe-X.y-Z", "joe", "-", "X.y-Z"), "extension keeps its case");
	ok(found(&w, "joe-list-x", "joe-list", "-", "x"), "longest first");
	ok(found(&w, "joe-lis", "joe", "-", "lis"), "not a prefix without a dash");
	ok(found(&w, "joe-", "joe", "-", ""), "empty extension");
	ok(found(&w, "-joe", "alias", "-", "-joe"), "leading dash is no user");
	ok(found(&w, "joey", "alias", "-", "joey"), "joey is not joe");
	ok(found(&w, "root", "alias", "-", "root"), "root is the alias user's");
	ok(found(&w, "away-x", "alias", "-", "away-x"), "missing home goes to alias");
	ok(found(&w, table[5].name, table[5].name, "", ""), "31 bytes are a user");
	ok(found(&w, table[6].name, "alias", "-", table[6].name), "32 bytes are not");
	memset(dashes, '-', sizeof dashes - 1);
	dashes[1000] = 0;
	ok(found(&w, dashes, "alias", "-", dashes), "a thousand dashes");
	nameless = 1;
	users--;
	ok(find_me(&w, "nobody", &why) == 0, "an unknown one is unknown");
	users++;
	ok(find_me(&w, "joe-x", &why) == -1 && strstr(why, "root"),
		"an ordinary user cannot deliver to another");
	nameless = 0;
	broken = 1;
	ok(find_any(&w, "joe", &why) == -1, "unreadable passwd is later");
	broken = 0;
}

static void ordinary_user(void)
{
	struct who w;
	const char *why = "";

	users = 0;
	setenv("HOME", top, 1);
	setenv("USER", "pi", 1);
	ok(find_me(&w, "pi", &why) == 1 && !*w.dash && !strcmp(w.home, top) &&
		w.uid == geteuid(), "name from USER, home from HOME");
	ok(find_me(&w, "PI-a-b", &why) == 1 && !strcmp(w.dash, "-") &&
		!strcmp(w.ext, "a-b"), "extension of oneself");
	ok(find_me(&w, "postmaster", &why) == 1 && !*w.dash, "postmaster comes here");
	ok(find_me(&w, "MAILER-DAEMON", &why) == 1, "mailer-daemon comes here");
	ok(find_me(&w, "pia", &why) == 0, "another name does not");
	ok(find_me(&w, "p", &why) == 0, "nor a shorter one");
	ok(find_me(&w, "alias", &why) == 0, "nor alias");
	unsetenv("USER");
	setenv("LOGNAME", "po", 1);
	ok(find_me(&w, "po", &why) == 1, "LOGNAME stands in for USER");
	unsetenv("LOGNAME");
	ok(find_me(&w, "po", &why) == -1 && strstr(why, "USER"), "no name is later");
	setenv("HOME", "relative", 1);
	setenv("USER", "pi", 1);
	ok(find_me(&w, "pi", &why) == -1 && strstr(why, "HOME"), "no home is later");
	add("pi", geteuid(), 1);
	ok(find_me(&w, "pi", &why) == 1 && !strcmp(w.home, table[0].home),
		"home from passwd");
	setenv("USER", "mallory", 1);
	ok(find_me(&w, "mallory", &why) == 0, "passwd goes before USER");
}

int main(void)
{
	uid_t uid = geteuid() ? geteuid() : 54321;
	char cmd[100];

	if (!mkdtemp(top))
		return 1;
	setenv("HOME", top, 1);
	setenv("USER", "pi", 1);
	system_users(uid);
	ordinary_user();
	snprintf(cmd, sizeof cmd, "rm -rf %s", top);
	return system(cmd) ? 1 : done();
}
