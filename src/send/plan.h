/* plan.h: what is to be done when. Heaps of (time, message): one per channel, one
 * for messages whose recipients are all done, one for those that are held. 16 bytes
 * an entry. Only this file knows retry times. */
#ifndef SEND_PLAN_H
#define SEND_PLAN_H
#include <stddef.h>
#include <stdint.h>
#include "../queue/queue.h"

enum plan_heap { PLAN_LOCAL = LOCAL, PLAN_REMOTE = REMOTE, PLAN_DONE, PLAN_HELD, PLAN_HEAPS };

struct plan_entry {
	uint64_t id;
	uint64_t key;	/* private: time, then fresh bit and route; equal times go by id */
};
enum { PLAN_FRESH_BIT = 23, PLAN_ROUTE_MASK = (1 << PLAN_FRESH_BIT) - 1 };

/* Adds: due at `at` (clock_mono milliseconds; may lie in the past, which orders
 * messages that waited). fresh: still in todo/. route: hash of a remote route, 0
 * unknown. 1, or 0 without memory: the message stays in the queue, and is found
 * again when the whole queue is walked over (plan_lost() is then 1, once). */
int plan_add(enum plan_heap h, uint64_t id, int64_t at, int fresh, uint32_t route);
int plan_lost(void);
/* Forgets everything, fresh messages too: another queue stands there now. */
void plan_clear(void);
/* on 1: from now on ids_get() knows what is planned, including what is planned
 * already (-1: no memory for that). 0: no longer; all but fresh ones is forgotten. */
int plan_note(int on);
int plan_noting(void);	/* 0 also when memory did not suffice */
/* As plan_add, due after TROUBLE_SECS: something of the system failed. */
void plan_later(enum plan_heap h, uint64_t id, int fresh, uint32_t route);
size_t plan_count(enum plan_heap h);

/* The first entry due at `now` for which blocked() (may be 0) says 0; at most a
 * hundred are asked, so one busy route cannot make this slow, and others behind it
 * are found in one of the next calls. 1 taken out into *e, 0 none seen. */
typedef int plan_test(const struct plan_entry *e);
int plan_take(enum plan_heap h, int64_t now, plan_test *blocked, struct plan_entry *e);
int plan_fresh(const struct plan_entry *e);
int64_t plan_time(const struct plan_entry *e);
uint32_t plan_route(const struct plan_entry *e);
/* When the earliest entry is due (mono ms), IO_FOREVER when there is none. */
int64_t plan_next(enum plan_heap h);
/* Moves the entries that are not due, and the settled ones that are, if which() (0: all)
 * says 1, to the times that when() gives. */
typedef int64_t plan_when(uint64_t id);
void plan_now(enum plan_heap h, plan_test *which, plan_when *when);
/* The message of PLAN_REMOTE for which which() says 1 and when() the least; 0 none. */
uint64_t plan_oldest(plan_test *which, plan_when *when);
/* A message of PLAN_REMOTE moves to when(). 1; 0 it is due anyway; -1 it is not there, or
 * which() says 0. */
int plan_hasten(uint64_t id, int64_t now, plan_test *which, plan_when *when);

/* Message id is no longer planned at all. Looks through everything. */
void plan_forget(uint64_t id);
/* PLAN_HELD has what came due while it was held; its "route" is the channel it waits
 * for. Message id (0: each) goes back to that, due at `now`. */
void plan_unpark(uint64_t id, int64_t now);

/* Retry time of the qmail family: birth + (isqrt(age) + skip)^2, skip 10 local,
 * 20 remote; a negative age counts as 0. Seconds from now, at least 1. */
int64_t plan_retry(int64_t age, enum qchan c);

/* Set of fresh messages that are planned or in work, so that a scan of todo/
 * adds none twice. add: 1 new, 0 known, -1 no memory (and plan_lost() is 1). */
int fresh_add(uint64_t id);
int fresh_known(uint64_t id);
void fresh_del(uint64_t id);
/* As fresh_del, but it is still there, and the next scan is to find it. How often. */
void fresh_skip(uint64_t id);
size_t fresh_skipped(void);
size_t fresh_count(void);

#endif
