/* who.c: whose mailbox an address is, with a passwd file, aliases and a users/cdb of
 * our own. */
#include <fcntl.h>
#include "../../src/base/cdbmake.h"
#include "../../src/msg/who.c"
#include "../../src/msg/ours.h"
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

void passwd_worker(struct user *u, uid_t owner, gid_t group)
{
	u->uid = owner;
	u->gid = group;
}

int group_name(gid_t *gid, const char *name)
{
	(void)gid;
	(void)name;
	return 0;
}

static const char *in_top(const char *name)
{
	static char path[2][100];
	static int i;

	i = !i;
	snprintf(path[i], sizeof path[i], "%s/%s", top, name);
	return path[i];
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
	if (who_passwd(w, local, &why) != 1) {
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

	ok(who_passwd(&w, "joe", &why) == 0, "nobody there");
	ok(who_passwd(&w, "Root", &why) == -1 && strstr(why, "alias"),
		"root without a user alias waits");
	add("joe", uid, 1);
	add("joe-list", uid, 1);
	add("root", 0, 1);
	add("away", uid, 0);
	add("robbed", uid, -1);
	add("thirty-one-bytes-thirty-one-byt", uid, 1);
	add("thirty-two-bytes-thirty-two-byte", uid, 1);
	ok(who_passwd(&w, "nobody", &why) == 0, "no such user and no alias");
	ok(who_passwd(&w, "away", &why) == 0, "home is missing");
	ok(who_passwd(&w, "robbed", &why) == 0, "home is another's");
	mkdir(in_top("mnt"), 0755);
	add("mnt/home/kim", uid, 0);
	strcpy(table[users - 1].name, "kim");
	ok(who_passwd(&w, "kim-x", &why) == -1, "home is below an empty directory: not mounted");
	mkdir(in_top("mnt/x"), 0755);
	ok(who_passwd(&w, "kim-x", &why) == 0, "home is missing below one that is not");
	users--;
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
	ok(who_passwd(&w, "joe", &why) == -1, "unreadable passwd is later");
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

/* ---- users/cdb and aliases ---- */

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_top(name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
}

static struct cdbmake cdb;

static void put(const char *key, size_t n, const char *user, uid_t uid, const char *rest)
{
	char data[300];
	struct buf b = BUF_OVER(data);

	buf_fmt(&b, "%s%c%u%c%u%c%s", user, 0, uid, 0, 7, 0, top);
	buf_putc(&b, 0);
	buf_puts(&b, rest);		/* dash, NUL, ext; ext is apart */
	buf_putc(&b, 0);
	buf_puts(&b, rest + strlen(rest) + 1);
	cdbmake_add(&cdb, key, n, data, b.len);
}

static int cdb_file(int begin)
{
	static int fd;

	if (begin) {
		mkdir(in_top("users"), 0755);
		fd = open(in_top("users/cdb"), O_RDWR | O_CREAT | O_TRUNC, 0644);
		return cdbmake_start(&cdb, fd);
	}
	if (cdbmake_end(&cdb) < 0)
		return -1;
	return close(fd);
}

typedef int finder(struct who *w, const char *local, const char **why);

/* As found(), by any finder; user "" for nobody, "!words" for later with the words. */
static void expect(finder *by, const char *local, const char *user, const char *dash,
	const char *ext)
{
	struct who w;
	const char *why = "";
	int r, good;

	memset(&w, 0, sizeof w);
	r = by(&w, local, &why);
	if (*user == '!')
		good = r == -1 && strstr(why, user + 1);
	else if (!*user)
		good = r == 0;
	else
		good = r == 1 && !strcmp(w.user, user) && !strcmp(w.dash, dash) &&
			!strcmp(w.ext, ext);
	ok(good, "%s is %s %s%s", local, *user ? user : "nobody", dash, ext);
	if (!good)
		printf("# got %d %s: %s,%s,%s\n", r, why, w.user, w.dash ? w.dash : "",
			w.ext ? w.ext : "");
}

static void assigned(uid_t uid)
{
	struct who w;
	const char *why;
	FILE *f;

	users = 0;
	expect(find_any, "joe", "", "", "");
	cdb_file(1);
	put("!joe", 5, "joe", uid, "\0\0");
	put("!joe-", 5, "list", uid, "-\0pre.\0");
	put("!root", 6, "toor", 0, "\0\0");
	put("!short", 7, "", uid, "\0\0");
	cdbmake_add(&cdb, "!torn", 6, "torn\0000\0", 7);
	cdbmake_add(&cdb, "!letters", 9, "u\0x\0001\0/\0\0", 10);
	cdbmake_add(&cdb, "!rel", 5, "u\0001\0001\0home\0\0", 12);
	cdbmake_add(&cdb, "", 0, "-", 1);
	cdb_file(0);
	expect(find_any, "joe", "joe", "", "");
	expect(find_any, "JOE", "joe", "", "");
	expect(find_any, "Joe-Ann.X-b", "list", "-", "pre.Ann.X-b");
	expect(find_any, "joe-", "list", "-", "pre.");
	expect(find_any, "joey", "", "", "");
	expect(find_any, "short", "!no sense", "", "");
	expect(find_any, "torn", "!no sense", "", "");
	expect(find_any, "letters", "!no sense", "", "");
	expect(find_any, "rel", "!no sense", "", "");
	expect(find_any, "root", "toor", "", "");
	memset(&w, 0, sizeof w);
	ok(who_find(&w, "root", &why) == -1 && strstr(why, geteuid() ? "Only" : "as root"),
		"(74) uid 0 of users/cdb is never an answer: %s", why);
	add("joe", uid, 1);
	add("nina", uid, 1);
	expect(find_any, "nina", "nina", "", "");
	expect(find_any, "joe", "joe", "", "");
	cdb_file(1);
	put("!joe", 5, "joe", uid, "\0\0");
	cdb_file(0);
	expect(find_any, "nina", "!qmail-newu", "", "");
	cdb_file(1);
	put("!", 1, "all", uid, "-\0\0");
	put("!joe-", 5, "list", uid, "-\0\0");
	cdbmake_add(&cdb, "", 0, "-", 1);
	cdb_file(0);
	expect(find_any, "nina", "all", "-", "nina");
	expect(find_any, "joe", "all", "-", "joe");
	expect(find_any, "joe-x", "list", "-", "x");
	expect(find_me, "nina", geteuid() && uid == geteuid() ? "all" : "!Only", "-", "nina");
	if (!(f = fopen(in_top("users/cdb"), "w")) || fputs("not a cdb", f) < 0 || fclose(f))
		exit(1);
	expect(find_any, "nina", "!qmail-newu", "", "");
	if (unlink(in_top("users/cdb")))
		exit(1);
	expect(find_any, "nina", "nina", "", "");
}

/* What the alias makes of local: "user|dash|self|lines", a newline shown as ; */
static void diverts(const char *local, const char *want)
{
	char got[1000];
	struct who w;
	const char *why = "";
	char *s;
	int r;

	ours_forget();	/* the files may be others since the last time */
	memset(&w, 0, sizeof w);
	r = who_find(&w, local, &why);
	if (r == 1)
		snprintf(got, sizeof got, "%s|%s|%s|%s%s%s", w.user, w.dash, w.self ? "self" : "",
			w.lines ? w.lines : "", w.owner ? "|" : "", w.owner ? w.owner : "");
	else
		snprintf(got, sizeof got, "%d %s", r, r ? why : "");
	for (s = got; *s; s++)
		if (*s == '\n')
			*s = ';';
	ok(!strcmp(got, want) || (*want == '*' && strstr(got, want + 1)), "%s: %s", local, want);
	if (strcmp(got, want))
		printf("# got %s\n", got);
}

static void aliased(uid_t uid)
{
	char want[100], own[40];
	const char *me = geteuid() ? "pi" : "nobody";

	users = 0;
	rmdir(in_top("pi"));
	add("pi", uid, 1);
	setenv("USER", "pi", 1);
	write_file("me", "board.example.net\n");
	write_file("aliases", "root: pi\npostmaster: root\nann: ann@example.net\n"
		"pi: pi, far@example.net\nself: \\pi\nall: pi-x, ann, other\n"
		"prog: |/bin/cat, /tmp/mbox, /tmp/dir/\nnull: /dev/null\n"
		"gone: \\stranger, a@b\next: \\pi-x, a@b\nbad: a b\n"
		"both: \\pi, \\ann\nowner-list: pi\nlist: a@b, c@d\n"
		"inc: :include:/nonexistent/list\nmissing: stranger\n"
		"single: pi-tag\n");
	diverts("ROOT", "pi||self|&far@example.net;");
	diverts("postmaster", "pi||self|&far@example.net;");
	diverts("self", "pi|||");
	diverts("single", "pi|-||");
	snprintf(want, sizeof want, "%s|-||&ann@example.net;", me);
	diverts("ann", want);
	snprintf(want, sizeof want, "%s|-||&pi-x@board.example.net;&ann@example.net;"
		"&other@board.example.net;", me);
	diverts("all", want);
	write_file("locals", "example.com\nexample.org\n");
	snprintf(want, sizeof want, "%s|-||&pi-x@example.com;&ann@example.net;"
		"&other@example.com;", me);
	diverts("all", want);
	write_file("locals", "example.com\nBOARD.example.net\n");
	diverts("both", "pi||self|&ann@board.example.net;");
	snprintf(want, sizeof want, "%s|-||||/bin/cat;/tmp/mbox;/tmp/dir/;", me);
	memmove(strstr(want, "||||") + 2, strstr(want, "||||") + 3, strlen(strstr(want, "||||") + 2));
	diverts("prog", want);
	snprintf(want, sizeof want, "%s|-||#/dev/null;", me);
	diverts("null", want);
	snprintf(want, sizeof want, "%s|-||&a@b;&c@d;|owner-list@board.example.net", me);
	diverts("list", want);
	diverts("gone", "*\\user whom");
	diverts("ext", "*\\user whom");
	diverts("bad", "*aliases, line 11: a target with blanks");
	diverts("inc", "*nonexistent/list: No such file");
	diverts("missing", "0 ");
	diverts("stranger", "0 ");
	diverts("pi-x", "pi|-||");
	if (geteuid() == 0) {
		add("alias", uid, 1);
		diverts("ann", "alias|-||&ann@example.net;");
		diverts("stranger", "alias|-||");
		snprintf(own, sizeof own, "inc: :include:%s\n", in_top("l"));
		write_file("aliases", own);
		write_file("l", "a@example.net\n");
		chmod(top, 0755);
		diverts("inc", "alias|-||&a@example.net;");
		ok(geteuid() == 0 && getegid() == 0, "root again");
		chmod(in_top("l"), 0600);
		diverts("inc", "*Permission denied");
		ok(geteuid() == 0 && getegid() == 0, "root again after an error");
		table[users - 1].uid = 0;
		write_file("aliases", "ann: ann@example.net\n");
		diverts("ann", "-1 Not allowed to perform deliveries as root. (#4.3.0)");
		diverts("nobody-here", "-1 Not allowed to perform deliveries as root. (#4.3.0)");
	}
	write_file("me", "");
	write_file("aliases", "ann: b, c\n");
	diverts("ann", "*control/me");
	write_file("aliases", "");
	diverts("pi", "pi|||");
}

int main(void)
{
	uid_t uid = geteuid() ? geteuid() : 54321;
	char cmd[100];

	if (!mkdtemp(top))
		return 1;
	setenv("CONTROLDIR", top, 1);
	setenv("ASSIGNDIR", in_top("users"), 1);
	setenv("HOME", top, 1);
	setenv("USER", "pi", 1);
	write_file("aliases", "");	/* nobody else's */
	system_users(uid);
	ordinary_user();
	assigned(uid);
	aliased(uid);
	snprintf(cmd, sizeof cmd, "rm -rf %s", top);
	return system(cmd) ? 1 : done();
}
