/* dialog.h: MAIL, RCPT and DATA of one message, for transact.c. */
#ifndef DELIVER_DIALOG_H
#define DELIVER_DIALOG_H
#include "smtp.h"

/* Why an address in UTF-8 is refused where the server cannot take it (RFC 6531). */
extern const char dialog_ascii[];
/* The whole envelope, up to the answer to DATA. 0, or -1: the connection is over, and
 * m->fate is set. m->go tells of DATA, m->good of recipients. */
int dialog_envelope(struct smtp *s, struct mail *m);
/* Puts as many commands as may be outstanding into the buffer. 0 / -1 connection over. */
int dialog_fill(struct smtp *s, struct mail *m);
/* The connection is of no use any more, after this reply (-1: none). Always -1. */
int dialog_lost(struct smtp *s, struct mail *m, int code);
/* What a reply that is no success means: 'D' or 'Z'. 530 and its like: it wants a login or
 * TLS (RFC 4954 6, RFC 3207 4); 503: a login first, or we are not where it believes us to
 * be. None of these is the mail's fault. */
static inline char dialog_fate(int code)
{
	return code / 100 == 5 && code / 10 != 53 && code != 503 ? 'D' : 'Z';
}

#endif
