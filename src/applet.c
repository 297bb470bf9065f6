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

struct applet { const char *name; int (*fn)(int, char **); };

/* A function that only a line with option 0 names is not linked. */
static const struct applet table[] = {
#define APPLET(name, option, fn) { name, CFG_##option ? fn : 0 },
#define SUBCOMMAND APPLET
#include "applets.def"
#undef SUBCOMMAND
#undef APPLET
};
enum { APPLETS = sizeof table / sizeof *table };

static char *base_name(char *path)
{
	char *name = path + text_dir(path);

	return *name == '-' ? name + 1 : name;	/* "-name": started by login */
}

static int list_show(void)
{
	char a[1024];
	struct out out = OUT_OVER(1, a);
	unsigned i;

	out_puts(&out, "qmta " VERSION ", a small mail system in one program.\n"
	    "usage: NAME [arguments], or qmta NAME [arguments]; names:\n");
	for (i = 0; i < APPLETS; i++)
		if (table[i].fn)
			out_fmt(&out, "\t%s\n", table[i].name);
	return out_flush(&out) == -1 ? EXIT_TEMP : EXIT_DONE;
}

/* Says why there is no such applet. The name is the caller's: as it is. */
static int name_refuse(const char *name, const char *why)
{
	say(name, "%s", why);
	return EXIT_PERM;
}

int applet_main(int argc, char **argv)
{
	static char *none[] = { "qmta", 0 };
	unsigned i;

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
	for (i = 0; i < APPLETS; i++)
		if (strcmp(*argv, table[i].name) == 0)
			return table[i].fn ? table[i].fn(argc, argv) :
				name_refuse(*argv, "not built in");
	return name_refuse(*argv, "not a program of qmta; `qmta --help` lists them");
}
