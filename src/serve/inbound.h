/* inbound.h: mail of somebody who may not relay: is the recipient one of ours? */
#ifndef SERVE_INBOUND_H
#define SERVE_INBOUND_H
#include "../base/buf.h"

/* addr, with an @: 0 when its host is in rcpthosts and nothing behind this server will
 * make a foreign address of it; then it is as percenthack makes it. Else the reply that
 * refuses. Without an @ it gets @envnoathost, and that host may also be a local one. */
const char *inbound_rcpt(struct buf *addr);
/* control_error() into the log, and the reply for it. */
const char *inbound_trouble(void);

#endif
