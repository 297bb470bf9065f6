/* carry.h: workers as the runner uses them: one connection a route, more only
 * when the first does not move. */
#ifndef SEND_CARRY_H
#define SEND_CARRY_H
#include "slots.h"

/* A worker that has not answered for this long does not move. */
enum { CARRY_STALL_MS = 10000 };

/* A worker that can take one more job for this remote route, started if need be;
 * 0 when all are at their depth or none could be started (*why 1: system trouble). */
struct carrier *carry_remote(uint64_t route, int *why);
/* A new worker for one local delivery; 0 trouble. */
struct carrier *carry_local(void);
/* 1 when a job for the route (plan's short hash) would have to wait. */
int carry_blocked(uint32_t route);
void carry_close(struct carrier *c);
/* Worker has nothing to do and asks to go. */
void carry_leave(struct carrier *c);

#endif
