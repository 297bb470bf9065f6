/* put.c: one message into the queue. The order is the promise (INTERNALS.md):
 * message written, envelope written and synced, message synced, its name in mess/
 * synced, envelope renamed into todo/, todo/ synced, and only then "accepted". At every
 * earlier point the message is invisible to the runner, and the lock that we
 * hold on its file tells the sweeper to leave it alone; so does our death.
 * Refuses loops, too large messages, bad addresses, envelopes without
 * recipients, and a file system that is nearly full. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/passwd.h"
#include "../base/sys.h"
#include "../base/text.h"
#include "../exits.h"
#include "envelope.h"
#include "file.h"
#include "limit.h"
#include "queue.h"
#include "wish.h"

/* States. Each says what qput_abort has to remove. A state that names a file
 * which may be another's (mess, intd) is entered only after we made it; the one
 * before the rename to todo/ is entered before, so that no signal in between
 * can leave a todo entry whose message was removed. */
enum { OFF, TEMP, MESSAGE, ENVELOPE, RENAMING };

/* A copied or restored queue has names that are inode numbers of another file
 * system. We hold up to this many files whose names are taken, so that the next
 * one gets another inode, and then take a name from the clock. */
#define HELD 32

/* Every step of a put ends here: 0 and it goes on, or it is over. */
static int step(struct qput *p, int code)
{
	if (code)
		qput_abort(p);
	return code;
}

void qput_abort(struct qput *p)
{
	char path[QPATH];
	int state = p->state, gone = 0;

	if (state == OFF)
		return;
	if (state == RENAMING && unlinkat(p->q->dir,
		qpath_own(path, p->q, TODO, p->id), 0) < 0) {
		gone = errno == ENOENT;
		if (!gone)
			state = OFF;	/* it stays whole: late words beat half a message */
	}
	/* Neither here nor there: the runner has it already, and settled it. */
	if (state >= ENVELOPE && unlinkat(p->q->dir,
		qpath(path, INTD, -1, p->id), 0) < 0 && gone)
		state = OFF;
	if (state >= MESSAGE)
		unlinkat(p->q->dir, qpath_own(path, p->q, MESS, p->id), 0);
	else if (state == TEMP)
		unlinkat(p->q->dir, p->tmp, 0);
	/* Not earlier: while the file is open its inode, and so the ID, is ours. */
	p->state = OFF;
	p->env = io_close(p->env);
	p->fd = io_close(p->fd);
}

int queue_space(const struct queue *q, uint64_t *left, uint64_t *want)
{
	struct statfs s;
	uint64_t part;

	*left = UINT64_MAX;
	*want = q->minfree;
	if (fstatfs(q->todo, &s) < 0 || !s.f_blocks)
		return 1;
	if (*want == QUEUE_MINFREE_AUTO) {
		part = (uint64_t)s.f_blocks / 100 * MINFREE_PERCENT * (uint64_t)s.f_bsize;
		*want = part < MINFREE_BYTES ? part : MINFREE_BYTES;
	}
	*left = (uint64_t)s.f_bavail * (uint64_t)s.f_bsize;
	return *left >= *want;
}

/* Makes p->fd, named p->tmp below pid/ and locked. 0, or QQ_PID. */
static int make_temp(struct qput *p, int try)
{
	buf_text(p->tmp, sizeof p->tmp, "pid/%d.%lld.%d", (int)p->pid,
		(long long)clock_wall_usec(), try);
	p->state = TEMP;
	p->fd = openat(p->q->dir, p->tmp,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, QPUT_MODE);
	if (p->fd < 0 && errno == EEXIST)
		p->state = OFF;	/* another's: not ours to remove */
	return p->fd < 0 ? QQ_PID : 0;
}

