/* dsn.h: a bounce as a report that programs read (RFC 3464, RFC 6522): three parts,
 * of which the first is the text for people. Each function adds one piece to n->b or
 * puts it. */
#ifndef SEND_DSN_H
#define SEND_DSN_H
#include "notice.h"

void dsn_head(struct notice *n);	/* last fields of the header, and the first part's */
void dsn_status(struct notice *n);	/* message/delivery-status, from n->texts */
void dsn_original(struct notice *n, int cut);	/* header of the third; cut: header fields only */
void dsn_end(struct notice *n);

#endif
