/* dialog.h: MAIL, RCPT and DATA of one message, for transact.c. */
#ifndef DELIVER_DIALOG_H
#define DELIVER_DIALOG_H
#include "smtp.h"

/* The whole envelope, up to the answer to DATA. 0, or -1: the connection is over, and
 * m->fate is set. m->go tells of DATA, m->good of recipients. */
int dialog_envelope(struct smtp *s, struct mail *m);
/* Puts as many commands as may be outstanding into the buffer. 0 / -1 connection over. */
int dialog_fill(struct smtp *s, struct mail *m);
/* The connection is of no use any more, after this reply (-1: none). Always -1. */
int dialog_lost(struct smtp *s, struct mail *m, int code);
/* What a reply that is no success means: 'D' or 'Z'. */
static inline char dialog_fate(int code)
{
	return code / 100 == 5 ? 'D' : 'Z';
}

#endif
