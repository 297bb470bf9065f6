/* fixmsg.c: the messages of a queue that is being repaired. A file that lies in
 * the sub-directory of another split is moved, by rename, so that at each
 * moment it is in one place or the other and the runner, which looks in all,
 * finds it. A name that is not the file's inode number is fine for us; only
 * classic programs make their names so. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "../base/log.h"
#include "file.h"
#include "fix.h"

/* As root in a directory that another user may write: never by name, and never a
 * file that has another name elsewhere. */
static void give(struct fix *f, struct queue *q, const char *path)
{
	int fd = qfile_at(q, path, O_RDONLY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno != ENOENT)
		fix_failed(f, path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		fix_rights(f, fd, path, 0);
	io_close(fd);
}

static void place(struct fix *f, struct queue *q, const char *path, int dir,
	uint64_t id, int sub)
{
	char own[QPATH];

	if (f->own)
		give(f, q, path);
	if (sub != qdir_sub(q, dir, id) &&
		fix_found(f, path, "lies in the wrong sub-directory") &&
		io_rename(q->dir, path, qpath_own(own, q, dir, id)) < 0 && errno != ENOENT)
		fix_failed(f, path);
}

/* todo/ID or info/ID whose message is gone: nothing can be sent any more. */
static void check_entry(struct fix *f, struct queue *q, const char *path, uint64_t id)
{
	int r = qfile_has(q, MESS, id);

	if (r > 0)
		return;
	if (r < 0)
		fix_failed(f, path);
	else if (!fix_found(f, path, "its message is missing") || !f->on['i'])
		say("queue-fix", "%s: its message is missing%s", path,
			f->on['i'] ? "" : "; -i removes such entries");
	else if (queue_finish(q, id) < 0)
		fix_failed(f, path);
}

static void check_name(struct queue *q, const char *path, uint64_t id)
{
	struct stat st;

	if (fstatat(q->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		(uint64_t)st.st_ino != id)
		say("queue-fix", "%s: name is not the inode number: fine here, but "
			"classic programs would mind", path);
}

/* One directory; checks 0: puts files where they belong; 1: looks for the message. */
static void each(struct fix *f, struct queue *q, int dir, int checks)
{
	char path[QPATH];
	struct qwalk w;
	uint64_t id;
	int sub, r;

	if (qwalk_dir(&w, q, dir) < 0) {
		if (errno != ENOENT)
			fix_failed(f, qdir_name[dir]);
		return;
	}
	while ((r = qwalk_step(&w, &id, path, &sub)) > 0) {
		if (!checks)
			place(f, q, path, dir, id, sub);
		else if (dir == MESS)
			check_name(q, path, id);
		else
			check_entry(f, q, path, id);
	}
	if (r < 0)
		fix_failed(f, qdir_name[dir]);
	qwalk_close(&w);
}

void fix_messages(struct fix *f, struct queue *q)
{
	int dir;

	/* Not intd: what is there is being written, or of no use. */
	for (dir = 0; dir < QDIRS; dir++)
		if (dir != INTD)
			each(f, q, dir, 0);
	each(f, q, TODO, 1);
	each(f, q, INFO, 1);
	if (f->on['v'])
		each(f, q, MESS, 1);
}
