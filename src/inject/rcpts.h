/* rcpts.h: recipients in memory, as NUL-terminated records one behind the other. */
#ifndef INJECT_RCPTS_H
#define INJECT_RCPTS_H
#include <stddef.h>
#include "../base/buf.h"

/* Appends one. 1, 0 no room. */
int rcpts_add(struct buf *b, const char *addr, size_t n);
/* Turns the order of the records from offset `from` on round, in place. */
void rcpts_reverse(struct buf *b, size_t from);
/* Offset of the last record before `end`. */
size_t rcpts_before(const struct buf *b, size_t end);

#endif
