/* applet.c: one binary, many names. The name comes from argv[0], or from the
 * first argument when the program is called as qmta. A name that is not in applets.def
 * is refused as one whose option is 0 in this build: exit 100, because calling again
 * cannot help. */
#include "applet.h"
#include "exits.h"
#include "version.h"
#include "base/io.h"
#include "base/log.h"
#include "base/text.h"
#include "net/tls.h"
#include "config.h"
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The names whose option is 1, each with a NUL, and their functions in the same order.
 * What only lines with option 0 name is not linked. */
#define NAME_0(name)
#define NAME_1(name) name "\0"
#define FN_0(fn)
#define FN_1(fn) fn,
#define IF_(what, on) what##on
#define IF(what, on) IF_(what, on)
static const char names[] =
#define APPLET(name, option, fn) IF(NAME_, CFG_##option)(name)
#define SUBCOMMAND APPLET
#include "applets.def"
#undef APPLET
	;
static int (*const fns[])(int, char **) = {
#define APPLET(name, option, fn) IF(FN_, CFG_##option)(fn)
#include "applets.def"
#undef SUBCOMMAND
#undef APPLET
};

static char *base_name(char *path)
{
	char *name = path + text_dir(path);

	return *name == '-' ? name + 1 : name;	/* "-name": started by login */
}

static int list_show(void)
{
	char a[1024];
	struct out out = OUT_OVER(1, a);
	const char *s;

	out_puts(&out, "qmta " VERSION ", a small mail system in one program.\n"
	    "usage: NAME [arguments], or qmta NAME [arguments]; names:\n");
	for (s = names; *s; s += strlen(s) + 1)
		out_fmt(&out, "\t%s\n", s);
	return out_flush(&out) == -1 ? EXIT_TEMP : EXIT_DONE;
}

/* Which function a name is, or -1. */
static int find(const char *name)
{
	const char *s;
	int fn = 0;

	for (s = names; *s; s += strlen(s) + 1, fn++)
		if (strcmp(name, s) == 0)
			return fn;
	return -1;
}

/* Some lists run qmail-qmqpc by a link with a name of their own: what the link says
 * that we were run by. "" when it is none. */
static char *link_name(char *to, size_t cap)
{
	ssize_t n = readlink((const char *)getauxval(AT_EXECFN), to, cap - 1);

	to[n > 0 ? n : 0] = 0;
	return base_name(to);
}

int applet_main(int argc, char **argv)
{
	static char *none[] = { "qmta", 0 };
	char link[256];
	int fn;

	if (argc < 1)
		argv = none;
	*argv = base_name(*argv);
	if (strcmp(*argv, "qmta") == 0 && !version_asked(argc, argv)) {
		if (argc < 2 || strcmp(argv[1], "--help") == 0)
			return list_show();
		argc--;
		argv++;
		*argv = base_name(*argv);
	}
	if (version_asked(argc, argv))
		return version_show(tls_name());
	if ((fn = find(*argv)) < 0 && (fn = find(link_name(link, sizeof link))) < 0) {
		say(*argv, "not built in; `qmta --help` lists what is");
		return EXIT_PERM;
	}
	return fns[fn](argc, argv);
}
