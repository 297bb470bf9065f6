/* passwd.c: /etc/passwd and /etc/group, line by line through a window, so that
 * a file of any length costs the same memory. Of a line that is too long, a group of many
 * members, the fields that are whole count; one with missing fields is skipped. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "io.h"
#include "passwd.h"
#include "text.h"

enum { FIELDS = 7, LINE = 1024 };

/* Splits at ':' in place. Returns the number of fields, at most FIELDS. */
static int split(char *line, char *f[FIELDS])
{
	int n = 0;

	while (n < FIELDS) {
		f[n++] = line;
		if (!(line = strchr(line, ':')))
			break;
		*line++ = 0;
	}
	return n;
}

/* Next line into line[]: 1, 0 end, -1 errno. *cut 1: it is longer. */
static int next_line(struct in *in, char line[LINE], int *cut)
{
	size_t n = 0;
	int c, any = 0;

	*cut = 0;
	while ((c = in_getc(in)) >= 0) {
		any = 1;
		if (c == '\n')
			break;
		if (n < LINE - 1)
			line[n++] = (char)c;
		else
			*cut = 1;
	}
	if (c == -2)
		return -1;
	line[n] = 0;
	return any;
}

typedef int matcher(char *f[FIELDS], int n, const void *want, void *to);

static int search(const char *path, matcher *match, const void *want, void *to)
{
	char window[512], line[LINE], *f[FIELDS];
	struct in in = IN_OVER(openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC), window);
	int r, cut;

	if (in.fd < 0)
		return errno == ENOENT ? 0 : -1;
	while ((r = next_line(&in, line, &cut)) > 0)
		if (match(f, split(line, f) - cut, want, to))
			break;
	io_close(in.fd);
	return r;
}

static int fill(char *f[FIELDS], int n, struct user *u)
{
	/* A user may have no home. */
	u->home[0] = 0;
	return n >= 6 && text_id(f[2], &u->uid) && text_id(f[3], &u->gid) &&
		text_copy(u->name, sizeof u->name, f[0]) &&
		(!*f[5] || text_copy(u->home, sizeof u->home, f[5]));
}

static int by_name(char *f[FIELDS], int n, const void *want, void *to)
{
	return !strcmp(f[0], want) && fill(f, n, to);
}

static int by_uid(char *f[FIELDS], int n, const void *want, void *to)
{
	unsigned id;

	return n > 2 && text_id(f[2], &id) && id == *(const uid_t *)want && fill(f, n, to);
}

static int group_by_name(char *f[FIELDS], int n, const void *want, void *to)
{
	return n > 2 && !strcmp(f[0], want) && text_id(f[2], to);
}

int passwd_name(struct user *u, const char *name)
{
	return search("/etc/passwd", by_name, name, u);
}

int passwd_uid(struct user *u, uid_t uid)
{
	return search("/etc/passwd", by_uid, &uid, u);
}

void passwd_worker(struct user *u, uid_t owner, gid_t group)
{
	if (passwd_name(u, "qmailr") > 0 || (!owner && passwd_name(u, "nobody") > 0))
		return;
	u->uid = owner ? owner : 65534;
	u->gid = owner ? group : 65534;
}

int group_name(gid_t *gid, const char *name)
{
	return search("/etc/group", group_by_name, name, gid);
}
