/* body.h: the body of a message, as an SMTP session sends it. */
#ifndef DELIVER_BODY_H
#define DELIVER_BODY_H
#include "smtp.h"

/* 1 when the message has a byte that needs 8BITMIME (RFC 6152). */
int body_8bit(struct smtp *s, const struct mail *m);
/* Encodes the message. The end mark stays in the buffer, so that a short message
 * leaves in one write. 0; -1 the connection; -2 the message is not readable or
 * not as long as it was: it must not be ended, or half a mail would arrive. */
int body_put(struct smtp *s, struct mail *m);

#endif
