/* env.c and envdir.c: the environment's own array; directories of variables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../src/base/env.c"
#include "../../src/base/envdir.c"
#include "../lib/tap.h"

static int is(const char *name, const char *value)
{
	const char *e = getenv(name);

	return value ? e && !strcmp(e, value) : !e;
}

static void test_env(void)
{
	static char names[400][16], a[] = "QT_A=1", b[] = "QT_A=2", c[] = "QT_A", d[] = "QT_B=";
	static char *twice[] = { "QT_A=x", "QT_KEEP=k", "QT_A=y", "QT_AB=z", 0 };
	size_t i, n, bad = 0;

	environ = twice;
	ok(env_put(a) == 0 && is("QT_A", "1") && is("QT_KEEP", "k") && is("QT_AB", "z"),
		"set over a name that stood there twice");
	for (n = i = 0; environ[i]; i++)
		n += !strncmp(environ[i], "QT_A=", 5);
	ok(n == 1, "and stands there once now");
	ok(env_put(b) == 0 && is("QT_A", "2"), "set again");
	ok(env_put(c) == 0 && is("QT_A", 0) && is("QT_AB", "z"), "unset");
	ok(env_put(c) == 0 && is("QT_A", 0), "unset what is not there");
	ok(env_put(d) == 0 && is("QT_B", ""), "set to nothing");
	for (i = 0; i < 400; i++) {
		sprintf(names[i], "QT_%u=%u", (unsigned)i, (unsigned)i * 7);
		bad += env_put(names[i]) != 0;
	}
	for (i = 0; i < 400; i++) {
		char name[16];

		sprintf(name, "QT_%u", (unsigned)i);
		bad += !is(name, strchr(names[i], '=') + 1);
	}
	ok(!bad && is("QT_KEEP", "k"), "400 more, all there");
}

/* What stands there many times goes when it is set, and comes back. */
static void test_back(void)
{
	static char same[] = "QT_S=1", other[] = "QT_S=2";
	static char *many[401], *used[8], *next;
	size_t i, bad = 0;

	for (i = 0; i < 8; i++)	/* so that what follows lies side by side */
		used[i] = heap_grow(0, 0, 512);

	for (i = 0; i < 400; i++)
		many[i] = same;
	if (room)
		heap_free(environ, room * sizeof *environ);
	environ = many;
	room = 0;	/* as at the start of a program */
	ok(env_keep() == 0 && env_put(other) == 0 && is("QT_S", "2"), "one for many");
	next = heap_grow(0, 0, 512);
	env_back();
	for (i = 0; i < 512; i++)
		bad += next[i] != 0;
	for (i = 0; i < 400; i++)
		bad += environ[i] != same;
	ok(!bad && !environ[400], "all are back, in room of their own");
	heap_free(next, 512);
	for (i = 0; i < 8; i++)
		heap_free(used[i], 512);
}

static void test_names(void)
{
	static const char *const no[] = { "", "1A", "A-B", "A B", "A=B", "LD_PRELOAD",
		"LD_", "GLIBC_TUNABLES", "MALLOC_ARENA", "BASH_ENV", "PATH", "IFS", "ENV",
		"HOME", "CONTROLDIR", "QUEUE_BASE", "\303\244", "A\n", "a.b", 0 };
	static const char *const yes[] = { "A", "_", "a1", "QUEUEDIR", "QMAILQUEUE", "LD",
		"PATHS", "PAT", "ENVX", "X_LD_A", 0 };
	size_t i;

	for (i = 0; no[i]; i++)
		ok(!env_name_ok(no[i], strlen(no[i])), "no name: \"%s\"", no[i]);
	for (i = 0; yes[i]; i++)
		ok(env_name_ok(yes[i], strlen(yes[i])), "a name: %s", yes[i]);
}

static char top[] = "/tmp/qmta-env.XXXXXX", path[200];

static const char *at(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", top, name);
	return path;
}

static void put(const char *name, const char *s, size_t n)
{
	FILE *f = fopen(at(name), "w");

	if (!f || fwrite(s, 1, n, f) != n || fclose(f) || chmod(path, 0644))
		ok(0, "writing %s", path);
}

static char space[ENVDIR_BYTES];
static struct buf changes;

