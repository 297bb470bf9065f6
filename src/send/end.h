/* end.h: the end of a run. */
#ifndef SEND_END_H
#define SEND_END_H
#include "loop.h"

/* Lets go of the workers, keeps what the next run wants to know. leaving 1: it was told
 * to end. Exit number. */
int end_run(struct loop *loop, int leaving);

#endif
