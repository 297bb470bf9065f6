/* viaprog.h: bounces that go through a program of the administrator's. */
#ifndef SEND_VIAPROG_H
#define SEND_VIAPROG_H
#include <sys/types.h>
#include "notice.h"

enum {
	BOUNCE_CHILDREN = 4,
	BOUNCE_SECS = 600	/* a child that takes longer is ended */
};

/* 1: $BOUNCEQUEUE (a queue program) or $BOUNCEPROCESSOR (a filter) is set. */
int viaprog_wanted(void);
/* Starts a child that sets vars (may be 0; see envrules.h), writes the notice through
 * $BOUNCEPROCESSOR, if there is one, and hands it to $BOUNCEQUEUE, else to the queue.
 * It leads a process group, in which its programs run.
 * It logs what became of it and exits 0 when the bounce is safe. Its pid, or -1. */
pid_t viaprog_start(struct notice *n, char *vars);

#endif
