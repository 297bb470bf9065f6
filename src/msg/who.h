/* who.h: which user an address belongs to. */
#ifndef MSG_WHO_H
#define MSG_WHO_H
#include <sys/types.h>

struct who {
	char user[33];
	uid_t uid;
	gid_t gid;
	char home[256];		/* absolute */
	const char *dash;	/* "" the user himself, "-" an extension or an alias */
	const char *ext;	/* what follows the dash; points into `local` */
	const char *lines;	/* instructions in place of a .qmail file, NUL-terminated; 0: look for one */
	int self;		/* with lines: ~/.qmail (or the default) is carried out before them */
	const char *owner;	/* with lines: envelope sender of what they forward; 0: as it came */
};

/* Finds the owner of the local part, as the super-user (aliases, users/cdb, system
 * users, the user alias) or as an ordinary user (himself and nobody else; other
 * users' mail waits). 1 found, 0 no such mailbox, -1 cannot be told now: *why says so
 * in words fit for a log. Never answers with uid 0. Another call ends what lines,
 * dash, ext and owner point to. */
int who_find(struct who *w, const char *local, const char **why);
/* Of this only the passwd file and the user alias, for whoever asks. */
int who_passwd(struct who *w, const char *local, const char **why);

#endif
