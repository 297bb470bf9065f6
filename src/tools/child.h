/* child.h: the commands that the small tools of a .qmail file run. No shell. Each is
 * argv up to its null pointer, looked for in $PATH. */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H
#include <stddef.h>

/* Runs it with the message on descriptor 0, from its first byte, and waits. Its exit
 * number; EXIT_TEMP when it could not be run or crashed, which is said in name's name. */
int child_run(const char *name, char **argv);

/* Becomes it, with the n bytes at front and then descriptor 0 as its input; a child of
 * ours writes them. When descriptor 0 cannot be read to its end the command is killed
 * before it sees an end of its own. Returns only when it could not be run: EXIT_TEMP. */
int child_feed(const char *name, char **argv, const char *front, size_t n);

#endif
