/* bounce.h: telling the sender. */
#ifndef SEND_BOUNCE_H
#define SEND_BOUNCE_H
#include "../queue/queue.h"

/* All recipients of settled message id are done: if some failed, one message goes
 * to the sender, with the null sender itself; a failed bounce goes to
 * doublebounceto; a failed double bounce is dropped with a line in the log.
 * 1 it is in the queue; 0 nothing to say; -1 trouble, try again later. */
int bounce_send(struct queue *q, uint64_t id);

#endif
