/* path.c: the names of a message's files: what its writer needs, without the
 * searching in file.c. */
#include <fcntl.h>
#include "../base/buf.h"
#include "file.h"

const char qdir_name[QDIRS][8] = { [LOCAL] = "local", [REMOTE] = "remote",
	[BOUNCE] = "bounce", [NOTE] = "note", [INFO] = "info", [TODO] = "todo",
	[INTD] = "intd", [MESS] = "mess" };

unsigned qdir_subs(const struct queue *q, int dir)
{
	if (dir == BOUNCE || dir == NOTE)
		return 0;
	return dir == TODO || dir == INTD ? q->bigtodo : q->split;
}

int qdir_sub(const struct queue *q, int dir, uint64_t id)
{
	unsigned n = qdir_subs(q, dir);

	return n ? (int)(id % n) : -1;
}

char *qpath(char *dst, int dir, int sub, uint64_t id)
{
	struct buf b = BUF_AT(dst, 0, QPATH);

	buf_fmt(&b, "%s/", qdir_name[dir]);
	if (sub >= 0)
		buf_fmt(&b, "%d/", sub);
	buf_fmt(&b, "%llu", (unsigned long long)id);
	buf_z(&b);
	return dst;
}

char *qpath_own(char *dst, const struct queue *q, int dir, uint64_t id)
{
	return qpath(dst, dir, qdir_sub(q, dir, id), id);
}

int qfile_at(const struct queue *q, const char *path, int flags)
{
	return openat(q->dir, path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int qfile_syncdir(const struct queue *q, int dir, uint64_t id)
{
	int sub = qdir_sub(q, dir, id);
	char path[QPATH];

	if (!q->sync)
		return 0;
	return io_syncdir(q->dir, sub < 0 ? qdir_name[dir] :
		qpath(path, dir, -1, (unsigned)sub));
}
