/* wish.h: what a sender wants to be told, and with what words (RFC 3461): a short text
 * that travels in the environment of whoever hands a message in, in the queue, and in the
 * jobs of remote workers. First a digit or sign, '0' and the WISH_ bits; then 'F' or 'H'
 * for RET=FULL or HDRS, or '-'; then ENVID as xtext, or nothing.
 *
 * In the queue it stands behind the number of the record p, after a ';': programs of the
 * family read that number and no further. A settled message has it in a record p of
 * info/ID behind the sender, where they do not look. */
#ifndef QUEUE_WISH_H
#define QUEUE_WISH_H
#include "../base/buf.h"

#define WISH_VAR "QMTA_DSN"
#define WISH_CAP 103	/* its NUL counted; ENVID has 100 bytes (RFC 3461 4.4) */

/* The names of the bits, as text_index() has them. */
extern const char wish_words[];
enum { WISH_NEVER = 1, WISH_SUCCESS = 2, WISH_FAILURE = 4, WISH_DELAY = 8 };

/* 1 when s is such a text: no byte of it can end a command of SMTP, or its argument, nor
 * can a server refuse the mail for it. */
int wish_ok(const char *s);
/* Of one that is ok, or "" for none. */
static inline unsigned wish_notify(const char *s)
{
	return *s ? (unsigned)*s - '0' : 0;
}
/* Appends the n bytes as xtext (RFC 3461 4). */
void wish_xtext(struct buf *b, const char *s, size_t n);

#endif
