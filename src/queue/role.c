/* role.c: who may be trusted with talking to strangers: somebody who can hand their mail on,
 * and as little else as that allows; never root. */
#include <stdlib.h>
#include <sys/stat.h>
#include "config.h"
#include "../base/log.h"
#include "queue.h"
#include "role.h"
#include "submit.h"

/* 1 when children would write the queue themselves: there is no other program to do it. */
static int writes_queue(void)
{
	const char *other = getenv("QMAILQUEUE");
	struct stat st;

	return CFG_QUEUE && !(other && *other) && submit_link(SBIN_DIR "/qmail-queue") <= 0 &&
		!(stat(SBIN_DIR "/qmail-queue", &st) == 0 && st.st_mode & S_ISUID);
}

int role_server(const char *name, struct user *u)
{
	struct stat st;

	if (writes_queue() && stat(queue_dir(), &st) == 0) {
		if (!st.st_uid) {
			say(name, "%s belongs to root, who does not talk to strangers: give it "
				"to a user with queue-fix, or name one with -u", queue_dir());
			return -1;
		}
		u->uid = st.st_uid;
		u->gid = st.st_gid;
	} else if (passwd_name(u, "qmaild") <= 0 && passwd_name(u, "nobody") <= 0)
		u->uid = u->gid = 65534;
	return 0;
}
