/* pass.h: one turn of a message: from the moment its recipients are read (begin.c)
 * over the jobs that are made of them (push.c) until each has a fate for now (pass.c). */
#ifndef SEND_PASS_H
#define SEND_PASS_H
#include "plan.h"
#include "slots.h"

extern struct queue queue;	/* the one queue of this process */

/* A message that was just found in todo/: logged, then begun at once, planned, or
 * settled. */
void pass_arrived(uint64_t id);
/* A message whose time has come, taken out of the plan. */
void pass_begin(const struct plan_entry *e, enum qchan c);
/* Looks again at a fresh message that no job has been made of, since the control
 * files were reread. 1 it goes on here, 0 it is planned or settled elsewhere. */
int pass_replan(struct pass *p);
/* A message of which nothing could be handed out, as its route is busy, goes back to
 * the plan, which knows the route from now on. 1 done, 0 it stays open. */
int pass_put_back(struct pass *p, uint32_t route);
/* Closes all without a trace, when nothing is in flight and their queue is gone. */
void pass_forget(void);
/* 1 when an open message waits for its turn on a route. */
int pass_waits(void);
/* Ends the turn when nothing of it is in flight or left to hand out. */
void pass_close_if_over(struct pass *p);
/* Hands out whatever open messages have ready and limits allow. */
void pass_push_all(void);
/* An answer of a worker; the end of a worker. */
void pass_answer(struct carrier *c, const struct answer *a);
void pass_died(struct carrier *c);
/* Local deliveries that hang are left to themselves, and tried again later. */
void pass_give_up(int64_t now);
/* All recipients are done: bounce if there is something to say, then remove. 1 when
 * it put a bounce into the queue. */
int pass_done(const struct plan_entry *e);
/* The turn of this message that is open in channel c (-1: in any), or 0. */
struct pass *pass_of(uint64_t id, int c);
/* 1 when a delivery that ended since the last call may have put mail into todo/. */
int pass_forwarded(void);
/* How many messages are open. */
unsigned pass_open_count(void);

#endif
