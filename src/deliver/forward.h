/* forward.h: what a delivery sends on to other addresses, in one new message. */
#ifndef DELIVER_FORWARD_H
#define DELIVER_FORWARD_H
#include "../msg/dotqmail.h"
#include "visit.h"

/* Finds out v->newsender: the sender as it came, or the owner of this address. 1, or
 * 0 when all is said. */
int forward_sender(struct visit *v);
/* Sends our Delivered-To line and the message to the forward lines of d that lie
 * before where it stands. 1: it is safe, and *qp is its "qp" in words; 0 all is said. */
int forward_send(struct visit *v, struct dot *d, struct buf *qp);

#endif
