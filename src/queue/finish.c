/* finish.c: the end of a message's life in the queue, and the sweeper that
 * removes what dead writers left. Both go by one rule: the entry that makes a
 * message visible (todo/ID, info/ID) goes before the message itself, so that
 * whatever stops us, nothing is ever seen half. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/clock.h"
#include "file.h"
#include "queue.h"

int queue_chan_done(struct queue *q, uint64_t id, enum qchan c)
{
	return qfile_drop(q, (int)c, id) < 0 ? -1 : 0;
}

int queue_finish(struct queue *q, uint64_t id)
{
	int dir;

	for (dir = 0; dir < QDIRS; dir++)
		if (qfile_drop(q, dir, id) < 0)
			return -1;
	return 0;
}

/* ---- sweeper ---- */

/* An unlocked file of ours has no living writer. The pause covers the moment
 * between a writer's open and its lock. */
#define SWEEP_SECS 900

static int older(const struct stat *st, int64_t secs)
{
	return st->st_mtime <= clock_wall() && clock_wall() - st->st_mtime > secs;
}

/* Times can be trusted when the clock is set and the file is not from the future
 * nor from before this program was built. */
static int sane_time(const struct stat *st)
{
	return clock_is_set() && st->st_mtime >= clock_build() &&
		st->st_mtime <= clock_wall();
}

/* Looks whether the writer of this file is surely gone. Ours hold a lock as long as
 * they live, and are known by their mode; without a sane clock the lock alone
 * decides. Others (0644, no lock) live for a day at most, so they must be older
 * than ORPHAN_SECS, and by a sane clock. -1: it may be alive; else a descriptor
 * that holds the lock, and the inode, until the caller has removed the name. */
static int open_orphan(struct queue *q, const char *path)
{
	int fd = qfile_at(q, path, O_RDONLY | O_NONBLOCK), dead = 0;
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if ((st.st_mode & 07777) == QPUT_MODE)
			dead = !sane_time(&st) || older(&st, SWEEP_SECS);
		else
			dead = sane_time(&st) && older(&st, ORPHAN_SECS);
	}
	return dead ? fd : io_close(fd);
}

/* What cannot be found out counts as queued: then nothing is removed. */
static int queued(struct queue *q, uint64_t id)
{
	return qfile_has(q, TODO, id) || qfile_has(q, INFO, id);
}

/* pid/: names that never became messages. Any name, as writers choose them. */
int queue_sweep_pid(struct queue *q)
{
	char path[300];
	struct dir d;
	int fd, n = 0;

	if (dir_open(&d, q->dir, "pid") < 0)
		return -1;
	while (dir_next(&d) > 0) {
		if (d.name[0] == '.' || !buf_text(path, sizeof path, "pid/%s", d.name) ||
			(fd = open_orphan(q, path)) < 0)
			continue;
		n += unlinkat(q->dir, path, 0) == 0;
		io_close(fd);
	}
	dir_close(&d);
	return n;
}

/* A message that no entry names. State is looked at after the lock is ours: a
 * writer may have committed in between. intd/ goes first, see the head. */
static int sweep_message(struct queue *q, uint64_t id, const char *path)
{
	int fd, n = 0;

	if (queued(q, id) || (fd = open_orphan(q, path)) < 0)
		return 0;
	if (!queued(q, id) && qfile_drop(q, INTD, id) >= 0)
		n = unlinkat(q->dir, path, 0) == 0;
	io_close(fd);
	return n;
}

/* A file that belongs to no message at all: mess/ID comes before intd/ID and goes
 * after it, so it is no one's. */
static int sweep_rest(struct queue *q, uint64_t id, const char *path)
{
	return !queued(q, id) && !qfile_has(q, MESS, id) &&
		unlinkat(q->dir, path, 0) == 0;
}

/* Removing while reading a directory may hide entries of it: they are found the
 * next time. */
int qwalk_orphan(struct qwalk *w, uint64_t id)
{
	return w->dir == MESS ? sweep_message(w->q, id, w->path) :
		sweep_rest(w->q, id, w->path);
}
