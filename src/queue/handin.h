/* handin.h: one message handed to a process that may write the queue, by one that
 * may not: a local worker has become the user whose mail it forwards. Packets over
 * a SOCK_SEQPACKET pair, a letter first:
 *   c->s  'B' uid, seconds     whose mail it is; how long all of it may take
 *   c->s  'D' bytes            of the message, any number of packets
 *   c->s  'S' address          sender, once
 *   c->s  'T' address          recipients, at least one
 *   c->s  'E'                  the end: now it is to be accepted
 *   s->c  'K' 'Z' 'D' text     the verdict; K: the qp number
 * An end of file before 'E', or a packet out of its turn, and nothing is queued. */
#ifndef QUEUE_HANDIN_H
#define QUEUE_HANDIN_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"

struct handin { int sock; };

/* Begins. sock is a line to handin_serve(), and closed at the end; -1: there is none,
 * the message goes into the queue from this process (queue/submit.h). `until`:
 * clock_mono() when the other side is to give up. Errors stick, handin_end tells. */
void handin_begin(struct handin *h, int sock, int64_t until);
void handin_data(struct handin *h, const void *p, size_t n);
/* 'S' the sender, after the last data; 'T' each recipient. */
void handin_address(struct handin *h, char letter, const char *a);
/* 'K': the message is safe, text gets its qp number. 'Z' or 'D': text gets the
 * reason, with its status. */
char handin_end(struct handin *h, struct buf *text);
/* Nothing is queued. */
void handin_abort(struct handin *h);

/* The other side: takes one message from sock into the queue, or hands it to the
 * queue program, and says what became of it. What is read is bounded and checked;
 * it ends when its time is over, when the other side does, or when it is done. An
 * exit number. */
int handin_serve(int sock);

#endif
