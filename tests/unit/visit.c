/* visit.c: instructions that do not come from a .qmail file (aliases), alone and
 * behind the user's own; and a copy that takes too long. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../src/deliver/visit.c"
#include "../lib/tap.h"

static char home[] = "/tmp/qmta-visit.XXXXXX";
static struct visit v;
static char shown[2000];

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode) < 0)
		ok(0, "writing %s", name);
	close(fd);
}

/* What `qmail-local -n` would show, and the fate with its words behind it. */
static const char *visit(const char *ext, const char *lines, int self)
{
	static char window[WINDOW];
	FILE *f = tmpfile(), *m = tmpfile();
	struct out o = { fileno(f), 0, BUF_AT(window, 0, sizeof window) };
	ssize_t n;

	memset(&v, 0, sizeof v);
	visit_init(&v);
	strcpy(v.who.user, "joe");
	strcpy(v.who.home, home);
	v.who.dash = *ext ? "-" : "";
	v.who.ext = ext;
	v.who.lines = lines;
	v.who.self = self;
	v.who.owner = lines ? "owner-x@h" : 0;
	v.sender = "s@h";
	v.local = "x";
	v.host = "h";
	v.dflt = "./Maildir/";
	v.msg = fileno(m);
	v.until = clock_mono() + 60000;
	v.runner = -1;
	v.show = &o;
	visit_run(&v);
	out_flush(&o);
	n = pread(o.fd, shown, sizeof shown - 1, 0);
	n = n < 0 ? 0 : n;
	snprintf(shown + n, sizeof shown - (size_t)n, "%c%.*s", v.fate, (int)v.text.len, v.text.s);
	fclose(f);
	fclose(m);
	return shown;
}

static void is(const char *got, const char *want, const char *name)
{
	ok(!strcmp(got, want), "%s", name);
	if (strcmp(got, want))
		printf("# got %s, not %s\n", got, want);
}

static void slow(void)
{
	struct letter l;
	char window[WINDOW];
	int fd = fileno(tmpfile());
	struct out o = OUT_OVER(fd, window);

	if (ftruncate(v.msg = fileno(tmpfile()), 100000) < 0)
		ok(0, "truncate");
	ok(letter_open(&l, v.msg, 100000, "s", "l", "h") == 0 && letter_copy(&l, &o) == 0, "a copy");
	l.until = clock_mono() - 1;
	errno = 0;
	ok(letter_copy(&l, &o) == -1 && errno == ETIMEDOUT, "one whose time is over");
}

int main(void)
{
	char cmd[100];

	if (!mkdtemp(home) || chmod(home, 0755) || chdir(home))
		return 1;
	is(visit("", 0, 0), "maildir ./Maildir/\nKdid 1+0+0\n", "the user's own");
	is(v.newsender, "s@h", "the sender stays");
	is(visit("x", 0, 0), "DSorry, no mailbox here by that name. (#5.1.1)\n", "an extension without a file");
	is(visit("x", "&a@b\n|cat\n./f", 0), "forward a@b\nprogram cat\nmbox ./f\nKdid 1+1+1\n",
		"ready lines need no file");
	is(v.newsender, "owner-x@h", "and have their owner");
	is(visit("", "&a@b", 1), "maildir ./Maildir/\nforward a@b\nKdid 1+1+0\n",
		"the default instructions first, then the lines");
	put(".qmail", "./mine\nc@d", 0600);
	is(visit("", "/their/", 0), "maildir /their/\nKdid 1+0+0\n", "not his own, if not asked for");
	is(visit("ext", "/their/", 1), "mbox ./mine\nforward c@d\nmaildir /their/\nKdid 2+1+0\n",
		"his own first, then the lines");
	put(".qmail", "c@d\n+list\n", 0700);
	is(visit("", "|cat", 1), "forward c@d\nprogram cat\nKdid 0+1+1\n",
		"x bit and +list are said of his file alone");
	put(".qmail", "./mine\n", 0666);
	is(visit("", "|cat", 1), "ZUh-oh: .qmail is writable by everybody. (#4.7.0)\n", "his file is in error: nothing");
	unlink(".qmail");
	is(visit("", "", 0), "ZUh-oh: alias has a blank first line. (#4.2.1)\n", "no lines at all");
	slow();
	snprintf(cmd, sizeof cmd, "rm -rf %s", home);
	return chdir("/") || system(cmd) ? 1 : done();
}
