/* opt.h: one-letter options, as getopt(3) reads them, without its messages and the
 * 2 KB of stdio behind them. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

struct opt {
	int argc;
	char **argv;
	int at;			/* index of the next argument; after the last option: of the first operand */
	const char *rest;	/* letters left in a bundle, 0 none */
	const char *arg;	/* of the option just returned, if it takes one */
};
#define OPT_INIT(argc, argv) { (argc), (argv), 1, 0, 0 }

/* Next option letter; -1 when there are no more ("--" ends them, and so does the
 * first operand); '?' for a letter that is not in `letters` or an argument that is
 * missing. A letter followed by ':' takes one, glued to it or as the next word. */
int opt_next(struct opt *o, const char *letters);

#endif
