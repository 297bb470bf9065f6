/* quote.h: an address as it is written in headers and on the SMTP wire. */
#ifndef MSG_QUOTE_H
#define MSG_QUOTE_H
#include <stddef.h>
#include "../base/buf.h"

/* Appends the n bytes of addr (an envelope address: local part, last @, host,
 * no quoting of its own) to out, the local part as a quoted string when it is
 * not a dot-atom (RFC 5322 3.2.4, RFC 5321 4.1.2). The host is copied as it
 * is. Nothing is appended for n 0. 1 done, 0 no room. */
int addr_quote(struct buf *out, const char *addr, size_t n);

#endif
