/* walk.h: the queue into the plan: every settled message that is not planned yet,
 * some at a time; and what dead writers left goes on the way. */
#ifndef SEND_WALK_H
#define SEND_WALK_H
#include <stdint.h>

/* Begins to walk over the whole queue. plan 0: only tidies up. 0, or -1 with errno
 * when it cannot be read. Begins anew when one is under way. */
int walk_begin(int plan);
/* One slice, when a walk is under way; due_now: whatever the times of the files say.
 * What is due is planned in the order of its arrival. */
void walk_on(int due_now);
/* 1 while a walk is under way. */
int walk_busy(void);
/* 1 while it has not planned all yet, so that an older message may still come up. */
int walk_orders(void);
/* Gives up the one that is under way (without memory, say); planning it begins again
 * after TROUBLE_SECS. */
void walk_fail(void);
/* When it wants to go on (mono ms), IO_FOREVER when there is nothing to do. */
int64_t walk_next(void);
/* 1 when the queue could not be walked over to its end: messages may wait unseen. */
int walk_failed(void);

#endif
