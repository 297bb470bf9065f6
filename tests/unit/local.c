/* local.c, maildir.c, letter.c: whole local deliveries by a worker in a process
 * of its own, with a passwd file of ours. Called as `local MESSAGE SENDER
 * RECIPIENT` it is the driver of tests/sh/local.t: one delivery as the caller,
 * whose name is "pi" and whose home is $HOME. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "../../src/deliver/local.c"
#include "../../src/base/clock.h"
#include "../../src/base/passwd.h"
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-local.XXXXXX";
static uid_t pi = 54321;	/* who we are when we may choose */
static uid_t alias = 54323;
static int have_alias;
static char file_text[1 << 16];

int passwd_name(struct user *u, const char *name)
{
	const struct { const char *name; uid_t uid; } t[] = {
		{ "joe", 54322 }, { "alias", alias } };
	size_t i, n = have_alias ? 2 : 1;

	memset(u, 0, sizeof *u);
	for (i = 0; i < n; i++)
		if (!strcmp(t[i].name, name)) {
			snprintf(u->name, sizeof u->name, "%s", name);
			snprintf(u->home, sizeof u->home, "%.40s/%s", top, name);
			u->uid = u->gid = t[i].uid;
			return 1;
		}
	return 0;
}

int passwd_uid(struct user *u, uid_t uid)
{
	memset(u, 0, sizeof *u);
	snprintf(u->name, sizeof u->name, "pi");
	u->uid = u->gid = uid;
	return 1;
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

/* One delivery; as root only when `root`. The answer's letter, 0 when the worker
 * died; its text in say. */
static char say[REPORT_MAX + 1];
static rlim_t file_limit;

static int hear(int sock, struct answer *a, void *room)
{
	return io_wait(sock, POLLIN, clock_mono() + 60000) == 1 ? answer_recv(sock, a, room) : -1;
}

static unsigned missing;	/* bytes that the message should have and has not */

static char deliver(const char *message, const char *sender, const char *rcpt,
	const char *dflt, int root)
{
	static union { char s[ANSWER_PACKET]; uint32_t align; } room;
	struct job job = { .serial = 77, .n = 1, .sender = sender, .rcpt = rcpt,
		.route = "", .list = -1, .msg = open(message, O_RDONLY | O_CLOEXEC) };
	struct worker w = { .kind = 'L', .tcpto = -1, .job = &job, .defaultdelivery = dflt };
	struct rlimit lim = { file_limit, file_limit };
	struct answer a = { 0 };
	int pair[2], r;
	pid_t pid;

	struct stat st = { 0 };

	if (pass_pair(pair) < 0)
		return 0;
	fstat(job.msg, &st);
	job.size = (uint64_t)st.st_size + missing;
	w.sock = pair[1];
	if ((pid = fork()) == 0) {
		if (file_limit)
			setrlimit(RLIMIT_FSIZE, &lim);
		if (!root && geteuid() == 0 && proc_become(pi, pi) < 0)
			_exit(1);
		local_worker(&w);
	}
	close(pair[1]);
	close(job.msg);
	r = hear(pair[0], &a, &room);
	/* Mail to forward: the runner has nobody who takes it. */
	if (r == 1 && a.letter == 'F' && a.serial == 77 && pass_send(pair[0], "F", 1, 0, 0) == 0)
		r = hear(pair[0], &a, &room);
	snprintf(say, sizeof say, "%.*s", r == 1 ? (int)a.len : 0, r == 1 ? a.text : "");
	if (r == 1 && (a.serial != 77 || hear(pair[0], &a, &room) != 0))
		r = 0;
	close(pair[0]);
	proc_wait(pid);
	return r == 1 ? a.letter : 0;
}

/* Files in the directory; the last one's text in file_text. */
static int count(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[600];
	int n = 0, fd;
	ssize_t r;

	while (d && (e = readdir(d)))
		if (*e->d_name != '.') {
			snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
			fd = open(path, O_RDONLY);
			r = read(fd, file_text, sizeof file_text - 1);
			file_text[r < 0 ? 0 : r] = 0;
			close(fd);
			n++;
		}
	if (d)
		closedir(d);
	return d ? n : -1;
}

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
		fchmod(fd, mode) < 0)
		ok(0, "writing %s", name);
	close(fd);
	if (geteuid() == 0 && chown(name, pi, pi) < 0)
		ok(0, "chown");
}

