/* remote.h: the remote worker: jobs in, SMTP out. queue/job.h has the protocol. */
#ifndef DELIVER_REMOTE_H
#define DELIVER_REMOTE_H
#include "../queue/job.h"

/* Serves jobs from w->sock until its end, then exits 0. Needs no rights and no
 * files but the control directory; $QMAILREMOTE names another client. */
void remote_worker(const struct worker *w) __attribute__((noreturn));

#endif
