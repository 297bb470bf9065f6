/* loop.h: the runner's one loop. */
#ifndef SEND_LOOP_H
#define SEND_LOOP_H
#include <stdint.h>

struct loop {
	int daemon;		/* 0: leave when nothing is left to do now */
	int all_now;		/* deferred messages are due at once */
	int spawner, trigger, signals;	/* descriptors to watch */
	int lock;		/* the queue's, held */
	int64_t until;		/* nothing is begun after that, and the end is soon (mono ms); 0 */
	int broken;		/* a trouble that makes the exit number 111 */
};
/* Seconds that a remote delivery may take which is begun now: until then; 0 any. */
uint32_t loop_left(void);
/* Reads the whole queue into the plan, then delivers until there is nothing left
 * to do now, a signal says so, or the spawner is gone. Exit number: 0 the queue is
 * empty, 75 messages stay, 111 trouble. */
int loop_run(struct loop *l);

#endif
