/* anchor.h: ages that survive a board without a clock. */
#ifndef SEND_ANCHOR_H
#define SEND_ANCHOR_H
#include <stdint.h>
#include "../queue/queue.h"

/* At start: compares with what the last run left, and moves the birth of queued
 * messages when the clock was set in between. */
void anchor_start(struct queue *q);
/* A settled message's turn has come: a birth from before this program was built, with
 * a clock that is set now, becomes today. */
void anchor_birth(struct queue *q, struct qinfo *i);
/* Each turn: 1 when the wall clock stepped by more than JUMP_SECS since the last
 * call; births are moved then. */
int anchor_check(struct queue *q);
/* At the end, when messages stay. */
void anchor_save(struct queue *q);

#endif
