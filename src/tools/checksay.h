/* checksay.h: what `qmta check` says: one line a step, or one JSON object of them all. */
#ifndef TOOLS_CHECKSAY_H
#define TOOLS_CHECKSAY_H

enum mark { STEP_GOOD, STEP_BAD, STEP_NOTE };

/* on 1: JSON. Once, before the first step. */
void check_begin(int on);
/* A step and what came of it, in words that may have line ends. A bad one gets a second
 * line when its words are among those that providers are known for: what to do. */
void check_step(enum mark m, const char *step, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Behind the last one. good 1: mail can go. Its exit code. */
int check_end(int good);

#endif
