/* order.h: in which order mail leaves: that of its arrival, as far as nobody is made to
 * wait for a server that does not answer; and what is done about mail that waits for
 * QMQP servers. One message of it, the oldest, is tried when there is reason to believe
 * that they are back, and the rest only follows when that has worked. */
#ifndef SEND_ORDER_H
#define SEND_ORDER_H
#include "plan.h"

/* Place in the plan of a message that is due and arrived then (wall ms): mono ms, not
 * in the future. */
int64_t order_of(int64_t arrived);
/* The same of a message in the queue; one that is gone: now. */
int64_t order_when(uint64_t id);
/* All that waits is due (SIGALRM, `qmta queue retry all`): done by order_turn(), as soon
 * as its channel is not held. */
void order_all(void);
/* 1 when another message of the plan must be tried before this one, which has been
 * planned for now: put this one back. */
int order_older(const struct plan_entry *e);
/* 1 when an entry must wait now, for plan_take(). */
int order_blocked(const struct plan_entry *e);
/* A QMQP route has answered; down: it has not, in the way that job.h says. */
void order_answer(int down);
/* Somebody says that the servers are back; sure 1: it is our administrator. */
void order_hint(int sure);
/* Does what is due, once a turn of the loop. next: mono ms when it has something to do. */
void order_turn(int64_t now);
int64_t order_next(void);
/* The run, or the use of this queue, begins; ends. */
void order_start(void);
void order_end(void);

#endif
