/* fate.h: what became of one recipient, written down. */
#ifndef SEND_FATE_H
#define SEND_FATE_H
#include <stddef.h>
#include "slots.h"

/* Recipient i of the job has this answer letter (job.h) and these words. Logs it,
 * keeps a failure's paragraph for the bounce and a deferral's for mailq, and marks
 * a settled recipient done. A failure that cannot be kept is a deferral: nobody
 * would be told otherwise. After it s->fate[i] is one of K D Z m. */
void fate_set(struct slot *s, uint32_t i, unsigned char letter, const char *text, size_t len);
/* Closes what fate_set opened for this pass. */
void fate_close(struct pass *p);

#endif
