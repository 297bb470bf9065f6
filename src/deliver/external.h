/* external.h: a remote delivery by another program, $QMAILREMOTE. */
#ifndef DELIVER_EXTERNAL_H
#define DELIVER_EXTERNAL_H
#include <stddef.h>
#include "../base/buf.h"

/* Runs `prog host sender rcpt` with the message (from its beginning) as standard
 * input. 'K', 'Z' or 'D', and its words in `report`. */
char external_run(const char *prog, const char *sender, const char *rcpt, int msg,
	struct buf *report);
/* Reads the records of n bytes of output as the qmail family does. The letter,
 * and in `report` the words. */
char external_report(const char *s, size_t n, struct buf *report);

#endif
