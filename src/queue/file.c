/* file.c: finding a message's files in a queue of any split, or of several at
 * once (a split that was changed, a queue that was restored in part). A file is
 * looked for where it ought to be and then everywhere: to take a channel's file
 * for missing when it is only elsewhere would be to lose its recipients. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "../base/text.h"
#include "file.h"

/* A message's or sub-directory's name: digits as we would write them. */
static int is_id(const char *name, uint64_t *id)
{
	size_t n = strlen(name);

	return text_is_u64(name, n, id) && *id <= UINT64_MAX / 2 &&
		(name[0] != '0' || n == 1);
}

/* Next entry that may be one: its kind as dir_kind, 0 at the end, -1 errno. */
static int next_id(struct dir *d, uint64_t *id)
{
	int r;

	while ((r = dir_next(d)) > 0)
		if (is_id(d->name, id))
			return dir_kind(d);
	return r;
}

/* How many sub-directories there may be to look into; found out once. */
static int know_subs(struct queue *q)
{
	unsigned top = 1;
	struct dir d;
	uint64_t n;
	int dir, r;

	for (dir = 0; dir < QDIRS && !q->subs; dir++) {
		if (dir == BOUNCE || dir == NOTE)
			continue;
		if (dir_open(&d, q->dir, qdir_name[dir]) < 0) {
			if (errno != ENOENT)
				return -1;
			continue;
		}
		while ((r = next_id(&d, &n)) > 0)
			if (r == 'd' && n < SPLIT_MAX && n >= top)
				top = (unsigned)n + 1;
		dir_close(&d);
		if (r < 0)
			return -1;
	}
	if (!q->subs)
		q->subs = top;
	return 0;
}

/* One place to look: 1 there, 0 not there, -1 errno. */
static int look(struct queue *q, const char *path, struct stat *st)
{
	if (fstatat(q->dir, path, st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	return S_ISREG(st->st_mode);
}

int qfile_find(struct queue *q, int dir, uint64_t id, char *path, struct stat *st)
{
	int own = qdir_sub(q, dir, id), sub, r;

	r = look(q, qpath(path, dir, own, id), st);
	if (r || dir == BOUNCE || dir == NOTE)
		return r;
	if (know_subs(q) < 0)
		return -1;
	/* -1: todo/ID and intd/ID may lie beside sub-directories. */
	for (sub = dir == TODO || dir == INTD ? -1 : 0; sub < (int)q->subs; sub++)
		if (sub != own && (r = look(q, qpath(path, dir, sub, id), st)) != 0)
			return r;
	return 0;
}

int qfile_has(struct queue *q, int dir, uint64_t id)
{
	char path[QPATH];
	struct stat st;

	return qfile_find(q, dir, id, path, &st);
}

int qfile_open(struct queue *q, int dir, uint64_t id, int flags)
{
	char path[QPATH];
	struct stat st;
	int r = qfile_find(q, dir, id, path, &st);

	if (r > 0)
		return qfile_at(q, path, flags);
	if (r == 0)
		errno = ENOENT;
	return -1;
}

int qfile_drop(struct queue *q, int dir, uint64_t id)
{
	char path[QPATH];
	struct stat st;
	int r = qfile_find(q, dir, id, path, &st);

	if (r > 0 && unlinkat(q->dir, path, 0) < 0)
		return errno == ENOENT ? 0 : -1;
	return r;
}

/* ---- walks ---- */

int qwalk_dir(struct qwalk *w, struct queue *q, int dir)
{
	w->q = q;
	w->dir = dir;
	w->subno = w->sub.fd = -1;
	return dir_open(&w->top, q->dir, qdir_name[dir]);
}

int qwalk_step(struct qwalk *w, uint64_t *id, char *path, int *sub)
{
	int r;

	for (;;) {
		r = next_id(w->subno < 0 ? &w->top : &w->sub, id);
		if (r < 0 || (r == 0 && w->subno < 0))
			return r;
		qpath(path, w->dir, w->subno, *id);
		if (r == 0) {
			dir_close(&w->sub);
			w->subno = -1;
		} else if (r == 'd' && w->subno < 0 && *id < SPLIT_MAX) {
			if (dir_open(&w->sub, w->q->dir, path) == 0)
				w->subno = (int)*id;
			else if (errno != ENOENT)
				return -1;
		} else if (r == 'f') {
			*sub = w->subno;
			return 1;
		}
	}
}

int qwalk_open(struct qwalk *w, struct queue *q, enum qstate what)
{
	w->what = what;
	return qwalk_dir(w, q, what == FRESH ? TODO : INFO);
}

int qwalk_next(struct qwalk *w, uint64_t *id)
{
	char path[QPATH];
	int sub, r;

	while ((r = qwalk_step(w, id, path, &sub)) > 0) {
		if (w->what == FRESH)
			return 1;
		/* While todo/ID stands, info/ID is what an interrupted
		 * settling left behind. */
		if ((r = qfile_has(w->q, TODO, *id)) < 0)
			return -1;
		if (r == 0)
			return 1;
	}
	return r;
}

void qwalk_close(struct qwalk *w)
{
	dir_close(&w->sub);
	dir_close(&w->top);
}

_Static_assert(sizeof ((struct qwalk *)0)->path == QPATH, "queue.h has its size");

int qwalk_part(struct qwalk *w, struct queue *q, enum qpart part)
{
	static const unsigned char dirs[QPARTS] = { INFO, LOCAL, REMOTE, MESS, INTD,
		NOTE, BOUNCE };

	return qwalk_dir(w, q, dirs[part]);
}

int qwalk_entry(struct qwalk *w, uint64_t *id)
{
	int sub;

	return qwalk_step(w, id, w->path, &sub);
}

int qwalk_due(struct qwalk *w, int64_t *due)
{
	struct stat st;
	int r = look(w->q, w->path, &st);

	*due = st.st_mtime;
	return r;
}
