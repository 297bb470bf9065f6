/* program.h: a program that delivers, with a limit of time. */
#ifndef DELIVER_PROGRAM_H
#define DELIVER_PROGRAM_H
#include <stdint.h>
#include "../base/buf.h"

/* Runs `program` in a session of its own, with `in`, from its beginning, as its input
 * and no other descriptor than 0, 1 and 2. What it says on 1 and 2 is added to text
 * as far as there is room, some kept for words of ours; NUL bytes as '?'. Its wait
 * status (exit EXIT_TEMP when it could not be run), or -1: it was not over at `until`
 * (clock_mono) and was ended with all its processes. Those that it leaves behind when
 * it ends by itself are not waited for. */
int program_run(const char *program, char *const argv[], char *const envp[], int in,
	int64_t until, struct buf *text);

#endif
