/* mbox.c: a letter at the end of an mbox file, the last step of a local delivery.
 *
 * The file is locked as mail readers lock it, the letter is appended and synced, and
 * whatever goes wrong in between cuts the file back to its old length while the lock
 * is held. A writer that is killed cannot do that: its dot-lock holds the old length,
 * and who takes that lock over cuts the file back when what is behind that length is
 * the beginning of the very letter that he is to write. Links are followed, because
 * people link their mailbox, but only the user's own and root's. Refuses what is not a
 * regular file, and to write where no lock at all can be had. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/text.h"
#include "mbox.h"

enum {
	PAUSE_MS = 50,		/* between two tries to lock */
	STALE_SECS = 300,	/* an older dot-lock of a dead process, or of none, is nobody's */
	/* Nobody holds one so long: after a restart a process of the number that stands
	 * in it may well be alive. Only when we are up that long: at the moment when the
	 * clock is set every file is old. */
	DEAD_SECS = 3600
};

static const char *words(const char *what, const char *path, const char *why)
{
	static char text[320];

	return buf_text(text, sizeof text, "Unable to %s mailbox %.*s: %s. (#4.3.0)", what,
		160, path, why) ? text : "Unable to use mailbox. (#4.3.0)";
}

/* ---- locks ---- */

static int make(const char *name)
{
	return openat(AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0600);
}

/* Seconds since the lock was made, told by a file that is made beside it: the file
 * system may have another clock than we. -1: cannot be told. */
static int64_t age_of(const struct mbox *m)
{
	char name[MBOX_PATH + 24];
	struct stat lock, now;
	int fd, r;

	buf_text(name, sizeof name, "%s.%d", m->lock, (int)getpid());
	if (lstat(m->lock, &lock) < 0 || (fd = make(name)) < 0)
		return -1;
	r = fstat(fd, &now);
	io_close(fd);
	unlink(name);
	return r < 0 ? -1 : (int64_t)now.st_mtime - lock.st_mtime;
}

