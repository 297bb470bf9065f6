/* child.h: what the small tools start: a command of their arguments, or another
 * applet of this program, in a child that ends before they do. */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H
#include <sys/types.h>
#include "../base/io.h"
#include "../limits.h"

/* What to run: the applet's main function, or, where that is 0, the command argv,
 * looked for in $PATH. argv ends with a null pointer, argc counts without it. */
struct task { int (*main)(int, char **); int argc; char **argv; };

/* Runs it with the message on descriptor 0, from its first byte, and waits. Its exit
 * number; EXIT_TEMP when it could not be run or crashed, which is said in name's name. */
int child_run(const char *name, const struct task *t);

/* A child whose input we write. */
struct child { const char *name; pid_t pid; struct out out; char window[WINDOW]; };

/* Starts it. 0, or -1: said in name's name. Write what stands in front of the message
 * to c->out; a child that reads no further is no error. */
int child_begin(struct child *c, const char *name, const struct task *t);
/* Gives it the rest of descriptor 0 and its end; waits. Its exit number, as above. When
 * descriptor 0 could not be read to its end the child is killed before it sees an end
 * of its own: half a message is never sent. */
int child_end(struct child *c);

#endif
