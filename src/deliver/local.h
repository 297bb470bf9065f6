/* local.h: one local delivery in a process of its own. */
#ifndef DELIVER_LOCAL_H
#define DELIVER_LOCAL_H
#include "../queue/job.h"

/* Delivers the one job of *w and answers once on w->sock: K, Z or D with a text.
 * Runs in a fresh child of the spawner, which has closed and ignored what is not
 * ours: with root's rights it becomes the recipient; else it serves its own user
 * only. */
void local_worker(const struct worker *w) __attribute__((noreturn));

#endif
