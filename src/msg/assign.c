/* assign.c: asks users/cdb, which qmail-newu makes of users/assign, who gets the
 * mail of a name. Before the passwd file is asked, still with the rights of the
 * runner. Keys are "!name" and a NUL for a whole name, "!beginning" for all that
 * begin so; the record of the empty key lists the last bytes that beginnings have,
 * so that a long name costs few lookups. Refuses: a file it cannot read for
 * certain; an answer of "no such user" needs one that was read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "../base/cdb.h"
#include "../base/text.h"
#include "../limits.h"
#include "assign.h"

enum { FIELDS = 6 };	/* user, uid, gid, home, dash, ext */

const char *assign_dir(void)
{
	const char *d = getenv("ASSIGNDIR");

	return d && *d ? d : USERS_DIR;
}

int assign_path(struct buf *p, const char *name)
{
	if (buf_fmt(p, "%s/%s", assign_dir(), name) && buf_z(p))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* A record into w; rest is put behind its ext. 1, 0 it is none. */
static int fill(struct who *w, struct buf *data, const char *rest)
{
	const char *f[FIELDS] = { 0 }, *s = data->s;
	int i;

	if (!buf_puts(data, rest) || !buf_z(data))
		return 0;
	for (i = 0; i < FIELDS; i++) {
		if (s > data->s + data->len)
			return 0;
		f[i] = s;
		s += strlen(s) + 1;
	}
	w->dash = f[4];
	w->ext = f[5];
	return text_copy(w->user, sizeof w->user, f[0]) && text_id(f[1], &w->uid) &&
		text_id(f[2], &w->gid) && *f[3] == '/' && text_copy(w->home, sizeof w->home, f[3]);
}

/* key is "!" and the name in lower case, NUL, n bytes without that. *used: how many
 * bytes of the name were enough. 1, 0, -1. */
static int look_up(const struct cdb *c, const char *key, size_t n, struct buf *data,
	size_t *used)
{
	char wild[256];
	struct buf w = BUF_OVER(wild);
	int r = cdb_get(c, key, n + 1, data);

	*used = n - 1;
	if (r)
		return r;
	if ((r = cdb_get(c, "", 0, &w)) <= 0) {
		errno = EBADMSG;	/* every users/cdb has this record */
		return -1;
	}
	for (; n; n--) {
		*used = n - 1;
		if ((n == 1 || memchr(wild, key[n - 1], w.len)) &&
			(r = cdb_get(c, key, n, data)) != 0)
			return r;
	}
	return 0;
}

int assign_find(struct who *w, const char *local, const char **why)
{
	static char space[512 + 2 * ADDR_CAP];
	char path[512], key[ADDR_CAP + 1] = "!";
	struct buf p = BUF_OVER(path), data = BUF_OVER(space);
	struct cdb c;
	size_t n, used;
	int r;

	*why = "Unable to read users/cdb; qmail-newu makes it anew. (#4.3.0)";
	if (assign_path(&p, "cdb") < 0 || (r = cdb_open(&c, path)) < 0)
		return -1;
	if (!r)
		return 0;
	for (n = 0; n < ADDR_MAX && local[n]; n++)
		key[n + 1] = (char)text_lower((unsigned char)local[n]);
	key[n + 1] = 0;
	r = look_up(&c, key, n + 1, &data, &used);
	cdb_close(&c);
	if (r <= 0 || fill(w, &data, local + used))
		return r;
	*why = "This user's line in users/assign makes no sense. (#4.3.0)";
	return -1;
}
