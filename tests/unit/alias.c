/* alias.c: files of aliases and what becomes of a name. */
#include <stdlib.h>
#include "../../src/msg/aliasfile.c"
#define fail find_fail
#include "../../src/msg/alias.c"
#undef fail
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-alias.XXXXXX";
static char inc[64];
static char got[65536];
static int stop_at, no_include;

static int each(void *arg, enum alias_kind kind, const char *s, size_t n)
{
	size_t len = strlen(got);

	(void)arg;
	snprintf(got + len, sizeof got - len, "%s%c%.*s", len ? " " : "", "ansp/ig"[kind], (int)n, s);
	if (stop_at && !--stop_at)
		return ALIAS_STOP;
	return kind == ALIAS_INCLUDE && !no_include ? ALIAS_EXPAND : ALIAS_ON;
}

static void file_of(const char *name, const char *text, size_t n)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", top, name);
	if (!(f = fopen(path, "w")) || fwrite(text, 1, n, f) != n || fclose(f))
		exit(1);
}

static void aliases(const char *text)
{
	file_of("aliases", text, strlen(text));
}

/* What is handed out for the name, "(none)", or the words of the error behind the path. */
static const char *find_it(const char *name)
{
	const char *why = "(silent)", *s;
	int r;

	*got = 0;
	r = alias_find(name, strlen(name), each, 0, &why);
	if (r > 0)
		return got;
	if (r == 0)
		return "(none)";
	s = strstr(why, "/aliases");
	return s ? s + 1 : why;
}

static void gives(const char *name, const char *want)
{
	const char *s = find_it(name);

	ok(!strcmp(s, want), "%s: %s", name, want);
	if (strcmp(s, want))
		printf("# got %s\n", s);
}

static void forms(void)
{
	aliases("# of this host\n"
		"root: pi\n"
		"Staff : ann@example.net,bea@example.net ,\n"
		"\tcid@example.net,\n"
		"   # not for Dan\n\n"
		" eve@example.net\r\n"
		"prog: \"|/usr/bin/vacation -a \\\"x y\\\" pi\", |/bin/true\n"
		"pipe: |\"/bin/echo a, b\"\n"
		"files: /var/log/mail, /home/pi/Maildir/, \"/with blank\", /dev/null\n"
		"self: self, other@example.net\n"
		"slash: \\pi, \\ann\n"
		"\"two words\": two@example.net\n"
		"names: \"no such\", <ann@example.net>, \"q u\"@example.net\n"
		"twice: pi, PI, ann@example.net, ann@example.net, Ann@example.net\n"
		"colon:here\n"
		"last: end");
	gives("root", "npi");
	gives("ROOT", "npi");
	gives("staff", "aann@example.net abea@example.net acid@example.net aeve@example.net");
	gives("prog", "p/usr/bin/vacation -a \"x y\" pi p/bin/true");
	gives("pipe", "p/bin/echo a, b");
	gives("files", "//var/log/mail //home/pi/Maildir/ //with blank //dev/null");
	gives("self", "sself aother@example.net");
	gives("slash", "spi sann");
	gives("two words", "atwo@example.net");
	gives("names", "nno such aann@example.net aq u@example.net");
	gives("twice", "npi aann@example.net aAnn@example.net");
	gives("colon", "nhere");
	gives("last", "nend");
	gives("roo", "(none)");
	gives("roott", "(none)");
	gives("", "(none)");
	gives("# of this host", "(none)");
}

static void chains(void)
{
	char text[4000] = "d0: d1\n";
	int i;

	aliases("postmaster: root\nroot: pi\npi: pi, ann@example.net\n"
		"a: b\nb: A\n"
		"x: y, ann\ny: x, bea\n"
		"joe: ann\nann: ann, joe\n"
		"many: l1, l2, l1\nl1: l2, one@example.net\nl2: two@example.net, l1\n"
		"empty:\nnext: pi\n");
	gives("postmaster", "spi aann@example.net");
	gives("a", "aliases, line 4: this alias leads to itself and nowhere else");
	gives("x", "nbea sann");
	gives("joe", "sann");
	gives("ann", "sann");
	gives("many", "atwo@example.net aone@example.net");
	gives("empty", "aliases, line 13: this alias has no target");
	gives("next", "spi aann@example.net");
	for (i = 1; i < 12; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "d%d: d%d\n", i, i + 1);
	aliases(text);
	gives("d2", "nd12");
	gives("d1", "aliases, line 2: too many aliases that point to aliases");
	gives("d0", "aliases, line 1: too many aliases that point to aliases");
}

