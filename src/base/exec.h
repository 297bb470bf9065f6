/* exec.h: becoming another program. */
#ifndef BASE_EXEC_H
#define BASE_EXEC_H

/* execvp(3), which is half a KB: the program *argv, looked for in $PATH when there is
 * no slash in it. Returns only when it could not be run, with errno. An empty piece of
 * $PATH is the root directory, not the present one. */
void exec_path(char *const argv[]);

#endif
