/* defaults.c: which directories of variables a program loads when it starts. The
 * user's comes first and the administrator's last, so that what the latter sets
 * holds; a user who wants another configuration as a whole sets CONTROLDIR or
 * QUEUE_BASE in the environment, and has no other rights for it. A set-id process
 * loads nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "control.h"
#include "defaults.h"
#include "env.h"
#include "envdir.h"
#include "log.h"
#include "sys.h"

/* Kept for good: the environment points into them. */
static struct buf own = BUF_HEAP(ENVDIR_BYTES), admins = BUF_HEAP(ENVDIR_BYTES);

/* 0 when there is none or it is loaded; -1 nothing of it is. */
static int load(struct buf *to, const char *dir, const char *name)
{
	char path[512];

	buf_clear(to);
	if (!buf_text(path, sizeof path, "%s/%s", dir, name))
		return 0;	/* no such name exists */
	return envdir_read(to, path) < 0 ? -1 : env_put_all(to);
}

/* Programs often run with the home of somebody else, who keeps it closed. */
static int may_enter(const char *home)
{
	return syscall(SYS_faccessat, AT_FDCWD, home, X_OK) == 0;
}

int defaults_load(const char *prog)
{
	const char *home = getenv("HOME");

	/* One applet may call another. */
	if (own.len || admins.len || getauxval(AT_SECURE))
		return 0;
	if (home && *home == '/' && getauxval(AT_UID) && !getenv("SKIP_LOCAL_ENVIRONMENT") &&
		load(&own, home, ".defaultqueue") < 0 && may_enter(home))
		say(prog, "warning: nothing of .defaultqueue is used: %s", envdir_error());
	if (getenv("QUEUE_BASE") || !control_exists("defaultqueue") ||
		load(&admins, control_dir(), "defaultqueue") == 0)
		return 0;
	say(prog, "unable to load variables: %s", envdir_error());
	return -1;
}
