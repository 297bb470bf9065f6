/* passwd.h: /etc/passwd and /etc/group read line by line, without the C
 * library's lookup (20 KB) and without NSS: a static program on a board has the
 * file and nothing else. */
#ifndef BASE_PASSWD_H
#define BASE_PASSWD_H
#include <sys/types.h>

struct user { char name[33]; uid_t uid; gid_t gid; char home[256]; };

/* 1 found, 0 there is no such user (or no file at all), -1 errno. Names are
 * compared byte for byte; a name or home that does not fit is not found. */
int passwd_name(struct user *u, const char *name);
int passwd_uid(struct user *u, uid_t uid);
/* Whose the remote workers are, where root has started the runner: qmailr's, else those of
 * the queue's owner, but never root's: nobody's. */
void passwd_worker(struct user *u, uid_t owner, gid_t group);
/* Full name (GECOS up to the first comma) is not offered: mail does not need it. */
int group_name(gid_t *gid, const char *name);

#endif