/* Result of reading top/name; the changes joined by '|', a newline shown as '/'. */
static const char *reads(const char *name)
{
	static char r[4096];
	int got;
	size_t i;

	changes = BUF_OVER(space);
	got = envdir_read(&changes, at(name));
	if (got != 1)
		return got ? "error" : "none";
	for (i = 0; i < changes.len && i < sizeof r - 1; i++)
		r[i] = !space[i] ? '|' : space[i] == '\n' ? '/' : space[i];
	r[i] = 0;
	return r;
}

static void says(const char *name, const char *want, const char *what)
{
	const char *got = reads(name);

	ok(!strcmp(got, want), "%s: %s", what, got);
}

static void test_dirs(void)
{
	char text[400];
	int i;

	says("d", "none", "no directory");
	mkdir(at("d"), 0755);
	says("d", "", "an empty one");
	put("d/A", "one \t\ntwo\n", 10);
	says("d", "A=one|", "first line, trailing blanks cut");
	put("d/A", "a\0b", 3);
	says("d", "A=a/b|", "NUL is a newline");
	put("d/A", "", 0);
	says("d", "A|", "an empty file unsets");
	put("d/A", "\n", 1);
	says("d", "A=|", "only a newline sets to nothing");
	put("d/.hidden", "x", 1);
	says("d", "A=|", "files with a dot are not read");
	put("d/.envfile", "# no\n\n  B=2 \nC\nD=a=b\n", 21);
	says("d", "B=2|C|D=a=b|A=|", ".envfile comes first");
	mkdir(at("e"), 0755);
	put("e/E", "5", 1);
	snprintf(text, sizeof text, "%s/e\n%s/d\n", top, top);
	put("d/.envdir", text, strlen(text));
	says("d", "B=2|C|D=a=b|E=5|A=|", ".envdir in between; a loop ends");
	put("d/.envdir", "relative\n", 9);
	says("d", "error", ".envdir with a relative path");
	put("d/.envdir", "/nowhere/at/all\n", 16);
	says("d", "error", ".envdir to nowhere");
	unlink(at("d/.envdir"));
	mkdir(at("d/.envdir"), 0755);
	put("d/.envdir/F", "6", 1);
	says("d", "B=2|C|D=a=b|F=6|A=|", ".envdir is a directory");
	put("d/.envfile", "LD_PRELOAD=x\n", 13);
	says("d", "error", "what a loader reads is refused");
	ok(strstr(envdir_error(), "/.envfile: not the name") != 0, "and named: %s", envdir_error());
	unlink(at("d/.envfile"));
	put("d/PATH", "/x", 2);
	says("d", "error", "so is PATH, as a file");
	unlink(at("d/PATH"));
	mkdir(at("d/SUB"), 0755);
	says("d", "error", "a directory among the files");
	rmdir(at("d/SUB"));
	if (mkfifo(at("d/FIFO"), 0600) == 0)
		says("d", "error", "a FIFO, without waiting for it");
	unlink(at("d/FIFO"));
	chmod(at("d/A"), 0666);
	says("d", "error", "a file that others may write");
	chmod(at("d/A"), 0644);
	chmod(at("d"), 0775);
	says("d", "error", "a directory that others may write");
	chmod(at("d"), 0755);
	says("d", "F=6|A=|", "and all is well again");
	/* Each names the next: bounded in depth. */
	for (i = 0; i < 9; i++) {
		char name[16];

		snprintf(name, sizeof name, "n%d", i);
		mkdir(at(name), 0755);
		snprintf(text, sizeof text, "%s/n%d\n", top, i + 1);
		strcat(name, "/.envdir");
		put(name, text, i < 8 ? strlen(text) : 0);
	}
	says("n0", "error", "too deep");
	says("n4", "", "deep enough");
	put("d/.envfile", "", 0);
	says("d", "F=6|A=|", "an empty .envfile");
}

static void test_room(void)
{
	char small[16], name[] = "d";

	changes = (struct buf)BUF_OVER(small);
	put("d/LONG", "0123456789", 10);
	ok(envdir_read(&changes, at(name)) == -1 && strstr(envdir_error(), "too many"),
		"no room: %s", envdir_error());
}

int main(void)
{
	char clean[60];

	umask(022);
	test_env();
	test_back();
	test_names();
	if (!mkdtemp(top))
		return 1;
	test_dirs();
	test_room();
	snprintf(clean, sizeof clean, "exec /bin/rm -rf %s", top);
	if (system(clean))
		return 1;
	return done();
}
