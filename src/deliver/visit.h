/* visit.h: one local delivery from the door of the home on, by whoever has become
 * the user: the runner's worker (local.c) or the program qmail-local (qlocal.c). */
#ifndef DELIVER_VISIT_H
#define DELIVER_VISIT_H
#include <stdint.h>
#include "../limits.h"
#include "../msg/who.h"
#include "letter.h"

struct visit {
	const char *sender;	/* of the envelope; "" null */
	const char *local, *host;	/* the recipient, on both sides of its last '@' */
	const char *dflt;	/* default instructions, as text of a .qmail file */
	struct who who;		/* user, home, dash, ext, and instructions that need no file */
	int msg;		/* the message; read by position, programs get it from its beginning */
	off_t size;
	int64_t until;		/* clock_mono() when it has taken too long */
	int runner;		/* socket to ask for a hand-in (job.h); -1: the queue itself is used */
	uint32_t serial;	/* of the job, on that socket */
	struct out *show;	/* what would be done is written here and not done; 0: it is done */
	/* the rest is filled in */
	char newsender[ADDR_CAP + 32];	/* envelope sender of what is forwarded */
	struct letter letter;
	char fate;		/* the answer: K, Z or D, and its words */
	struct buf text;
	char store[REPORT_MAX];
};

/* Words that are said in more than one place. */
extern const char visit_no_mailbox[], visit_too_long[];

/* Fate "later" and no words yet: what is not said is later. */
void visit_init(struct visit *v);
/* Enters the home and carries the instructions out. fate and text tell. */
void visit_run(struct visit *v);
/* Ends a visit with these words. Always 0, as steps return 1 to go on and 0 when
 * all is said. */
int visit_over(struct visit *v, char fate, const char *text);

#endif
