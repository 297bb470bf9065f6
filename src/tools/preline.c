/* preline.c: the applet preline: the three lines that qmail-local gives to programs
 * in their environment go in front of the message on descriptor 0, for a command that
 * wants to see them there. The exit number is the command's. */
#include <stdlib.h>
#include <string.h>
#include "../applet.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../exits.h"
#include "../limits.h"
#include "../base/buf.h"
#include "child.h"

int preline_main(int argc, char **argv)
{
	static const char letters[] = "frdFRD";
	static const char *const names[] = { "UFLINE", "RPLINE", "DTLINE" };
	char front[4 * ADDR_CAP];
	struct buf b = BUF_OVER(front);
	struct opt o = OPT_INIT(argc, argv);
	const char *line;
	int wanted = 7, letter, i;

	while ((letter = opt_next(&o, letters)) > 0 && letter != '?') {
		i = (int)(strchr(letters, letter) - letters);
		wanted = i < 3 ? wanted & ~(1 << i) : wanted | 1 << (i - 3);
	}
	if (letter == '?' || o.at == argc)
		return say_usage(argv[0], " [-frdFRD] command [argument ...]");
	for (i = 0; i < 3; i++) {
		line = wanted & 1 << i ? getenv(names[i]) : "";
		if (!line || !buf_puts(&b, line)) {
			say(argv[0], "%s is not set: this is for commands of a .qmail file",
				names[i]);
			return EXIT_PERM;
		}
	}
	return child_feed(argv[0], argv + o.at, b.s, b.len);
}
