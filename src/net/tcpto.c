/* tcpto.c: which addresses timed out lately. A host that swallows packets costs
 * a minute each time it is asked; this file lets a whole queue pay it twice an
 * hour instead of once a message. Only a time-out counts: a refusal is quick. */
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include "tcpto.h"
#include "../base/clock.h"

#define COUNT_MAX 10
#define SAME_SECS 120	/* failures closer together count once, if nothing else is said */

struct table { unsigned char r[TCPTO_RECORDS][TCPTO_BYTES]; };

static int64_t when(const unsigned char *r)
{
	return r[8] | r[9] << 8 | r[10] << 16 | (int64_t)r[11] << 24;
}

int tcpto_record(const unsigned char r[static TCPTO_BYTES], struct addr *a,
	unsigned *count, int64_t *at)
{
	if (!r[4] || (r[0] != AF_INET && r[0] != AF_INET6))
		return 0;
	addr_set(a, r[0], r + 16);
	*count = r[4];
	*at = when(r);
	return 1;
}

static void record_set(unsigned char *r, const struct addr *a, unsigned count)
{
	int64_t now = clock_wall();
	size_t n;
	const void *ip = addr_ip(a, &n);

	memset(r, 0, TCPTO_BYTES);
	r[0] = a->u.sa.sa_family;
	r[4] = count > COUNT_MAX ? COUNT_MAX : count;
	for (int i = 0; i < 4; i++)
		r[8 + i] = now >> 8 * i;
	memcpy(r + 16, ip, n);
}

/* The record of the address; 0 none. *victim: the one that is missed least,
 * unused, else old and rarely hit. */
static unsigned char *find(struct table *t, const struct addr *a, unsigned char **victim)
{
	int64_t best = INT64_MAX, at = 0, v;
	struct addr b;
	unsigned count, i;

	for (i = 0; i < TCPTO_RECORDS; i++) {
		unsigned char *r = t->r[i];

		v = INT64_MIN;
		if (tcpto_record(r, &b, &count, &at)) {
			if (addr_same(a, &b))
				return r;
			v = at + 1024 * count;
		}
		if (v < best) {
			best = v;
			*victim = r;
		}
	}
	return 0;
}

enum what { SKIP, FAILED, WORKED };

static int visit(int fd, const struct addr *a, enum what what, unsigned secs)
{
	struct table t = { 0 };		/* a short file reads as zeroes */
	unsigned char *r, *changed = 0, *victim = t.r[0];
	int64_t ago;
	int skip = 0;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (pread(fd, &t, sizeof t, 0) < 0)
		goto out;
	r = find(&t, a, &victim);
	ago = r ? clock_wall() - when(r) : 0;
	if (what == FAILED && (!r || ago < 0 || ago >= secs)) {
		changed = r ? r : victim;
		record_set(changed, a, r ? r[4] + 1u : 1);
	} else if (what == WORKED && r) {
		changed = r;
		r[4] = 0;
	} else if (r && r[4] >= 2)
		skip = ago >= 0 && ago < (60 + (getpid() & 31)) * (int64_t)secs / 60;
	/* What cannot be written is forgotten; nothing depends on it. */
	if (changed && pwrite(fd, changed, TCPTO_BYTES, changed - t.r[0]) < 0)
		skip = 0;
out:
	flock(fd, LOCK_UN);
	return skip;
}

int tcpto_skip(int fd, const struct addr *a, unsigned penalty)
{
	return visit(fd, a, SKIP, penalty);
}

void tcpto_failed(int fd, const struct addr *a, unsigned tolerance)
{
	visit(fd, a, FAILED, tolerance ? tolerance : SAME_SECS);
}

void tcpto_worked(int fd, const struct addr *a)
{
	visit(fd, a, WORKED, 0);
}
