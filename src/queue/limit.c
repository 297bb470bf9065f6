/* limit.c: flood limits, looked at when a message is put in. Rates stand in
 * lock/rates, a fixed table of windows that all writers share; how full the queue
 * is, is found out by looking. Nothing here is synced: after a power cut a flood
 * may begin anew, and that is all. Refuses mail for now, never for good. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/text.h"
#include "../exits.h"
#include "file.h"
#include "limit.h"

/* One window. Numbers are the machine's own: the file is not for export. Whatever
 * stands there after damage is at worst a wrong count for an hour. */
struct window { uint64_t key; uint32_t since, n; };	/* n 0: free */
enum { WINDOWS = 256 };
#define TOLD 0x80000000u	/* in n: its first refusal was reported */

/* Unsigned: a time in the future (the clock was set back) is over as well. */
static int is_open(const struct window *w, uint32_t now)
{
	return w->n && now - w->since < LIMIT_SECS;
}

/* The window of this key. Else a free one; else the quietest: a sender who tries to
 * push his own out by using many names would have to be louder under each. */
static struct window *find(struct window *w, uint64_t key, uint32_t now)
{
	struct window *best = w, *end = w + WINDOWS;

	for (; w < end; w++) {
		if (!is_open(w, now))
			w->n = 0;
		else if (w->key == key)
			return w;
		if ((w->n & ~TOLD) < (best->n & ~TOLD))
			best = w;
	}
	best->key = key;
	best->since = now;
	best->n = 0;
	return best;
}

static enum limit count(struct window *w, uint64_t max)
{
	uint32_t n = w->n & ~TOLD;

	if (!n)
		w->n = n = 1;	/* it is open: n is one more than what was counted */
	if (n - 1 < max && n < TOLD - 1) {
		w->n++;
		return LIMIT_ON;
	}
	if (w->n & TOLD)
		return LIMIT_OVER;
	w->n |= TOLD;
	return LIMIT_FIRST;
}

static enum limit ask(struct queue *q, const char *key, uint64_t max, uint64_t *wait)
{
	struct window table[WINDOWS], *w;
	uint32_t now = (uint32_t)clock_wall();
	enum limit r;
	int fd = qfile_shared(q, "lock/rates");

	*wait = LIMIT_SECS;
	if (fd < 0)
		return LIMIT_ON;
	/* Without the lock (its holder was stopped) a count may be lost, no more. */
	qfile_lock(fd);
	memset(table, 0, sizeof table);
	if (pread(fd, table, sizeof table, 0) < 0)
		memset(table, 0, sizeof table);
	w = find(table, text_hash(key, strlen(key)), now);
	r = count(w, max);
	*wait = w->since + LIMIT_SECS - now;
	/* A window that cannot be written (disk full) would report each refusal. */
	if (r != LIMIT_OVER && pwrite(fd, w, sizeof *w, (char *)w - (char *)table) < 0 &&
		r == LIMIT_FIRST)
		r = LIMIT_OVER;
	io_close(fd);
	return r;
}

enum limit limit_ask(struct queue *q, const char *key, uint64_t max, uint64_t *wait)
{
	*wait = 0;
	return max ? ask(q, key, max, wait) : LIMIT_ON;
}

/* "over NAME MAX WHO" for the runner's log. An envelope address has no control
 * bytes, so it cannot end the line. A flood of them leaves room for `qmta queue`. */
static void report(struct queue *q, const char *name, uint64_t max, const char *who)
{
	char line[ADDR_CAP + 60];
	struct buf b = BUF_OVER(line);

	if (buf_fmt(&b, "over %s %llu %s\n", name, (unsigned long long)max, who))
		queue_command_add(q, b.s, b.len, COMMANDS_MAX / 2);
}

static int full(struct queue *q, const char *name, uint64_t max, int code)
{
	uint64_t wait;

	if (ask(q, name, 0, &wait) == LIMIT_FIRST)
		report(q, name, max, "");
	return code;
}

/* Counted in mess/, so that what is just being written counts as well. A walk that
 * fails has seen enough or nothing: go on. */
int limit_room(struct queue *q, uint64_t *left)
{
	uint64_t id, messages = 0, bytes = 0;
	char path[QPATH];
	struct stat st;
	struct qwalk w;
	int sub;

	*left = UINT64_MAX;
	if ((!q->queuemax && !q->queuemaxbytes) || qwalk_dir(&w, q, MESS) < 0)
		return 0;
	while (qwalk_step(&w, &id, path, &sub) > 0) {
		messages++;
		if (q->queuemaxbytes &&
			fstatat(q->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			bytes += (uint64_t)st.st_size;
	}
	qwalk_close(&w);
	if (q->queuemax && messages >= q->queuemax)
		return full(q, "queuemax", q->queuemax, QQ_QUEUEMAX);
	if (!q->queuemaxbytes)
		return 0;
	*left = bytes < q->queuemaxbytes ? q->queuemaxbytes - bytes : 0;
	return *left ? 0 : limit_bytes(q);
}

int limit_bytes(struct queue *q)
{
	return full(q, "queuemaxbytes", q->queuemaxbytes, QQ_QUEUEBYTES);
}

int limit_sender(struct queue *q, const char *s, size_t n)
{
	char key[ADDR_CAP + 8];
	uint64_t wait;
	enum limit r;

	if (!n || !buf_text(key, sizeof key, "sender %.*s", (int)n, s))
		return 0;
	r = limit_ask(q, key, q->sendermax, &wait);
	if (r == LIMIT_FIRST)
		report(q, "sendermax", q->sendermax, key + 7);
	return r == LIMIT_ON ? 0 : QQ_SENDERMAX;
}
