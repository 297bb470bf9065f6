/* qinject.c: the applet qmail-inject: options of the qmail family. */
#include "../applet.h"
#include "../base/log.h"
#include "../exits.h"
#include "../base/opt.h"
#include "inject.h"

static const char prog[] = "qmail-inject: fatal";

int inject_main(int argc, char **argv)
{
	struct inject o = { .prog = prog, .rcpts = RCPT_EITHER };
	struct opt p = OPT_INIT(argc, argv);
	int c;

	while ((c = opt_next(&p, "aAhHnNsf:")) != -1)
		switch (c) {
		case 'a': o.rcpts = RCPT_ARGS; break;
		case 'A': o.rcpts = RCPT_EITHER; break;
		case 'h': o.rcpts = RCPT_HEADER; break;
		case 'H': o.rcpts = RCPT_BOTH; break;
		case 'n': o.print = 1; break;
		case 'N': o.print = 0; break;
		case 's': o.letters |= LETTER_S; break;
		case 'f': o.sender = p.arg; break;
		default:
			say(prog, "illegal option or no address behind -f: %s; usage: "
				"qmail-inject [-aAhHnNs] [-f sender] [recipient ...]",
				argv[p.at - 1]);
			return EXIT_PERM;
		}
	o.args = argv + p.at;
	o.nargs = argc - p.at;
	return inject_run(&o);
}
