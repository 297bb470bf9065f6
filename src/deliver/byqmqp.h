/* byqmqp.h: one job of the remote worker to a QMQP server. */
#ifndef DELIVER_BYQMQP_H
#define DELIVER_BYQMQP_H
#include "smtp.h"

/* Sends the message to all recipients at once, over the route "Q" (control/qmqpservers)
 * or "Qserver ...", until clock_mono() is `until`. 'K', 'Z' or 'D' with the words in
 * s->report; *down: 0, or when nobody has answered what job.h's answers say. Recipients that must not
 * reach the wire are told 'h' first. Of s only the report and the window are used; VERP
 * is left to the server. The servers are read when the route is another than before. */
char byqmqp_send(struct smtp *s, struct mail *m, const char *route, int64_t until,
	int *down);

#endif
