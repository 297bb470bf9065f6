/* preline.c: the applet preline: the three lines that qmail-local gives to programs
 * in their environment go in front of the message on descriptor 0, for a command that
 * wants to see them there. The exit number is the command's. */
#include <stdlib.h>
#include <string.h>
#include "../applet.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../exits.h"
#include "child.h"

int preline_main(int argc, char **argv)
{
	static const char letters[] = "frdFRD";
	static const char *const names[] = { "UFLINE", "RPLINE", "DTLINE" };
	static struct child c;
	struct opt o = OPT_INIT(argc, argv);
	const char *line[3];
	struct task t = { 0 };
	int wanted = 7, letter, i;

	while ((letter = opt_next(&o, letters)) > 0 && letter != '?') {
		i = (int)(strchr(letters, letter) - letters);
		wanted = i < 3 ? wanted & ~(1 << i) : wanted | 1 << (i - 3);
	}
	if (letter == '?' || o.at == argc) {
		say(argv[0], "usage: preline [-frdFRD] command [argument ...]");
		return EXIT_PERM;
	}
	for (i = 0; i < 3; i++) {
		line[i] = wanted & 1 << i ? getenv(names[i]) : "";
		if (!line[i]) {
			say(argv[0], "%s is not set: this is for commands of a .qmail file",
				names[i]);
			return EXIT_PERM;
		}
	}
	t.argc = argc - o.at;
	t.argv = argv + o.at;
	if (child_begin(&c, argv[0], &t) < 0)
		return EXIT_TEMP;
	for (i = 0; i < 3; i++)
		out_puts(&c.out, line[i]);
	return child_end(&c);
}
