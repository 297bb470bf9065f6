/* getpw.c: qmail-getpw: says which system user gets the mail of a name, as six
 * fields that each end in NUL: user, uid, gid, home, dash, ext. For programs of the
 * qmail family that ask it; our own delivery asks deliver/who.c itself. Knows the
 * passwd file and the user "alias", neither aliases nor users/cdb. */
#include "../applet.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../msg/who.h"
#include "../exits.h"

int getpw_main(int argc, char **argv)
{
	char window[512];
	struct out o = OUT_OVER(1, window);
	const char *why = "Unable to look up the user. (#4.3.0)";
	struct who w;
	int r;

	if (argc != 2)
		return say_usage(argv[0], " name");
	if ((r = who_passwd(&w, argv[1], &why)) != 1) {
		say(argv[0], "%s", r ? why : "there is no such user, and no user \"alias\"");
		return EXIT_TEMP;
	}
	out_fmt(&o, "%s%c%u%c%u%c%s%c%s%c", w.user, 0, w.uid, 0, w.gid, 0, w.home, 0, w.dash, 0);
	out_puts(&o, w.ext);
	out_put(&o, "", 1);
	return out_flush(&o) < 0 ? EXIT_TEMP : EXIT_DONE;
}
