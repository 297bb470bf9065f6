/* recipient.h: is there somebody here who gets this mail? Asked before 250, so that
 * nothing has to be bounced to a sender who may be forged. */
#ifndef SERVE_RECIPIENT_H
#define SERVE_RECIPIENT_H
#include "../base/buf.h"

/* Of an address whose host is one of control/locals, virtualdomains applied: by
 * control/recipients(.cdb) where there is one, and nothing else then; else, when local
 * delivery is built in, by aliases, adminaddr, users/cdb, the passwd file and .qmail
 * files. 1 yes, or it cannot be seen by this process (then the queue will know); 0 no;
 * -1 it cannot be told now: *why, words for a 451. addr is changed: percenthack. */
int recipient_known(struct buf *addr, const char **why);

#endif
