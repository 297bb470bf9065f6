/* viaqmqp.h: the way out for a host without a queue: the message goes to a QMQP server
 * from this very process (net/qmqp.h), and into a queue when none takes it for now
 * (control/qmqpfallback). For submit.c and the applet qmail-qmqpc; a process has one
 * message at a time. */
#ifndef QUEUE_VIAQMQP_H
#define QUEUE_VIAQMQP_H
#include "submit.h"

/* Begins. servers (ends with 0) instead of control/qmqpservers; 0: the file. 1; 0 there is
 * no server (and none can be asked). What is wrong with the settings is said at the end. */
int viaqmqp_begin(char *const *servers);
/* The queue that mail goes into at once, because a runner lives there whose mail waits
 * for the servers as well; else 0. */
const char *viaqmqp_waits(void);
/* As submit's. ready 1: addresses have been through msg/admin.h already. */
int viaqmqp_data(const void *p, size_t n);
int viaqmqp_sender(const char *a, size_t n, int ready);
int viaqmqp_rcpt(const char *a, size_t n, int ready);
/* All that descriptor fd still gives, in place of viaqmqp_data. 0, QQ_READ, QQ_WRITE. */
int viaqmqp_take(int fd);
/* Sends it. 0: a server or the queue has it. Else a number; QQ_CUSTOM: the reason is in
 * s->text and its number in s->plain, and s->said tells whether a server gave the words. */
int viaqmqp_end(struct submit *s);
void viaqmqp_abort(void);

#endif