static void errors(void)
{
	char text[3200], nul[] = "root: a\0b\npi: ann@example.net\n";

	aliases("open: \"|/bin/x\nnocolon here\nsp: a b\nctl: a\001b\n@: x\n"
		"inc: :include:relative\nback: \\a@example.net\nnone: |\n"
		"dom: @example.net\nend: a@\ncomment: a@example.net (me)\nname: Ann <a@example.net>\n"
		"fail: :fail:\nq: \"\"\nok: fine\nok: again\nbad\":x\n: nameless\n");
	gives("open", "aliases, line 1: a quote that does not end in its line");
	gives("nocolon here", "(none)");
	gives("sp", "aliases, line 3: a target with blanks needs quotes around it");
	gives("ctl", "aliases, line 4: a control byte");
	gives("inc", "aliases, line 6: :include: needs an absolute path");
	gives("back", "aliases, line 7: a backslash belongs before a local name only");
	gives("none", "aliases, line 8: no program behind the |");
	gives("dom", "aliases, line 9: this is no address");
	gives("end", "aliases, line 10: this is no address");
	gives("comment", "aliases, line 11: a target with blanks needs quotes around it");
	gives("name", "aliases, line 12: a target with blanks needs quotes around it");
	gives("fail", "aliases, line 13: an address without comments and other words is wanted");
	gives("q", "aliases, line 14: a target of no bytes");
	gives("ok", "nfine");
	aliases(" root: pi\nann: bea\n");
	gives("root", "(none)");
	gives("ann", "nbea");
	file_of("aliases", nul, sizeof nul - 1);
	gives("root", "aliases, line 1: a control byte");
	gives("pi", "aann@example.net");
	snprintf(text, sizeof text, "long: |/%01500d\nok: x\nlonga: %01002d@x\n", 0, 0);
	aliases(text);
	gives("long", "aliases, line 1: this is too long");
	gives("longa", "aliases, line 3: this is too long");
	snprintf(text, sizeof text, "%01002d: a\n%01001d: \"%01002d\"\n", 0, 0, 0);
	aliases(text);
	text[1002] = 0;
	ok(!strcmp(find_it(text), "na"), "a name of 1002 bytes");
	text[1001] = 0;
	ok(!strcmp(find_it(text), "na"), "one of 1001 that points to it");
	text[1000] = 0;
	ok(!strcmp(find_it(text), "(none)"), "one of 1000 that is none");
	snprintf(text, sizeof text, "long: |/%01500d\nok: x\nlonga: %01002d@x\n", 0, 0);
	aliases(text);
	gives("ok", "nx");
	aliases("a: b, c, d\n");
	stop_at = 2;
	gives("a", "aliases, line 1: this alias cannot be followed");
	stop_at = 0;
	memset(text, 'n', sizeof text - 1);
	text[sizeof text - 1] = 0;
	ok(!strcmp(find_it(text), "(none)"), "a name longer than any");
}

static void includes(void)
{
	static const char people[] = "# people\n\nann\n  eve@example.net, \\cid\n# end";
	char text[300], want[300];

	snprintf(inc, sizeof inc, "%s/list", top);
	snprintf(text, sizeof text, "list: :include:%s, pi, eve@example.net\n"
		"ann: bea@example.net\nquoted: \":include:%s\"\ngone: :include:%s.gone\n", inc, inc, inc);
	aliases(text);
	file_of("list", people, sizeof people - 1);
	snprintf(want, sizeof want, "i%s gann aeve@example.net ncid npi", inc);
	gives("list", want);
	gives("quoted", (want[strlen(want) - 4] = 0, want));
	gives("gone", (snprintf(want, sizeof want, "%s.gone: No such file or directory", inc), want));
	no_include = 1;
	snprintf(want, sizeof want, "i%s npi aeve@example.net", inc);
	gives("list", want);
	no_include = 0;
	file_of("list", "ann@example.net\n/etc/passwd\n", 28);
	gives("list", (snprintf(want, sizeof want,
		"%s, line 2: only addresses in an included file", inc), want));
	file_of("list", "ann, |/bin/sh\n", 14);
	gives("list", (snprintf(want, sizeof want,
		"%s, line 1: only addresses in an included file", inc), want));
	snprintf(text, sizeof text, ":include:%s\n", inc);
	file_of("list", text, strlen(text));
	gives("list", "aliases, line 1: its included file includes another");
	file_of("list", "", 0);
	gives("quoted", "aliases, line 3: this alias has no target");
	file_of("list", "a b\n", 4);
	gives("quoted", (snprintf(want, sizeof want,
		"%s, line 1: a target with blanks needs quotes around it", inc), want));
	if (chmod(inc, 0666) < 0)
		exit(1);
	gives("quoted", (snprintf(want, sizeof want, "%s: everybody may write this file", inc), want));
}

static void files(void)
{
	char path[100], text[100], *big;

	snprintf(path, sizeof path, "%s/aliases", top);
	aliases("root: pi\n");
	if (chmod(path, 0666) < 0)
		exit(1);
	gives("root", "aliases: everybody may write this file");
	chmod(path, 0644);
	if (geteuid() == 0 && chown(path, 54321, 0) == 0)
		gives("root", "aliases: this file is neither root's nor the mail system's");
	else
		ok(geteuid() != 0 && is_trusted(0, top) && is_trusted(geteuid(), top) &&
			!is_trusted(54321, top), "whose files are trusted");
	if (geteuid() == 0 && chown(top, 54321, 0) == 0)
		gives("root", "npi");
	chown(top, geteuid(), (gid_t)-1);
	unlink(path);
	mkdir(path, 0700);
	gives("root", "aliases: not a regular file");
	rmdir(path);
	if (symlink("loop", path) || symlink("aliases", strcat(strcpy(text, top), "/loop")))
		exit(1);
	gives("root", "aliases: Symbolic link loop");
	unlink(path);
	big = calloc(1, CONTROL_MAX + 2);
	memset(big, '#', CONTROL_MAX + 1);
	aliases(big);
	gives("root", "aliases: File too large");
	free(big);
	aliases("");
	gives("root", "(none)");
}

int main(void)
{
	char cmd[100];

	if (!mkdtemp(top))
		return 1;
	setenv("CONTROLDIR", top, 1);
	forms();
	chains();
	errors();
	includes();
	files();
	snprintf(cmd, sizeof cmd, "rm -rf %s", top);
	return system(cmd) ? 1 : done();
}
