/* health.h: what the runner tells others of itself, in lock/status: when a delivery
 * last went well, and the last one that did not.
 *	success 1763676959
 *	error 1763676959 Connected to 192.0.2.1 but ...
 * Written when the runner has nothing in flight and there is news (more of the same:
 * once in ten seconds at most), without a sync; it wakes up nobody. */
#ifndef SEND_HEALTH_H
#define SEND_HEALTH_H
#include <stddef.h>
#include <stdint.h>
#include "../queue/queue.h"

/* fate as in report_end; the text of a deferral or a failure. */
void health_note(int fate, const char *text, size_t n);
/* Writes it if there is news that is worth it (end 1: any). */
void health_save(struct queue *q, int end);

#endif
