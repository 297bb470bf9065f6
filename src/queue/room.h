/* room.h: whether a message would fit, before it is there. */
#ifndef QUEUE_ROOM_H
#define QUEUE_ROOM_H
#include <stdint.h>

/* 0: submit_begin() would put it into the queue of this machine, and that has no room for
 * so many bytes above control/minfree. 1: it has, or nobody can say: the writes will tell. */
int room_for(uint64_t size);

#endif
