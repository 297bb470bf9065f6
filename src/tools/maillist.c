/* maillist.c: the messages of a Maildir, in the order in which they came.
 *
 * For readers; nothing is delivered here. Names are kept as they are, and only what
 * is a regular file is a message. A message that a mail reader moves meanwhile is
 * not found when it is opened, and is left where it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/dir.h"
#include "../base/heap.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../limits.h"
#include "maillist.h"

enum { NAMES_MAX = 64 << 20 };

int maillist_open(struct maillist *l, const char *name)
{
	const char *env = getenv("MAILDIR"), *home = getenv("HOME");
	char path[1024];
	struct buf b = BUF_OVER(path);

	*l = (struct maillist){ .dir = -1, .names = BUF_HEAP(NAMES_MAX) };
	if (env && *env)
		buf_puts(&b, env);
	else if (home && *home)
		buf_fmt(&b, "%s/Maildir", home);
	if (!b.len || !buf_z(&b)) {
		say(name, "set MAILDIR to the path of your Maildir");
		return -1;
	}
	l->dir = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir < 0)
		say(name, "unable to open %s:", path);
	return l->dir < 0 ? -1 : 0;
}

/* ---- reading ---- */

static int add(struct maillist *l, const char *sub, const char *name, int64_t at)
{
	size_t was = l->cap * sizeof *l->items;
	struct item *p;

	if (l->n == l->cap) {
		p = heap_grow(l->items, was, was ? 2 * was : HEAP_LEAST);
		if (!p)
			return -1;
		l->items = p;
		l->cap = (was ? 2 * was : HEAP_LEAST) / sizeof *p;
	}
	l->items[l->n].at = at;
	l->items[l->n++].name = l->names.len;
	return buf_fmt(&l->names, "%s/%s%c", sub, name, 0) ? 0 : -1;
}

static int read_dir(struct maillist *l, const char *sub)
{
	struct dir d;
	struct stat st;
	int r;

	if (dir_open(&d, l->dir, sub) < 0)
		return -1;
	while ((r = dir_next(&d)) > 0) {
		if (*d.name == '.' || fstatat(d.fd, d.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(st.st_mode))
			continue;
		if (add(l, sub, d.name, st.st_mtime) < 0) {
			errno = ENOMEM;
			r = -1;
			break;
		}
	}
	dir_close(&d);
	return r;
}

/* A clock that was set just now makes a living writer's file look old: it is removed,
 * its writer cannot name it, and the message waits for the next try. */
static void clean(const struct maillist *l)
{
	int64_t old = clock_wall() - ORPHAN_SECS;
	struct dir d;
	struct stat st;

	if (!clock_is_set() || dir_open(&d, l->dir, "tmp") < 0)
		return;
	while (dir_next(&d) > 0)
		if (*d.name != '.' && fstatat(d.fd, d.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode) && st.st_mtime < old && st.st_atime < old)
			unlinkat(d.fd, d.name, 0);
	dir_close(&d);
}

/* The latest of the first n goes to the top of the heap below i. */
static void sift(struct item *v, size_t i, size_t n)
{
	struct item it = v[i];
	size_t k;

	for (; (k = 2 * i + 1) < n; i = k) {
		if (k + 1 < n && v[k + 1].at > v[k].at)
			k++;
		if (v[k].at <= it.at)
			break;
		v[i] = v[k];
	}
	v[i] = it;
}

static void sort(struct item *v, size_t n)
{
	struct item last;
	size_t i;

	for (i = n / 2; i--;)
		sift(v, i, n);
	while (n-- > 1) {
		last = v[n];
		v[n] = v[0];
		v[0] = last;
		sift(v, 0, n);
	}
}

int maillist_read(struct maillist *l, int all)
{
	l->n = 0;
	buf_clear(&l->names);
	clean(l);
	if (read_dir(l, "new") < 0 || (all && read_dir(l, "cur") < 0))
		return -1;
	sort(l->items, l->n);
	return 0;
}

const char *maillist_name(const struct maillist *l, size_t i)
{
	return l->names.s + l->items[i].name;
}

int maillist_file(const struct maillist *l, size_t i)
{
	int fd = openat(l->dir, maillist_name(l, i),
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = ENOENT;
		return io_close(fd);
	}
	return fd;
}
