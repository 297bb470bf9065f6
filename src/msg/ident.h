/* ident.h: who sends: this host's names and the user's. Each is looked up when
 * a message first needs it, and once. */
#ifndef MSG_IDENT_H
#define MSG_IDENT_H
#include "../base/passwd.h"
#include "addrlist.h"

enum { IDENT_ME = ADDR_ME, IDENT_IDHOST, IDENT_NAMES };

struct ident {
	/* After a failure: what is wrong and what to do, in three pieces. */
	const char *why[3];
	int missing;		/* 1: no name is configured; 0: a file is unreadable or wrong */
	struct user user;
	char name[IDENT_NAMES][512];	/* a file with more than its first line fits */
};

/* One of ADDR_ or IDENT_: $QMAILDEFAULTHOST and its kin, else the control file,
 * else control/me. 0 when there is none: see why. */
const char *ident_host(struct ident *id, int which);
/* The same for struct addr_rules; arg is the struct ident. */
const char *ident_name(void *arg, enum addr_name which);
/* $QMAILUSER, $MAILUSER, $USER, $LOGNAME, the real uid's passwd entry,
 * "anonymous". Never 0. */
const char *ident_user(struct ident *id);
/* First variable that is set and not empty, or 0. names: each one ends in NUL,
 * and so does the list ("A\0B\0"). */
const char *ident_env(const char *names);

#endif