static void fate(char got, char want, const char *words, const char *name)
{
	ok(got == want && strstr(say, words), "%s", name);
	if (got != want || !strstr(say, words))
		printf("# %c %s\n", got ? got : '-', say);
}

/* A message into m: a header with n lines of `line`, a body. */
static void message(const char *line, int n, const char *body)
{
	static char text[1 << 16];
	size_t k = 0;

	while (n--)
		k += (size_t)snprintf(text + k, sizeof text - k, "%s\n", line);
	snprintf(text + k, sizeof text - k, "Subject: x\n\n%s", body);
	put("m", text, 0644);
}

static void maildir(void)
{
	struct stat st;
	char path[700];
	DIR *d;
	struct dirent *e;

	message("X: y", 1, "body\n.\nFrom x\nlast line without LF");
	fate(deliver("m", "s@example.net", "pi@Host.example", 0, 0), 'K', "did 1+0+0",
		"first delivery makes ~/Maildir");
	ok(count("home/Maildir/new") == 1 && count("home/Maildir/tmp") == 0 &&
		count("home/Maildir/cur") == 0, "one file in new, none in tmp and cur");
	ok(!strcmp(file_text, "Return-Path: <s@example.net>\n"
		"Delivered-To: pi@Host.example\nX: y\nSubject: x\n\n"
		"body\n.\nFrom x\nlast line without LF"), "lines on top, the rest unchanged");
	ok(stat("home/Maildir", &st) == 0 && (st.st_mode & 07777) == 0700, "Maildir is 0700");
	ok(count("home") == 1, "nothing else in the home");
	d = opendir("home/Maildir/new");
	while (d && (e = readdir(d)))
		if (*e->d_name != '.') {
			snprintf(path, sizeof path, "home/Maildir/new/%s", e->d_name);
			ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "file is 0600");
			ok(!strpbrk(e->d_name, ":") && strstr(e->d_name, ".M") &&
				strstr(e->d_name, "\\057x\\072"), "name: %s", e->d_name);
		}
	if (d)
		closedir(d);
	fate(deliver("m", "", "postmaster@h", "./Maildir/", 0), 'K', "did", "null sender");
	ok(count("home/Maildir/new") == 2, "second file");
	fate(deliver("m", "a\nb c@d\r", "pi@h\ni", 0, 0), 'K', "did", "LF in addresses");
	ok(count("home/Maildir/new") == 3, "third file");
	fate(deliver("m", "#@[]", "pi@h", "#no\n./A/\n./B/\n", 0), 'K', "did 2+0+0",
		"default of two maildirs");
	ok(count("home/A/new") == 1 && count("home/B/new") == 1 &&
		strstr(file_text, "Return-Path: <#@[]>\n"), "both have it");
}

/* Every new file's head lines must be exactly two and hold no control byte. */
static void heads(void)
{
	put("home/.qmail", "./H/\n", 0600);
	fate(deliver("m", "a\nX-Evil: b@c", "pi@h\nX-Evil: y", 0, 0), 'Z', "chdir",
		"a maildir of .qmail is not made");
	ok(mkdir("home/H", 0755) == 0 && mkdir("home/H/new", 0755) == 0, "mkdir");
	if (geteuid() == 0)
		ok(chown("home/H", pi, pi) == 0 && chown("home/H/new", pi, pi) == 0, "chown");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "tmp or new is missing", "no tmp");
	ok(mkdir("home/H/tmp", 0755) == 0 &&
		(geteuid() || chown("home/H/tmp", pi, pi) == 0), "mkdir");
	fate(deliver("m", "a\nX-Evil: b@c", "pi@h\nX-Evil: y", 0, 0), 'K', "did", "hostile addresses");
	ok(count("home/H/new") == 1 && !strncmp(file_text, "Return-Path: <", 14) &&
		!strstr(file_text, "\nX-Evil") && strstr(file_text, "Delivered-To: pi@h_X-Evil: y\n"),
		"no line of theirs is made");
	unlink("home/.qmail");
}

