/* settle.h: a message leaves todo/: either it is gone for good, or info/, local/
 * and remote/ hold what is left of it. */
#ifndef SEND_SETTLE_H
#define SEND_SETTLE_H
#include <stdint.h>
#include "slots.h"

struct settle_plan {
	int one_job;		/* all recipients fit one job as they stand in todo/ */
	enum qchan chan;
	uint32_t route;
};
/* Reads the recipients of a fresh message. 0, -1 errno (EBADMSG: damaged). */
int settle_study(const struct qinfo *i, struct settle_plan *sp);
/* Settles it as it is and plans its channels. */
void settle_now(const struct qinfo *i);
/* The only job of a fresh message is over: finish or settle. Frees the pass, or
 * leaves it stuck until its fates can be written. */
void settle_after(struct pass *p);
/* The pass is over: it is free, and so is the slot that kept its fates. */
void settle_release(struct pass *p);
/* Stuck ones whose time has come (all 1: at once). */
void settle_stuck(int64_t now, int all);
int64_t settle_next(void);
unsigned settle_count(void);	/* how many are stuck */

#endif