/* Gives the file at p->tmp its name in mess/. 0; 1: take another file; or a QQ_. */
static int name_message(struct qput *p, int try)
{
	char path[QPATH];
	struct stat st;

	/* The sweeper may be looking at this very file: leave it to him. */
	if (flock(p->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return 1;
	if (fstat(p->fd, &st) < 0)
		return QQ_PID;
	/* The caller's umask must not hide the message from the queue's owner. */
	p->masked = (st.st_mode & 07777) != QPUT_MODE;
	if (p->masked && syscall(SYS_fchmod, p->fd, QPUT_MODE) < 0)
		return QQ_PID;
	p->id = try < HELD ? (uint64_t)st.st_ino : (uint64_t)clock_wall_usec();
	if (io_rename(p->q->dir, p->tmp, qpath_own(path, p->q, MESS, p->id)) == 0) {
		p->state = MESSAGE;
		p->out.fd = p->fd;
		return 0;
	}
	return errno == EEXIST || errno == ENOENT ? 1 : QQ_MESS;
}

static int make_message(struct qput *p)
{
	int held[HELD + 1], n = 0, r;

	do {
		if ((r = make_temp(p, n)) != 0 || (r = name_message(p, n)) != 1)
			break;
		unlinkat(p->q->dir, p->tmp, 0);
		p->state = OFF;
		held[n++] = p->fd;
		p->fd = -1;
	} while (n <= HELD);
	while (n)
		close(held[--n]);
	return r == 1 ? QQ_MESS : r;
}

/* "by uid 1000", or the role the qmail family gives three of its users. */
static void put_who(struct buf *b, enum qput_who who, uid_t uid)
{
	struct user u;

	if (who == PUT_BOUNCE) {
		buf_puts(b, "for bounce");
		return;
	}
	if (uid && passwd_uid(&u, uid) == 1) {
		if (!strcmp(u.name, "alias"))
			buf_puts(b, "by alias");
		else if (!strcmp(u.name, "qmaild"))
			buf_puts(b, "from network");
		else if (!strcmp(u.name, "qmails"))
			buf_puts(b, "for bounce");
	}
	if (b->s[b->len - 1] == ' ')
		buf_fmt(b, "by uid %lu", (unsigned long)uid);
}

/* Whose mail it is when another process puts it in for him. */
#define NOBODY ((uid_t)-1)
static uid_t for_uid = NOBODY;

void qput_for(uid_t uid)
{
	for_uid = uid;
}

int qput_begin(struct qput *p, struct queue *q, enum qput_who who)
{
	struct buf *b = &p->out.b;
	uint64_t room, want;
	int r;

	memset(p, 0, offsetof(struct qput, window));
	p->q = q;
	p->fd = p->env = -1;
	p->who = who;
	p->pid = getpid();
	p->uid = for_uid == NOBODY ? getuid() : for_uid;
	p->until = clock_mono() + WRITER_SECS * (int64_t)1000;
	if (queue_seem(q) < 0)
		return QQ_DIR;
	/* A bounce makes room soon: it lets its message leave the queue. */
	p->left = UINT64_MAX;
	if (who != PUT_BOUNCE && q->minfree && !queue_space(q, &room, &want))
		return QQ_WRITE;
	if (who != PUT_BOUNCE && (r = limit_room(q, &p->left)) != 0)
		return r;
	*b = BUF_OVER(p->window);
	buf_fmt(b, "Received: (qmail %d invoked ", (int)p->pid);
	put_who(b, who, p->uid);
	buf_puts(b, "); ");
	date_mail(b, clock_wall());
	buf_putc(b, '\n');
	return step(p, make_message(p));
}

/* The word before a colon at the start of a header line. */
static int is_hop(const char *word, int n)
{
	return text_caseeq(word, (size_t)n, "received", 8) ||
		text_caseeq(word, (size_t)n, "delivered-to", 12);
}

/* Counts hops while p->hdr >= 0: that many bytes of the line's first word are
 * in p->word; REST: the word is over; BODY: a blank line was seen. */
enum { BODY = -1, REST = 100 };

static void count_hops(struct qput *p, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && p->hdr != BODY; i++) {
		if (s[i] == '\n') {
			int blank = p->hdr == 0 || (p->hdr == 1 && p->word[0] == '\r');
			p->hdr = blank ? BODY : 0;
		} else if (p->hdr == REST) {
			continue;
		} else if (s[i] == ':') {
			p->hops += (unsigned)is_hop(p->word, p->hdr);
			p->hdr = REST;
		} else if (p->hdr < (int)sizeof p->word) {
			p->word[p->hdr++] = s[i];
		} else {
			p->hdr = REST;
		}
	}
}

static int add_data(struct qput *p, const void *s, size_t n)
{
	uint64_t limit = p->who == PUT_BOUNCE ? 0 : p->q->databytes;

	p->size += n;
	if (limit && p->size > limit)
		return QQ_TOOBIG;
	if (p->size > p->left)
		return limit_bytes(p->q);
	count_hops(p, s, n);
	if (p->hops >= HOPS_MAX)
		return QQ_LOOP;
	if (out_put(&p->out, s, n) < 0)
		return QQ_WRITE;
	return clock_mono() > p->until ? QQ_TIMEOUT : 0;
}

int qput_data(struct qput *p, const void *s, size_t n)
{
	return step(p, add_data(p, s, n));
}

/* fsync of the directory where the message has its name in dir; the queue holds fd
 * open, which is the one when there is no more than one. */
static int sync_dir(const struct qput *p, int fd, int dir)
{
	if (!p->q->sync)
		return 0;
	return qdir_subs(p->q, dir) <= 1 ? fsync(fd) : qfile_syncdir(p->q, dir, p->id);
}

/* The message is whole. Its blocks are on their way before the envelope is synced: where a
 * journal holds both files, that costs one commit of it and not two. */
static int end_message(struct qput *p)
{
	if (out_flush(&p->out) < 0)
		return -1;
	if (p->q->sync && sync_file_range(p->fd, 0, 0, SYNC_FILE_RANGE_WRITE) < 0)
		errno = 0;	/* a hint; sync_message() is the promise */
	return 0;
}

/* On disk, with its name, before the envelope has one in todo/. */
static int sync_message(const struct qput *p)
{
	if (p->q->sync && fsync(p->fd) < 0)
		return -1;
	return sync_dir(p, p->q->mess, MESS);
}

/* extra: O_DSYNC when the whole envelope leaves in one write. */
static int open_envelope(struct qput *p, int extra)
{
	char path[QPATH];

	p->env = openat(p->q->dir, qpath(path, INTD, -1, p->id),
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | extra, 0644);
	if (p->env < 0)
		return QQ_INTD;
	p->state = ENVELOPE;
	p->out.fd = p->env;
	return 0;
}

/* r: what is wrong with the address, else 0. */
static int add_record(struct qput *p, int r, int letter, const char *s, size_t n)
{
	if (!r && p->env < 0 && n + 2 > p->out.b.cap - p->out.b.len)
		r = open_envelope(p, 0);
	if (!r && envelope_put(&p->out, letter, s, n) < 0)
		r = QQ_WRITE;
	return step(p, r);
}

int qput_sender(struct qput *p, const char *s, size_t n)
{
	const char *wish = p->who == PUT_BOUNCE ? 0 : getenv(WISH_VAR);
	int r = envelope_sender(s, n);

	/* Before the message is synced: a flood is not to wear the flash. */
	if (!r && p->who != PUT_BOUNCE)
		r = limit_sender(p->q, s, n);
	if (!r && end_message(p) < 0)
		r = QQ_WRITE;
	if (!wish || !wish_ok(wish))
		wish = 0;
	if (!r)
		buf_fmt(&p->out.b, "u%lu%cp%d%s%s%c", (unsigned long)p->uid, 0,
			(int)p->pid, wish ? ";" : "", wish ? wish : "", 0);
	return add_record(p, r, 'F', s, n);
}

int qput_rcpt(struct qput *p, const char *s, size_t n)
{
	p->rcpts++;
	return add_record(p, envelope_rcpt(s, n), 'T', s, n);
}

static int end_envelope(struct qput *p)
{
	int big = p->env >= 0, fd, r;

	if (!big && (r = open_envelope(p, p->q->sync ? O_DSYNC : 0)) != 0)
		return r;
	if (out_flush(&p->out) < 0)
		return QQ_WRITE;
	if (p->masked && syscall(SYS_fchmod, p->env, 0644) < 0)
		return QQ_WRITE;
	if (big && p->q->sync && fdatasync(p->env) < 0)
		return QQ_WRITE;
	fd = p->env;
	p->env = -1;
	return close(fd) < 0 ? QQ_WRITE : 0;
}

/* Everything up to the moment from which nothing is taken back. */
static int commit(struct qput *p)
{
	char from[QPATH], to[QPATH];
	int r, fd;

	if (!p->rcpts)
		return QQ_ENVELOPE;
	if (clock_mono() > p->until)
		return QQ_TIMEOUT;
	if ((r = end_envelope(p)) != 0)
		return r;
	if (sync_message(p) < 0)
		return QQ_WRITE;
	p->state = RENAMING;
	if (io_rename(p->q->dir, qpath(from, INTD, -1, p->id),
		qpath_own(to, p->q, TODO, p->id)) < 0) {
		if (errno == EEXIST)
			p->state = ENVELOPE;
		return QQ_TODO;
	}
	if (sync_dir(p, p->q->todo, TODO) < 0)
		return QQ_WRITE;
	fd = p->fd;
	p->fd = -1;
	return close(fd) < 0 ? QQ_WRITE : 0;
}

int qput_commit(struct qput *p)
{
	int r = step(p, commit(p));

	if (r)
		return r;
	p->state = OFF;
	queue_trigger(p->q);
	return 0;
}
