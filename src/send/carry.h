/* carry.h: workers as the runner uses them: one connection a route, more only
 * when the first does not move. */
#ifndef SEND_CARRY_H
#define SEND_CARRY_H
#include "slots.h"

/* A worker that has not answered for this long does not move; one for QMQP in as much
 * more than control/timeoutremote. */
enum { CARRY_STALL_MS = 10000 };

/* A worker that can take one more job for this remote route, started if need be;
 * 0 when all are at their depth or none could be started (*why 1: system trouble). */
struct carrier *carry_remote(uint64_t route, int *why);
/* A new worker for one local delivery, to the address with this hash; 0 trouble. */
struct carrier *carry_local(uint64_t who);
/* A local delivery that has not ended a minute after its worker should have ended it,
 * 0 none. When too many that were given up still hang there is none: the rest
 * waits for them. */
struct carrier *carry_overdue(int64_t now);
/* When the next one is overdue, IO_FOREVER when none can be. */
int64_t carry_limit(void);
/* 1 when a delivery to this address was given up and its process is still there:
 * another one would only hang beside it. */
int carry_hung(uint64_t who);
/* When a connection that moves becomes one that does not, and so another may be
 * opened for what waits (mono ms). */
int64_t carry_stall(int64_t now);
/* 1 when a job for the route (plan's short hash) would have to wait. */
int carry_blocked(uint32_t route);
void carry_close(struct carrier *c);
/* Worker has nothing to do and asks to go. */
void carry_leave(struct carrier *c);

#endif
