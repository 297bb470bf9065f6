/* choose.h: which queue program a message takes, by its addresses. */
#ifndef QUEUE_CHOOSE_H
#define QUEUE_CHOOSE_H
#include "../base/buf.h"

/* Before a message of a session: what an earlier choose_program() has put into the
 * environment is gone (env_keep() was called before), and who was root is it again: a queue
 * may have had another owner. 0 / -1 errno. */
int choose_again(void);
/* Puts the variables that control/from.envrules, rcpt.envrules and domainqueue give to
 * this sender and these recipients (records that end in NUL; `rcpts` are asked before
 * `more`) into the environment, for submit_begin(). What an earlier call has put there
 * must be gone: it points into storage that is used again. Nothing in a
 * set-id process. 0 / -1: control_error(). */
int choose_program(const struct buf *sender, const struct buf *rcpts, const struct buf *more);

#endif
