/* remove.h: a message that somebody wants out of the queue. */
#ifndef SEND_REMOVE_H
#define SEND_REMOVE_H
#include <stdint.h>

/* 1 while it is in delivery or its bounce is being made. */
int remove_waits(uint64_t id);
/* Both: 0 when it is in delivery: ask again when that is over; else 1, it is done, or
 * it was said why not. log 1: a line for the log.
 * The message is gone, and nobody is told. */
int remove_silently(uint64_t id, int log);
/* Its recipients have failed: the message is planned as done, so that its sender is
 * told by the usual bounce. */
int remove_and_tell(uint64_t id, int log);

#endif
