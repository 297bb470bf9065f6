/* limit.h: flood limits. How often something may happen within an hour, counted
 * over all programs that put mail into this queue, and how full the queue may
 * get. A limit is there against floods, not against mail: whatever goes wrong
 * while it is looked at counts as "go on". */
#ifndef QUEUE_LIMIT_H
#define QUEUE_LIMIT_H
#include <stddef.h>
#include <stdint.h>
#include "queue.h"

#define LIMIT_SECS 3600	/* a window: it begins with the first one that is counted */

/* Counts one more of `key` (any C string, case-blind; each kind has a prefix of its
 * own, "bounce", "sender kim@a.example") in lock/rates. At most max of them go on in
 * a window. LIMIT_FIRST is the first refusal of this window, the one to log;
 * *wait: seconds until the window is over, whatever the answer. max 0 is no limit. */
enum limit { LIMIT_OVER, LIMIT_ON, LIMIT_FIRST };
enum limit limit_ask(struct queue *q, const char *key, uint64_t max, uint64_t *wait);

/* For put: 0, or the QQ_ number of the limit that is reached; the first such answer
 * of a window is left in lock/commands for the runner's log.
 * Room: control/queuemax and queuemaxbytes; *left: bytes that the message may have.
 * Sender: control/sendermax, and the message is counted; null senders are not. */
int limit_room(struct queue *q, uint64_t *left);
int limit_bytes(struct queue *q);	/* it has more than *left */
int limit_sender(struct queue *q, const char *s, size_t n);

#endif
