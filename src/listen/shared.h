/* shared.h: what connections want to know of each other: small answers that hold for a
 * while, in one page that the listener and all its children have. Where there is no
 * listener nothing is ever found. What a child writes is believed by the others, whatever
 * it is: an answer can be wrong, and nothing else. */
#ifndef LISTEN_SHARED_H
#define LISTEN_SHARED_H
#include <stddef.h>
#include <stdint.h>

/* n bytes, all 0, that this process will have in common with its children; 0: no memory. */
void *shared_map(size_t n);
/* By the listener, before its first child. Without memory there is no page. */
void shared_open(void);
/* What is known of key, in the matter of `kind` (a hash of its name, for example): the
 * value, or -1. */
int shared_get(uint32_t kind, const unsigned char key[static 16]);
/* Value (0 or more) holds for so many seconds, or until there are too many others. */
void shared_put(uint32_t kind, const unsigned char key[static 16], int value, unsigned secs);

#endif
