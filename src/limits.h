/* limits.h: every bound of the program in one place, so that numbers that
 * depend on each other stand beside each other. Sizes in bytes, times in
 * seconds unless the name says otherwise. */
#ifndef LIMITS_H
#define LIMITS_H

/* Addresses. qmail-queue refuses an address of 1003 bytes or more (exit 11);
 * ADDR_CAP holds the longest one and its NUL. */
#define ADDR_MAX 1002
#define ADDR_CAP (ADDR_MAX + 1)

/* Message. HOPS_MAX counts Received and Delivered-To lines together. */
#define HOPS_MAX 100
#define HEADER_MAX (6u << 20)	/* a header the injector will hold in memory */
#define ENVELOPE_MAX (64u << 20)	/* recipients the injector will hold */
#define WINDOW 4096		/* the piece of a body that is in memory at once */

/* Control files and lines of text. */
#define CONTROL_MAX (256u << 10)
#define CONTROL_LINE_MAX 1000	/* one line of a list */
#define LINE_MAX_LOG 4096

/* Queue. A writer that lives longer than WRITER_SECS is ended by its own alarm;
 * ORPHAN_SECS is when the cleaner takes what a dead writer left behind. */
#define WRITER_SECS 86400
#define ORPHAN_SECS 129600
#define SPLIT_MAX 1000
#define MINFREE_BYTES (1u << 20)
#define MINFREE_PERCENT 5

/* Delivery. JOB_RCPTS recipients at most travel in one transaction. */
#define JOB_RCPTS 1024
#define SLOTS_MAX 120		/* jobs in flight, both channels together */
#define REPORT_MAX 3000		/* bytes of a worker's words that are kept */
#define ROUTE_DEPTH 8		/* jobs handed ahead to one connection */
#define ALIAS_DEPTH 10		/* aliases that point to aliases, in a row */

/* Time. */
#define LOCAL_MAX_SECS 86400	/* no local delivery takes longer (timeoutlocal 0) */
#define LIFETIME_SECS 604800	/* default queuelifetime */
#define TODO_RESCAN_SECS 1500	/* todo/ is read this often even without a trigger */
#define TROUBLE_SECS 123	/* pause after a failure of the system */
#define JUMP_SECS 3600		/* a larger step of the wall clock re-anchors ages */
#define RETRY_MAX_SECS 86400	/* no retry waits longer, whatever a file's time says */

_Static_assert(WRITER_SECS < ORPHAN_SECS, "the cleaner would take a live message");

#endif
