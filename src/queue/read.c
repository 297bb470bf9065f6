/* read.c: reading what the queue knows of a message: its envelope, its
 * recipients, its own bytes. Files of classic and other programs of the family
 * are read too: records that are not ours (u p e h) are passed over. Refuses
 * damage: a record without its end, an unknown letter, an address too long. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "../base/text.h"
#include "file.h"
#include "queue.h"

static void attach(struct qread *r, int fd, int fresh)
{
	r->in = (struct in)IN_OVER(fd, r->window);
	r->off = 0;
	r->fresh = fresh;
}

static int open_list(struct qread *r, struct queue *q, int dir, uint64_t id)
{
	int fd = qfile_open(q, dir, id, O_RDONLY);

	attach(r, fd, dir == TODO);
	return fd >= 0 ? 1 : errno == ENOENT ? 0 : -1;
}

int qread_fresh(struct qread *r, struct queue *q, uint64_t id)
{
	return open_list(r, q, TODO, id);
}

int qread_chan(struct qread *r, struct queue *q, uint64_t id, enum qchan c)
{
	return open_list(r, q, (int)c, id);
}

void qread_close(struct qread *r)
{
	r->in.fd = io_close(r->in.fd);
}

int qread_seek(struct qread *r, uint32_t off)
{
	if (lseek(r->in.fd, (off_t)off, SEEK_SET) < 0)
		return -1;
	attach(r, r->in.fd, r->fresh);
	r->off = off;
	return 0;
}

int qread_rewind(struct qread *r)
{
	return qread_seek(r, 0);
}

static int damaged(void)
{
	errno = EBADMSG;
	return -1;
}

/* Next record: its letter, and its text in r->addr (cut there, but *len is its true
 * length). 0 end, -1 errno. */
static int get_record(struct qread *r, size_t *len)
{
	int letter = in_getc(&r->in), c;
	size_t n = 0;

	if (letter < 0)
		return letter + 1;
	while ((c = in_getc(&r->in)) > 0) {
		if (n < sizeof r->addr - 1)
			r->addr[n] = (char)c;
		n++;
	}
	if (c < 0)
		return c == -1 ? damaged() : -1;
	r->addr[n < sizeof r->addr ? n : sizeof r->addr - 1] = 0;
	*len = n;
	/* A letter of 0 is none of ours. */
	return letter ? letter : damaged();
}

int qread_next(struct qread *r, struct qrcpt *rc)
{
	int letter;
	size_t len;

	while ((letter = get_record(r, &len)) > 0) {
		rc->off = r->off;
		if (len > UINT32_MAX - 2 - r->off)
			return damaged();
		r->off += (uint32_t)len + 2;
		if (letter == 'T' || (letter == 'D' && !r->fresh)) {
			if (len > ADDR_MAX)
				return damaged();
			rc->done = letter == 'D';
			rc->len = len;
			rc->addr = r->addr;
			return 1;
		}
		if (!r->fresh || !strchr("upFeh", letter))
			return damaged();
	}
	return letter;
}

/* A record p: the number, and the sender's wishes. */
static void take_pid(struct qinfo *i, const char *s, size_t n)
{
	const char *wish = memchr(s, ';', n);

	text_u64(s, n, &i->pid);
	if (wish && wish_ok(wish + 1))
		text_copy(i->wish, sizeof i->wish, wish + 1);
}

/* The records before the first recipient. 0 / -1 errno. */
static int read_head(struct qread *r, struct qinfo *i)
{
	int letter;
	size_t len;

	while ((letter = get_record(r, &len)) > 0) {
		if (letter == 'u')
			text_u64(r->addr, len, &i->uid);
		else if (letter == 'p')
			take_pid(i, r->addr, len);
		else if (letter != 'F' || len > ADDR_MAX)
			break;
		else {
			memcpy(i->sender, r->addr, len + 1);
			if (!r->fresh && get_record(r, &len) == 'p')
				take_pid(i, r->addr, len);
			return 0;
		}
	}
	return letter < 0 ? -1 : damaged();
}

static int64_t millis(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

int queue_info(struct queue *q, uint64_t id, enum qstate state, struct qinfo *i)
{
	char path[QPATH];
	struct qread r;
	struct stat st;
	int got;

	memset(i, 0, sizeof *i);
	i->id = id;
	i->state = state;
	got = open_list(&r, q, state == FRESH ? TODO : INFO, id);
	if (got <= 0)
		return got;
	if (read_head(&r, i) < 0 || fstat(r.in.fd, &st) < 0)
		return io_close(r.in.fd);
	qread_close(&r);
	i->birth = st.st_mtime;
	i->held = state == SETTLED && (st.st_mode & S_ISVTX);
	if ((got = qfile_find(q, MESS, id, path, &st)) < 0)
		return -1;
	i->size = got ? (uint64_t)st.st_size : 0;
	i->arrived = got ? millis(&st) : 0;
	i->bouncing = qfile_has(q, BOUNCE, id) > 0;
	return 1;
}

int queue_stamp(struct queue *q, uint64_t id, uint64_t *stamp)
{
	char path[QPATH];
	struct stat st;
	int r = qfile_find(q, MESS, id, path, &st);

	if (r > 0)
		*stamp = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
			(uint64_t)st.st_mtim.tv_nsec + (uint64_t)st.st_size;
	return r;
}

int queue_arrived(struct queue *q, uint64_t id, int64_t *ms)
{
	char path[QPATH];
	struct stat st;
	int r = qfile_find(q, MESS, id, path, &st);

	if (r > 0)
		*ms = millis(&st);
	return r;
}

int queue_message(struct queue *q, uint64_t id)
{
	return qfile_open(q, MESS, id, O_RDONLY);
}

int queue_due(struct queue *q, uint64_t id, enum qchan c, int64_t *due)
{
	char path[QPATH];
	struct stat st;
	int r = qfile_find(q, (int)c, id, path, &st);

	if (r > 0)
		*due = st.st_mtime;
	/* Without its directory (renamed, say) it is not the channel that is finished. */
	return r ? r : fstatat(q->dir, qdir_name[c], &st, 0);
}
