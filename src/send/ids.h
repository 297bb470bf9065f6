/* ids.h: what the runner knows of messages by their numbers, a few bits for each,
 * 10 to 13 bytes a message: which are fresh ones it has in hand, and, while the
 * queue is walked over, what was found of the others. */
#ifndef SEND_IDS_H
#define SEND_IDS_H
#include <stddef.h>
#include <stdint.h>

/* FRESH: found in todo/, and planned or in work. The others are of a walk: it saw
 * info/ID; the message is planned on LOCAL, on REMOTE (IDS_PLANNED << channel). */
enum { IDS_FRESH = 1, IDS_INFO = 2, IDS_PLANNED = 4, IDS_PLANNED_TOO = 8, IDS_ALL = 15 };

unsigned ids_get(uint64_t id);			/* 0: nothing is known */
int ids_set(uint64_t id, unsigned bits);	/* adds bits. 0, -1 no memory */
void ids_clear(uint64_t id, unsigned bits);
/* Forgets these bits of all messages, and gives memory back. */
void ids_forget(unsigned bits);
/* From *at (0 at first) on, the next message whose bits are exactly these: 1 and
 * *id, 0 no more. Bits may change between calls, but no message may come or go. */
int ids_next(size_t *at, unsigned bits, uint64_t *id);

#endif
