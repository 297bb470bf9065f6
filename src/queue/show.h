/* show.h: what the programs that show the queue have in common. */
#ifndef QUEUE_SHOW_H
#define QUEUE_SHOW_H
#include "queue.h"

/* Opens the queue for a program without arguments, called argv[0]. 0, or the exit
 * code: what is wrong was said then. */
int show_begin(struct queue *q, int argc, char **argv);

#endif