static void names(void)
{
	char ext[ADDR_MAX];

	message("X: y", 1, "b\n");
	fate(deliver("m", "a@b", "@h", 0, 0), 'K', "", "(72) empty local part: success");
	ok(!*say && count("home/Maildir/new") == 3, "(72) and nothing delivered");
	fate(deliver("m", "a@b", "pi", 0, 0), 'D', "#5.1.3", "no @");
	mkdir("joe", 0755);
	ok(geteuid() || chown("joe", 54322, 54322) == 0, "home of another user");
	fate(deliver("m", "a@b", "joe-x@h", 0, 0), geteuid() ? 'D' : 'Z', "#", "his mail waits");
	ok(rmdir("joe") == 0, "his home is gone");
	fate(deliver("m", "a@b", "joe@h", 0, 0), 'D', "#5.1.1", "nobody of that name");
	fate(deliver("m", "a@b", "pi-x@h", 0, 0), 'D', "#5.1.1", "extension without a file");
	ok(system("rm -f home/A/new/*") == 0, "A emptied");
	put("home/.qmail-x", "./A/\n", 0600);
	fate(deliver("m", "a@b", "pi-x@h", 0, 0), 'K', "did", "extension with a file");
	ok(count("home/A/new") == 1 && strstr(file_text, "Delivered-To: pi-x@h\n"), "is there");
	put("home/.qmail-y", "./A/\n./mbox\n", 0600);
	fate(deliver("m", "a@b", "pi-y@h", 0, 0), 'K', "did 2+0+0", "mbox line");
	ok(!access("home/mbox", F_OK) && unlink("home/mbox") == 0, "is there");
	put("home/.qmail-y", "./A/\n|cat\n", 0600);
	fate(deliver("m", "a@b", "pi-y@h", 0, 0), 'K', "b\ndid 1+0+1", "program line");
	put("home/.qmail-y", "&x@y\n./A/\n", 0600);
	fate(deliver("m", "a@b", "pi-y@h", 0, 0), 'Z',
		"Unable to forward message: nobody there", "forward line, and no hand-in");
	ok(count("home/A/new") == 4, "the lines below have been carried out");
	put("home/.qmail-y", "./A/\n+list\n|true\n", 0600);
	fate(deliver("m", "a@b", "pi-y@h", 0, 0), 'Z', "forwarding only", "a line in error");
	ok(count("home/A/new") == 4, "and those above it have not");
	unlink("home/.qmail-y");
	memset(ext, 'x', sizeof ext);
	memcpy(ext, "pi-", 3);
	memcpy(ext + sizeof ext - 3, "@h", 3);
	fate(deliver("m", "a@b", ext, 0, 0), 'D', "#5.1.1", "the longest address");
}

static void loops(void)
{
	message("Delivered-To: pi@host.example", 1, "x\n");
	fate(deliver("m", "a@b", "pi@HOST.example", 0, 0), 'D', "#5.4.6", "own Delivered-To");
	fate(deliver("m", "a@b", "pi-x@host.example", 0, 0), 'K', "", "another extension");
	message("delivered-to:pi@host.example \t", 1, "x\n");
	fate(deliver("m", "a@b", "pi@host.example", 0, 0), 'D', "#5.4.6", "spelt otherwise");
	message("Delivered-To: PI@host.example", 1, "x\n");
	fate(deliver("m", "a@b", "pi@host.example", 0, 0), 'K', "", "case of the local part");
	message("X: y", 1, "Delivered-To: pi@h\n");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'K', "", "the same line in the body");
	message("Received: x", HOPS_MAX, "x\n");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'K', "", "as many hops as allowed");
	message("Received: x", HOPS_MAX + 1, "x\n");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'D', "#5.4.6", "one more");
}

static void home(void)
{
	message("X: y", 1, "x\n");
	chmod("home", 0777);
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "writable", "home 777");
	chmod("home", 01755);
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "sticky", "home 1755");
	chmod("home", 0775);
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'K', "", "home 775");
	chmod("home", 0755);
	rename("home", "house");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "Unable to switch", "home is away");
	rename("house", "home");
	chmod("home/Maildir/new", 0500);
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "permission", "new/ may not be written");
	ok(count("home/Maildir/tmp") == 0, "tmp is clean");
	chmod("home/Maildir/new", 0700);
}

static void full(void)
{
	static char body[20000];
	int before = count("home/Maildir/new");

	memset(body, 'x', sizeof body - 1);
	message("X: y", 1, body);
	missing = 1;
	ok(deliver("m", "a@b", "pi@h", 0, 0) == 'Z', "a message that has lost its end is later: %s", say);
	missing = 0;
	file_limit = 9000;
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "too big", "file size limit");
	file_limit = 0;
	ok(count("home/Maildir/tmp") == 0 && count("home/Maildir/new") == before,
		"nothing is left of it");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'K', "", "goes through without");
	ok(count("home/Maildir/new") == before + 1, "and is there");
	fate(deliver("nofile", "a@b", "pi@h", 0, 0), 'Z', "read", "no message");
}

