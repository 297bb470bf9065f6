/* mark.c: what the runner writes while a message is under way: settling it into
 * info/, local/ and remote/, marking recipients done, moving its times, and the
 * texts for bounce and mailq. Commit point of settling: todo/ID goes away,
 * after everything that replaces it is on disk. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/sys.h"
#include "envelope.h"
#include "file.h"
#include "queue.h"

/* A new file; it cannot be there, as leftovers were removed. */
static int make(struct qsettle *s, int dir)
{
	char path[QPATH];

	return qfile_at(s->q, qpath_own(path, s->q, dir, s->id),
		O_WRONLY | O_CREAT | O_EXCL);
}

/* Syncs a file and the directory that names it, and closes it in any case. */
static int keep(struct qsettle *s, int fd, int dir)
{
	if (s->q->sync && fsync(fd) < 0)
		return io_close(fd);
	return close(fd) < 0 ? -1 : qfile_syncdir(s->q, dir, s->id);
}

static int no_entry(void)
{
	errno = ENOENT;
	return -1;
}

/* info/ID: sender and his wishes, and the birth of the message as its time. */
static int make_info(struct qsettle *s)
{
	struct timespec when[2] = { { 0, UTIME_NOW }, { 0, 0 } };
	char text[ADDR_CAP + WISH_CAP + 8];
	struct buf b = BUF_OVER(text);
	struct qinfo i;
	int fd, r = queue_info(s->q, s->id, FRESH, &i);

	if (r <= 0)
		return r < 0 ? -1 : no_entry();
	if ((fd = make(s, INFO)) < 0)
		return -1;
	when[1].tv_sec = (time_t)i.birth;
	buf_fmt(&b, "F%s%c", i.sender, 0);
	if (*i.wish)
		buf_fmt(&b, "p;%s%c", i.wish, 0);
	if (io_write(fd, b.s, b.len) < 0 || sys_futimens(fd, when) < 0)
		return io_close(fd);
	return keep(s, fd, INFO);
}

/* Ends a settling in which something failed; errno says what. -1. */
static int give_up(struct qsettle *s)
{
	int e = errno;

	qsettle_abort(s);
	errno = e;
	return -1;
}

int qsettle_begin(struct qsettle *s, struct queue *q, uint64_t id, int keep_bounce)
{
	int dir;

	s->q = q;
	s->id = id;
	s->fd[LOCAL] = s->fd[REMOTE] = -1;
	/* Leftovers of a settling that was interrupted, or of a message that had
	 * this number before a power cut. */
	for (dir = LOCAL; dir <= INFO; dir++)
		if (dir != NOTE && !(dir == BOUNCE && keep_bounce) && qfile_drop(q, dir, id) < 0)
			return -1;
	return make_info(s) < 0 ? give_up(s) : 0;
}

int qsettle_rcpt(struct qsettle *s, enum qchan c, int done, const char *addr, size_t n)
{
	struct out *out = &s->out[c];

	if (s->fd[c] < 0) {
		*out = (struct out)OUT_OVER(make(s, (int)c), s->window[c]);
		s->fd[c] = out->fd;
	}
	if (n > ADDR_MAX)
		errno = EMSGSIZE;
	else if (s->fd[c] >= 0 && envelope_put(out, done ? 'D' : 'T', addr, n) == 0)
		return 0;
	return give_up(s);
}

int qsettle_commit(struct qsettle *s)
{
	int c, fd;

	for (c = LOCAL; c <= REMOTE; c++) {
		if ((fd = s->fd[c]) < 0)
			continue;
		if (out_flush(&s->out[c]) < 0)
			return give_up(s);
		s->fd[c] = -1;
		if (keep(s, fd, c) < 0)
			return give_up(s);
	}
	if (qfile_drop(s->q, TODO, s->id) < 0)
		return give_up(s);
	/* Before the inode of todo/ID becomes another file's. Without a journal
	 * (ext2) the name could come back after a power cut with that one's
	 * contents, and stand above info/, which has the recipients. */
	qfile_syncdir(s->q, TODO, s->id);
	/* Settled. Left by classic writers only, and of no meaning. */
	qfile_drop(s->q, INTD, s->id);
	return 0;
}

