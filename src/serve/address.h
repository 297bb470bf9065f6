/* address.h: the path behind MAIL FROM: and RCPT TO:, RFC 5321 4.1.2. */
#ifndef SERVE_ADDRESS_H
#define SERVE_ADDRESS_H
#include "../base/buf.h"

#define PATH_MOST 899		/* bytes of an address that are accepted */

/* Reads the path at the C string s: "<local@host>", "<>", "<@a,@b:local@host>" (the
 * route is dropped), "<local>", or without <> what stands before a blank. The envelope
 * address, without quoting ("a b"@host is a b@host), goes into addr, which is cleared
 * first. Returns what stands behind the path, or 0: it is none, or is too long. */
const char *path_read(const char *s, struct buf *addr);

#endif
