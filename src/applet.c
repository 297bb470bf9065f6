/* applet.c: one binary, many names. The name comes from argv[0], or from the
 * first argument when the program is called as qmta. Refuses a name that is not
 * in applets.def, and one whose option is 0 in this build: both exit 100,
 * because calling again cannot help. */
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

/* The names, each behind the 0 or 1 of its option, and the functions of those with
 * 1. A function that only lines with option 0 name is not linked. */
#define TEXT(on) #on
#define NAME(on, name) TEXT(on) name "\0"
static const char names[] =
#define APPLET(name, option, fn) NAME(CFG_##option, name)
#define SUBCOMMAND APPLET
#include "applets.def"
#undef APPLET
	;
#define FN_0(fn)
#define FN_1(fn) fn,
#define FN__(on, fn) FN_##on(fn)
#define FN(on, fn) FN__(on, fn)
static int (*const fns[])(int, char **) = {
#define APPLET(name, option, fn) FN(CFG_##option, fn)
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
		if (*s == '1')
			out_fmt(&out, "\t%s\n", s + 1);
	return out_flush(&out) == -1 ? EXIT_TEMP : EXIT_DONE;
}

/* Says why there is no such applet. The name is the caller's: as it is. */
static int name_refuse(const char *name, const char *why)
{
	say(name, "%s", why);
	return EXIT_PERM;
}

/* The line of a name: its option's 0 or 1, then the name; fn: which function it is. 0:
 * there is no such name. */
static const char *find(const char *name, unsigned *fn)
{
	const char *s;

	*fn = 0;
	for (s = names; *s; s += strlen(s) + 1) {
		if (strcmp(name, s + 1) == 0)
			return s;
		*fn += *s == '1';
	}
	return 0;
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
	const char *s;
	unsigned fn;

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
	if (!(s = find(*argv, &fn)) && !(s = find(link_name(link, sizeof link), &fn)))
		return name_refuse(*argv, "not a program of qmta; `qmta --help` lists them");
	return *s == '1' ? fns[fn](argc, argv) : name_refuse(*argv, "not built in");
}