static void program(void)
{
	static const struct { const char *end; char fate; } t[] = {
		{ "exit 0", 'K' }, { "exit 100", 'D' }, { "exit 1", 'D' }, { "exit 111", 'Z' },
		{ "exit 71", 'Z' }, { "exit 74", 'Z' }, { "exit 75", 'Z' }, { "kill -9 $$", 'Z' } };
	char path[100], script[400];
	size_t i;

	message("X: y", 1, "bod\n");
	snprintf(path, sizeof path, "%s/prog", top);
	setenv("QMAILLOCAL", path, 1);
	for (i = 0; i < sizeof t / sizeof *t; i++) {
		snprintf(script, sizeof script, "#!/bin/sh\necho \"$#:$*\" >&2\n"
			"sed -n '$p'\nid -u\n%s\n", t[i].end);
		put("prog", script, 0755);
		snprintf(script, sizeof script, "9:-- pi %s/home pi-x - x h a@b ./D/\nbod\n%u\n",
			top, geteuid() ? geteuid() : pi);
		fate(deliver("m", "a@b", "pi-x@h", "./D/", 0), t[i].fate, script, t[i].end);
	}
	put("prog", "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x; exit 0\n", 0755);
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'K', "xxx", "more words than fit");
	ok(strlen(say) == REPORT_MAX - 200, "are cut");
	put("prog", "#!/bin/sh\nprintf 'abc\\0def'; exit 0\n", 0755);
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'K', "abc", "words up to a NUL");
	unlink("prog");
	fate(deliver("m", "a@b", "pi@h", 0, 0), 'Z', "QMAILLOCAL", "no such program");
	unsetenv("QMAILLOCAL");
}

static void as_root(void)
{
	struct stat st;
	uid_t me = pi;

	have_alias = 1;
	message("X: y", 1, "x\n");
	fate(deliver("m", "a@b", "joe@h", 0, 1), 'Z', "Unable to switch", "homes of joe and alias missing");
	mkdir("joe", 0755);
	mkdir("alias", 0755);
	ok(chown("joe", 54322, 54322) == 0 && chown("alias", 54323, 54323) == 0, "homes");
	fate(deliver("m", "a@b", "joe@h", 0, 1), 'K', "did 1", "delivery to a system user");
	ok(count("joe/Maildir/new") == 1 && stat("joe/Maildir/new", &st) == 0 &&
		st.st_uid == 54322 && st.st_gid == 54322, "as him");
	fate(deliver("m", "a@b", "info@h", 0, 1), 'D', "#5.1.1", "alias without a file");
	pi = 54323;
	put("alias/.qmail-info", "", 0644);
	pi = me;
	fate(deliver("m", "a@b", "info@h", 0, 1), 'K', "did 1", "alias with an empty one");
	ok(count("alias/Maildir/new") == 1 && strstr(file_text, "Delivered-To: info@h\n"), "is there");
	alias = 0;
	fate(deliver("m", "a@b", "info@h", 0, 1), 'Z', "as root", "(74) never as root");
	ok(count("alias/Maildir/new") == 1, "nothing delivered");
}

static int drive(char **argv)
{
	pi = geteuid();
	strcpy(top, "/nonexistent");
	switch (deliver(argv[1], argv[2], argv[3], 0, 1)) {
	case 'K':
		return !printf("K%s", say);
	case 'Z':
		return printf("Z%s", say), 111;
	case 'D':
		return printf("D%s", say), 100;
	}
	return 1;
}

int main(int argc, char **argv)
{
	char path[200];

	if (argc == 4)
		return drive(argv);
	if (!mkdtemp(top) || chmod(top, 0755) || chdir(top))
		return 1;
	umask(022);
	snprintf(path, sizeof path, "%s/home", top);
	setenv("HOME", path, 1);
	setenv("CONTROLDIR", top, 1);
	setenv("ASSIGNDIR", top, 1);
	close(open("aliases", O_WRONLY | O_CREAT, 0644));	/* not the machine's */
	mkdir("home", 0755);
	if (geteuid() == 0 && chown("home", pi, pi) < 0)
		return 1;
	put("me", "host/x:y.example\n", 0644);
	maildir();
	heads();
	names();
	loops();
	home();
	full();
	program();
	if (geteuid() == 0)
		as_root();
	snprintf(path, sizeof path, "chmod -R u+rwX %s; rm -rf %s", top, top);
	return chdir("/") || system(path) ? 1 : done();
}
