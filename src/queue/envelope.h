/* envelope.h: envelope addresses and the records of todo/, info/, local/ and
 * remote/ files. The one validator for every door through which an address
 * comes in. */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H
#include <stddef.h>
#include "../base/io.h"

/* 0 when the n bytes may be an envelope address: at most ADDR_MAX bytes and no
 * byte 0..31 or 127 (one of those could end an SMTP command line, RFC 5321
 * 4.1.2). Else QQ_TOOLONG. An empty address is fine for a sender (null
 * reverse-path, RFC 5321 4.5.5); recipients are checked by envelope_rcpt(). */
int envelope_sender(const char *s, size_t n);
/* The same, and not empty. */
int envelope_rcpt(const char *s, size_t n);
/* One record: a letter, the address, NUL. 0, or -1 with errno. */
int envelope_put(struct out *o, int letter, const char *s, size_t n);
/* Reads an envelope as it comes on descriptor 1 of a queue program: 'F' sender NUL,
 * then 'T' recipient NUL as often as needed, then NUL; what follows that is not looked
 * at. take() gets each address (one that is too long cut, but never to a length that
 * is allowed) with its letter, and returns 0, or a QQ_ number that ends it. 0 when the
 * last NUL was there, QQ_READ, QQ_ENVELOPE, or take()'s number. */
int envelope_read(struct in *in, int (*take)(int letter, const char *s, size_t n));

#endif
