/* bounce.h: telling the sender. */
#ifndef SEND_BOUNCE_H
#define SEND_BOUNCE_H
#include "../queue/queue.h"

/* All recipients of settled message id are done: if some failed, one message goes
 * to the sender, with the null sender itself; a failed bounce goes to
 * doublebounceto; a failed double bounce is dropped with a line in the log.
 * 1 it is in the queue; 0 nothing to say; -1 trouble, try again later;
 * BOUNCE_WAITS: it was planned anew (a child is at it, or there are too many now). */
enum { BOUNCE_WAITS = 2 };
int bounce_send(struct queue *q, uint64_t id);

/* Bounces that go through a program are made by children, a few at a time.
 * How many are running; 1 when one more may; the dead are looked after: 1 when
 * one has put a bounce somewhere. */
int bounce_running(void);
int bounce_busy(uint64_t id);	/* 1: one is at this message */
int bounce_room(void);
int bounce_reap(struct queue *q);

#endif
