/* trace.h: what is left of a message's way here: a field in it, a line in the log. */
#ifndef SERVE_TRACE_H
#define SERVE_TRACE_H
#include "../listen/peer.h"
#include "session.h"

#define REFUSALS_LOGGED 20	/* of one connection: a flood of them is not one of the log */

/* Puts the field Received (RFC 5321 4.4, 3848, 6531 4.3), in the family's form. hide 1: nothing
 * of the client in it, see $HIDE_HOST. */
void trace_put(struct session *s, const struct peer *p, int hide);
/* One line for session.h's `told`. */
void trace_log(struct session *s, const struct peer *p, const char *reply,
	const struct buf *addr);

#endif
