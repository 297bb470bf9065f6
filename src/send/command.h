/* command.h: what somebody with his hands on the queue wants done. Lines in
 * lock/commands, which whoever holds lock/sendmutex carries out: the runner, or
 * `qmta queue` itself when there is none. One writer at any time.
 *
 *   retry ID STAMP     settled: due now            retry all 0
 *   hold ID STAMP      not tried, never too old    hold all 0
 *   release ID STAMP   back to its schedule        release all 0
 *   remove ID STAMP    gone, nobody is told
 *   bounce ID STAMP    gone, its sender is told who has not got it
 *   over NAME MAX WHO  a flood limit has refused mail (queue/limit.c): for the log
 *
 * Each can be carried out twice without harm, as a crash may repeat it; the stamp
 * (queue_stamp) keeps a line from hitting a new message with the old one's number. */
#ifndef SEND_COMMAND_H
#define SEND_COMMAND_H
#include <stddef.h>
#include <stdint.h>

enum verb { RETRY, HOLD, RELEASE, REMOVE, TELL, OVER };
struct command {
	enum verb verb;
	uint64_t id, stamp;		/* id 0: all */
	const char *rest;		/* OVER: the words behind it, len bytes */
	size_t len;
};
/* One line without its LF. 1, or 0: none of ours. */
int command_parse(struct command *c, const char *line, size_t n);
/* Carries out what waits. A line whose message is in delivery stays until that is
 * over. runner 0: no loop behind us, so lines for the log stay, too. 0 / -1 errno. */
int command_run(int runner);
/* 1 when a line that had to stay can be carried out now. */
int command_ready(void);

#endif
