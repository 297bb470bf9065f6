/* respawn.h: another spawner, when the first one has died under a daemon. */
#ifndef SEND_RESPAWN_H
#define SEND_RESPAWN_H
#include <stdint.h>
#include "loop.h"

/* Mono ms when a spawner that died is replaced; 0 while there is one. Until then no
 * worker can be begun; those that run go on. */
extern int64_t respawn_at;

/* The spawner's end has closed: forgets it, and sets the time for another one. */
void respawn_plan(struct loop *loop);
/* Starts it. 0, also when it must be tried again; -1 when it never will work: we have
 * fewer rights than the first one had. */
int respawn(struct loop *loop);

#endif
