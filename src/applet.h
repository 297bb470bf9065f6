/* applet.h: what every applet is, and the prototypes of all of them. An applet
 * is a function like main(); argv[0] is the name it was called by, without a path.
 * Only applets exit; everything below them returns. */
#ifndef APPLET_H
#define APPLET_H

#define APPLET(name, option, fn) int fn(int argc, char **argv);
#define SUBCOMMAND APPLET
#include "applets.def"
#undef SUBCOMMAND
#undef APPLET
int smtpstdin_main(int argc, char **argv);	/* has no name: sendmail -bs */

/* The queue's own qmail-queue, also the second program; queue_main() is the name. */
int qqueue_main(int argc, char **argv);

/* Finds the applet by argv[0], or by argv[1] under the name qmta, and runs it. */
int applet_main(int argc, char **argv);

#endif