/* "PID LENGTH" of ours, "PID" of others, or anything. 1: its process is alive. */
static int read_lock(struct mbox *m, const char *s, size_t n)
{
	uint64_t pid = 0, was;
	size_t k;

	while (n && *s == ' ')
		s++, n--;
	k = text_u64(s, n, &pid);
	if (k + 1 < n && s[k] == ' ' && text_u64(s + k + 1, n - k - 1, &was) && was <= INT64_MAX)
		m->was = (off_t)was;
	return pid && pid <= INT32_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Removes the dot-lock of a process that is gone; of one that we may not read, nobody
 * knows. We hold flock(2), so no other of ours is doing the same. */
static void drop_stale(struct mbox *m)
{
	char room[64];
	struct buf b = BUF_OVER(room);
	int64_t age = age_of(m);
	int r;

	if (age <= STALE_SECS || (r = io_slurp(AT_FDCWD, m->lock, &b)) == 0)
		return;
	if ((r > 0 && !read_lock(m, b.s, b.len)) ||
		(age > DEAD_SECS && clock_mono() > DEAD_SECS * 1000))
		unlink(m->lock);
}

/* 1 made, 0 another has it, -1 errno. */
static int dot_lock(struct mbox *m)
{
	char text[64];
	struct buf b = BUF_OVER(text);
	int fd = make(m->lock);

	if (fd < 0 && errno == EEXIST && !m->looked) {
		m->looked = 1;
		drop_stale(m);
		fd = make(m->lock);
	}
	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	m->dotted = 1;
	buf_fmt(&b, "%d %lld\n", (int)getpid(), (long long)(m->was < 0 ? m->size : m->was));
	io_write(fd, b.s, b.len);	/* without it the lock is one all the same */
	io_close(fd);
	return 1;
}

/* One try: 1 both locks, or flock alone where no file can be made; 0 busy; -1 errno. */
static int lock(struct mbox *m)
{
	int held = flock(m->fd, LOCK_EX | LOCK_NB), e = errno, r;
	struct stat st, named;

	if (held < 0 && (e == EWOULDBLOCK || e == EINTR))
		return 0;
	if (fstat(m->fd, &st) < 0)
		return -1;
	m->size = st.st_size;
	/* Who locks the other way round (mutt, procmail) has the dot-lock and waits for
	 * our flock: the caller lets go of that before the next try. */
	r = dot_lock(m);
	if (r < 0 && (errno == EACCES || errno == EPERM || errno == EROFS)) {
		errno = e;
		r = held < 0 ? -1 : 1;
	}
	if (r <= 0)
		return r;
	/* Before we had it all, another may have put a new file in this one's place, or
	 * written to it. */
	if (fstat(m->fd, &st) < 0 || stat(m->path, &named) < 0)
		return errno == ENOENT ? 0 : -1;
	return st.st_ino == named.st_ino && st.st_dev == named.st_dev && st.st_size == m->size;
}

static const char *open_file(struct mbox *m)
{
	struct stat st;
	/* Where everybody may write, a link of somebody else's leads to what is ours. */
	int link = lstat(m->path, &st) == 0 && S_ISLNK(st.st_mode);

	if (link && st.st_uid && st.st_uid != geteuid())
		return words("open", m->path, "it is a link of another user's");
	/* Non-blocking: a pipe without a reader must not hold us. */
	m->fd = openat(AT_FDCWD, m->path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC | (link ? 0 : O_NOFOLLOW), 0600);
	if (m->fd < 0 && errno != ENXIO && errno != EISDIR)
		return words("open", m->path, err_text(errno));
	if (m->fd < 0 || fstat(m->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		m->fd = io_close(m->fd);
		return words("use", m->path, "it is not a regular file; a Maildir ends in /");
	}
	return 0;
}

void mbox_close(struct mbox *m)
{
	int e = errno;

	if (m->dotted)
		unlink(m->lock);
	m->dotted = 0;
	errno = e;
	m->fd = io_close(m->fd);
}

/* The name that links lead to goes into b: we lock what those lock who know it by that. */
static int resolve(struct buf *b, const char *path)
{
	char to[MBOX_PATH];
	int links;
	ssize_t n;

	buf_puts(b, path);
	for (links = 0; links < 8 && buf_z(b) && (n = readlink(b->s, to, sizeof to)) > 0; links++) {
		b->len = *to == '/' ? 0 : text_dir(b->s);
		buf_put(b, to, (size_t)n);
	}
	return buf_puts(b, ".lock") && buf_z(b);
}

const char *mbox_open(struct mbox *m, const char *path)
{
	int64_t until = clock_mono() + MBOX_LOCK_SECS * 1000;
	struct buf b = BUF_OVER(m->lock);
	const char *why;
	int r;

	m->path = path;
	m->was = -1;
	m->dotted = m->looked = 0;
	if (!resolve(&b, path))
		return words("open", "", err_text(ENAMETOOLONG));
	for (;;) {
		if ((why = open_file(m)) != 0)
			return why;
		if ((r = lock(m)) > 0)
			return 0;
		if (r < 0)
			why = words("lock", path, err_text(errno));
		else if (clock_mono() >= until)
			why = words("lock", path, "another program holds it");
		mbox_close(m);
		if (why)
			return why;
		io_wait(-1, 0, clock_mono() + PAUSE_MS);
	}
}

/* ---- the letter ---- */

/* Where the text goes: into o; or, when o is 0, it is compared with what stands in
 * fd from `at` on, up to that file's end. */
struct rd {
	struct out *o;
	int fd;
	off_t at;
	int seen;		/* bytes of "From " at the start of this line; INSIDE it */
	char last;		/* the last byte */
};
enum { INSIDE = -1, DATE_LEN = sizeof "Sat Nov 04 00:00:00 2023\n" - 1 };
static const char from[] = "From ";

static int compare(struct rd *q, const char *p, size_t n)
{
	char there[WINDOW];
	size_t k;
	ssize_t r;

	for (; n; p += r, n -= (size_t)r, q->at += r) {
		k = n < sizeof there ? n : sizeof there;
		if ((r = pread(q->fd, there, k, q->at)) <= 0 || memcmp(p, there, (size_t)r))
			return -1;
	}
	return 0;
}

static int emit(struct rd *q, const char *p, size_t n)
{
	return q->o ? out_put(q->o, p, n) : compare(q, p, n);
}

/* mboxrd: one '>' more for each line that is "From " behind any number of them. They
 * all look alike, so it may stand behind those that have gone out already. */
static int quoted(void *to, const void *p, size_t n)
{
	struct rd *q = to;
	const char *s = p, *end = s + n, *lf;
	int r = 0;

	if (n)
		q->last = end[-1];
	while (!r && s < end) {
		if (q->seen == INSIDE) {
			lf = memchr(s, '\n', (size_t)(end - s));
			n = (size_t)((lf ? lf + 1 : end) - s);
			r = emit(q, s, n);
			s += n;
			q->seen = lf ? 0 : INSIDE;
		} else if (*s == '>' && !q->seen) {
			r = emit(q, s++, 1);
		} else if (*s != from[q->seen]) {
			r = emit(q, from, (size_t)q->seen);
			q->seen = INSIDE;
		} else {
			s++;
			if (!from[++q->seen]) {
				r = emit(q, ">From ", 6);
				q->seen = INSIDE;
			}
		}
	}
	return r;
}

static int put_letter(struct rd *q, const struct letter *l)
{
	int r = letter_walk(l, quoted, q);

	if (r == 0 && q->seen > 0)
		r = emit(q, from, (size_t)q->seen);
	return r ? r : emit(q, "\n\n", q->last == '\n' ? 1 : 2);
}

int mbox_write(struct out *o, const struct letter *l)
{
	struct rd q = { .o = o, .last = '\n' };

	if (out_put(o, l->ufline.s, l->ufline.len) < 0)
		return -1;
	return put_letter(&q, l);
}

const char *mbox_gap(int fd, off_t size)
{
	char end[2] = "\n\n";
	off_t n = size < 2 ? size : 2;

	errno = EIO;
	if (pread(fd, end + 2 - n, (size_t)n, size - n) != n)
		return 0;
	return end[1] != '\n' ? "\n\n" : end[0] != '\n' ? "\n" : "";
}

/* Cuts off what a dead writer left of this letter: all behind the old length must be
 * its beginning. Its From_ line has another date; of that only the length must be the
 * same. Errors: it stays. */
static void cut_part(struct mbox *m, const struct letter *l)
{
	struct rd q = { .fd = m->fd, .at = m->was, .last = '\n' };
	const char *gap;

	if (m->was < 0 || m->was >= m->size || !(gap = mbox_gap(m->fd, m->was)))
		return;
	if (compare(&q, gap, strlen(gap)) == 0 &&
		compare(&q, l->ufline.s, l->ufline.len - DATE_LEN) == 0) {
		q.at += DATE_LEN;
		if (q.at < m->size)
			put_letter(&q, l);
	}
	if (q.at >= m->size && ftruncate(m->fd, m->was) == 0)
		m->size = m->was;
}

int mbox_syncdir(const char *path)
{
	char name[MBOX_PATH];

	return buf_text(name, sizeof name, "%.*s.", (int)text_dir(path), path) ?
		io_syncdir(AT_FDCWD, name) : -1;
}

static const char *append(const struct mbox *m, const struct letter *l)
{
	const char *gap = mbox_gap(m->fd, m->size);
	char window[WINDOW];
	struct out o = OUT_OVER(m->fd, window);
	int r;

	if (!gap || out_puts(&o, gap) < 0)
		return words("write", m->path, err_text(errno));
	if ((r = mbox_write(&o, l)) == 0)
		r = out_flush(&o) < 0 || fsync(m->fd) < 0 ? -1 : 0;
	/* An empty one may be one that was just made. */
	if (r == 0 && !m->size)
		r = mbox_syncdir(m->lock);
	if (r == -2)
		return "Unable to read message. (#4.3.0)";
	return r ? words("write", m->path, err_text(errno)) : 0;
}

const char *mbox_put(const char *path, const struct letter *l)
{
	struct mbox m;
	const char *why = mbox_open(&m, path);

	if (why)
		return why;
	cut_part(&m, l);
	why = append(&m, l);
	if (why && ftruncate(m.fd, m.size) < 0)
		why = words("cut back", path, err_text(errno));
	mbox_close(&m);
	return why;
}