void qsettle_abort(struct qsettle *s)
{
	int c;

	for (c = LOCAL; c <= REMOTE; c++) {
		s->fd[c] = io_close(s->fd[c]);
		qfile_drop(s->q, c, s->id);
	}
	qfile_drop(s->q, INFO, s->id);
}

int queue_mark(struct queue *q, uint64_t id, enum qchan c, uint32_t off)
{
	int fd = qfile_open(q, (int)c, id, O_RDWR);
	char was = 0;

	if (fd < 0 || pread(fd, &was, 1, (off_t)off) != 1)
		return io_close(fd);
	if (was != 'T' && was != 'D') {
		errno = EBADMSG;
		return io_close(fd);
	}
	if (was == 'T' && pwrite(fd, "D", 1, (off_t)off) != 1)
		return io_close(fd);
	io_close(fd);
	return 0;
}

static int set_time(struct queue *q, int dir, uint64_t id, int64_t when)
{
	struct timespec t[2] = { { 0, UTIME_OMIT }, { (time_t)when, 0 } };
	char path[QPATH];
	struct stat st;
	int r = qfile_find(q, dir, id, path, &st);

	if (r > 0)
		return sys_utimens(q->dir, path, t);
	return r < 0 ? -1 : no_entry();
}

int queue_set_due(struct queue *q, uint64_t id, enum qchan c, int64_t due)
{
	return set_time(q, (int)c, id, due);
}

int queue_set_birth(struct queue *q, uint64_t id, int64_t birth)
{
	int r = set_time(q, INFO, id, birth);

	return r < 0 && errno == ENOENT ? set_time(q, TODO, id, birth) : r;
}

/* By its mode, because that costs no file, and leaves the birth as it is. */
int queue_hold(struct queue *q, uint64_t id, int on)
{
	int fd = qfile_open(q, INFO, id, O_RDONLY), fresh = qfile_has(q, TODO, id);

	if (fresh || fd < 0) {
		io_close(fd);
		return fresh < 0 || (fd < 0 && errno != ENOENT) ? -1 : 0;
	}
	if (syscall(SYS_fchmod, fd, on ? 01600 : 0600) < 0)
		return io_close(fd);
	io_close(fd);
	return 1;
}

/* ---- texts ---- */

/* Synced: a mark that reaches the disk without the text of its failure would be a
 * mail that is gone and nobody told. Failures are rare. */
int queue_bounce_add(struct queue *q, uint64_t id, const char *s, size_t n)
{
	char path[QPATH];
	struct stat st;
	int fd = qfile_at(q, qpath_own(path, q, BOUNCE, id), O_WRONLY | O_CREAT | O_APPEND);

	if (fd < 0 || fstat(fd, &st) < 0)
		return io_close(fd);
	if (io_write(fd, s, n) < 0 || (q->sync && fdatasync(fd) < 0)) {
		int e = errno;
		(void)!ftruncate(fd, st.st_size);
		errno = e;
		return io_close(fd);
	}
	if (close(fd) < 0)
		return -1;
	return st.st_size ? 0 : qfile_syncdir(q, BOUNCE, id);
}

int queue_bounce_open(struct queue *q, uint64_t id)
{
	return qfile_open(q, BOUNCE, id, O_RDONLY);
}

int queue_bounce_drop(struct queue *q, uint64_t id)
{
	return qfile_drop(q, BOUNCE, id) < 0 ? -1 : 0;
}

int queue_note_begin(struct queue *q, uint64_t id)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC, fd;
	char path[QPATH];

	fd = qfile_at(q, qpath_own(path, q, NOTE, id), flags);
	/* A queue that a classic program made has no note/. */
	if (fd < 0 && errno == ENOENT && mkdirat(q->dir, qdir_name[NOTE], 0700) == 0)
		fd = qfile_at(q, path, flags);
	return fd;
}
