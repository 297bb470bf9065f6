/* fix.h: the two halves of queue-fix. */
#ifndef QUEUE_FIX_H
#define QUEUE_FIX_H
#include <sys/types.h>
#include "queue.h"

struct fix {
	int own;		/* 1: give everything to uid and gid (root) */
	int shared;		/* 1: they are another user's than ours: more may write */
	uid_t uid;
	gid_t gid;
	unsigned problems;	/* found, mended or not */
	int failed;		/* 1: something could not be mended; it was said what */
	char on[128];		/* option letters that were given */
};

/* A problem with the file of that name. 1: mend it; 0: dry run. */
int fix_found(struct fix *f, const char *name, const char *what);
/* It could not be mended, see errno. Returns -1. */
int fix_failed(struct fix *f, const char *name);
/* Owner and, unless mode is 0, rights of an open file. */
void fix_rights(struct fix *f, int fd, const char *name, mode_t mode);

/* Messages: each file in its sub-directory, with its owner; entries that name no
 * message are reported, and removed with -i. Nothing else is ever removed. */
void fix_messages(struct fix *f, struct queue *q);

#endif
