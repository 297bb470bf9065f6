/* dotqmail.c: which file is used, and what its lines mean. */
#include <stdlib.h>
#include "../../src/msg/dotqmail.c"
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-dot.XXXXXX";

static void put(const char *name, const char *text, size_t n, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n || fchmod(fd, mode) < 0)
		ok(0, "writing %s", name);
	close(fd);
}

/* What a file says: "Mpath;" for each line, M kind's letter, ending in '!' when
 * dot_next refuses, or the first word of why dot_open does ("0": nothing). */
static const char *says(const char *dash, const char *ext, const char *dflt)
{
	static char r[4096];
	struct dot d;
	struct dot_line l;
	const char *why;
	int got = dot_open(&d, dash, ext, dflt, &why), pass;
	size_t n = 0;

	if (got != 1) {
		snprintf(r, sizeof r, "%s", got ? why : "0");
		return r;
	}
	for (pass = 0; pass < 2; pass++, dot_rewind(&d))
		for (n = 0; (got = dot_next(&d, &l, &why)) == 1;)
			n += (size_t)snprintf(r + n, sizeof r - n, "%c%s;",
				"MBPF"[l.kind], l.s);
	snprintf(r + n, sizeof r - n, got ? "!" : "");
	dot_close(&d);
	return r;
}

static void is(const char *got, const char *want, const char *name)
{
	ok(!strcmp(got, want), "%s", name);
	if (strcmp(got, want))
		printf("# got %s, not %s\n", got, want);
}

static const char *text(const char *s, mode_t mode)
{
	put(".qmail", s, strlen(s), mode);
	return says("", "", "./Maildir/");
}

static void names(void)
{
	is(says("", "", "./Maildir/"), "M./Maildir/;", "no .qmail: default delivery");
	is(says("-", "a.B-c", "./Maildir/"), "0", "extension without a file");
	put(".qmaildefault", "./no/\n", 6, 0600);
	is(says("", "", "./Maildir/"), "M./Maildir/;", ".qmaildefault is not looked for");
	put(".qmail-default", "./d/\n", 5, 0600);
	is(says("-", "a.B-c", ""), "M./d/;", "-default last");
	is(says("-", "", ""), "M./d/;", "empty extension has -default too");
	put(".qmail-a:b-default", "./abd/\n", 7, 0600);
	is(says("-", "a.B-c", ""), "M./abd/;", "-a:b-default before it");
	put(".qmail-a:b-c", "./abc/\n", 7, 0600);
	is(says("-", "a.B-c", ""), "M./abc/;", "-a:b-c first, lowercased, . is :");
	is(says("-", "a.B-c-d", ""), "M./abd/;", "longer extension: next default");
	is(says("-", "../../etc/passwd", ""), "M./d/;", "no way out of the home");
	put(".qmail", "", 0, 0600);
	is(says("", "", "./x/"), "M./x/;", "empty .qmail: default delivery");
	put(".qmail-empty", "", 0, 0700);
	is(says("-", "empty", "./x/"), "M./x/;", "empty .qmail-ext too, x bit or not");
	mkdir(".qmail-dir", 0755);
	is(says("-", "dir", ""), "M./d/;", "a directory counts as missing");
	mkfifo(".qmail-fifo", 0600);
	is(says("-", "fifo", ""), "M./d/;", "a named pipe counts as missing");
}

static void long_names(void)
{
	char ext[1001];

	memset(ext, 'x', 1000);
	ext[1000] = 0;
	is(says("-", ext, ""), "M./d/;", "a name that no file can have");
}

static void lines(void)
{
	is(text("./A/\n# comment\n\n./B/ \t \n/c/", 0600), "M./A/;M./B/;M/c/;",
		"comments, blanks, missing last LF");
	is(text("\n./A/\n", 0600), "Uh-oh: .qmail has a blank first line. (#4.2.1)",
		"first line blank");
	is(text(" \n./A/\n", 0600), "Uh-oh: .qmail has a blank first line. (#4.2.1)",
		"first line of blanks only");
	is(text("|cat\n./mbox\n&a@b\nc@d\n ./x/\n./\n", 0600),
		"Pcat;B./mbox;Fa@b;Fc@d;F ./x/;M./;", "kinds of lines");
	is(text("+other\n./A/\n", 0600), "M./A/;", "+word is ignored");
	is(text("./A/\n+list\n&a@b\n", 0600), "M./A/;Fa@b;", "+list, then a forward");
	is(text("+list\n./A/\n", 0600), "!", "+list, then a file");
	is(text("a@b\n./A/\n", 0700), "Fa@b;!", "x bit and a file");
	is(text("a@b\n", 0700), "Fa@b;", "x bit and a forward");
	is(text("# nothing\n", 0600), "", "comments only: nothing to do");
	is(text("./A/\r\n", 0600), "B./A/\r;", "CR is not cut: no maildir");
	is(text("./A/\n", 0666), "Uh-oh: .qmail is writable by everybody. (#4.7.0)", "mode 666");
	is(text("./A/\n", 0664), "M./A/;", "mode 664");
	put(".qmail", "./A/\0x\n", 7, 0600);
	is(says("", "", ""), "Uh-oh: .qmail has a NUL byte. (#4.3.0)", "NUL");
}

static void too_long(void)
{
	char *s = malloc(CONTROL_MAX + 1);

	memset(s, '#', CONTROL_MAX + 1);
	put(".qmail", s, CONTROL_MAX + 1, 0600);
	is(says("", "", ""), "Uh-oh: .qmail is too long. (#4.3.0)", "too long");
	put(".qmail", s, CONTROL_MAX - 1, 0600);
	is(says("", "", ""), "", "just not too long");
	free(s);
}

static void unreadable(void)
{
	int root = geteuid() == 0;

	put(".qmail-secret", "./A/\n", 5, 0);
	if (root && seteuid(54321))
		return;
	is(says("-", "secret", ""), "Uh-oh: .qmail-secret cannot be opened. (#4.3.0)",
		"a file that may not be read is later, not missing");
	if (root && seteuid(0))
		ok(0, "seteuid");
}

int main(void)
{
	char cmd[100];

	if (!mkdtemp(top) || chmod(top, 0755) || chdir(top))
		return 1;
	names();
	long_names();
	lines();
	too_long();
	unreadable();
	snprintf(cmd, sizeof cmd, "rm -rf %s", top);
	return system(cmd) ? 1 : done();
}
