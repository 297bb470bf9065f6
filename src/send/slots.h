/* slots.h: what is in flight: messages that are open, jobs that were handed to
 * workers, and the workers. Fixed tables; indices are what travels. */
#ifndef SEND_SLOTS_H
#define SEND_SLOTS_H
#include <stdint.h>
#include "../queue/job.h"
#include "../queue/queue.h"

struct slot;

/* One message open for delivery on one channel. */
struct pass {
	int used;
	enum qchan chan;
	int fresh;		/* recipients come from todo/, fates stay in the slot */
	unsigned conf;		/* conf_serial when its routes were found */
	int dying;		/* too old: what would be later is never */
	int64_t age;		/* seconds, when the pass began */
	int more;		/* recipients may be left behind the cursor */
	uint64_t key;		/* cursor: route hash, then offset in the file */
	uint32_t off;
	int begun;		/* the cursor stands on something */
	unsigned jobs;		/* in flight */
	unsigned later, again;	/* recipients deferred; to be tried at once */
	unsigned gained;	/* recipients that are done with in this pass */
	int unmarked;		/* those of them whose mark could not be written */
	uint32_t route;		/* hash of the last route used, for the plan */
	int note_fd;		/* last errors, for mailq; -1 until there is one */
	int bounced;		/* fresh: this pass has written to bounce/ */
	struct slot *kept;	/* fresh: the job's fates, until they are on disk */
	int64_t due;		/* its time in the plan */
	int64_t stuck;		/* mono ms when writing them is tried again; 0 not stuck */
	struct qinfo info;	/* last: what stands behind a kilobyte costs longer code */
};

/* One job. fate: 0 not known yet, else the answer's letter. */
struct slot {
	int used;
	struct pass *pass;
	struct carrier *by;
	uint32_t serial;
	uint32_t first;		/* delivery number of recipient 0 */
	uint32_t n;
	unsigned char fate[JOB_RCPTS];
	uint32_t off[JOB_RCPTS];
};

/* One worker process, seen from here. */
struct carrier {
	int used;
	int sock;
	enum qchan chan;
	uint64_t route;
	int lent;		/* local: it has got its hand-in */
	unsigned depth;		/* jobs handed over and not answered */
	int64_t moved;		/* mono ms of the last answer, or of the first job */
	int hung;		/* local: given up; its route is still shut */
};

extern struct pass passes[SLOTS_MAX];
extern struct slot slots[SLOTS_MAX];
/* SLOTS_MAX of them are used; with the rest they fill their pages. */
enum { CARRIERS = ((SLOTS_MAX * sizeof(struct carrier) - 1) / 4096 + 1) * 4096 /
	sizeof(struct carrier) + 1 };
extern struct carrier carriers[CARRIERS];
extern unsigned slots_busy[2];	/* jobs in flight by channel */

struct pass *pass_new(void);
struct slot *slot_new(void);
struct carrier *carrier_new(void);
/* Gives the tables' memory back while nothing is in them. */
void slots_trim(void);
/* Oldest job of this carrier, 0 none. */
struct slot *slot_oldest(const struct carrier *by);
struct slot *slot_find(const struct carrier *by, uint32_t serial);

#endif
