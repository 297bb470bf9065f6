/* setupfile.c: the files that `qmta setup` writes. First every file is looked at, then
 * every new one is written beside its place and synced, and only then are they renamed,
 * in the order in which they were given: the caller puts first what the later ones rely
 * on and last what makes mail take another way. So an error, or the end of the power,
 * before the first rename leaves everything as it was, and after it a configuration that
 * works, or one without control/me, with which nothing is sent. What a killed run leaves
 * begins with a dot, which no program reads, and the next run overwrites it. Refuses to
 * replace a file that says something else, unless it was told to. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/passwd.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "../queue/queue.h"
#include "setupfile.h"
#include "setupwords.h"

#define VARIABLES "defaultqueue"	/* the one directory of its own */
enum { FILES_MAX = 24, PATH_ROOM = 512, LOCK_TRIES = 100 };

static struct file {
	const char *name, *text;
	int rule;		/* enum setup_rule */
	char right;		/* as it is */
	char other;		/* there, with other words */
} files[FILES_MAX];
static unsigned count;
static int missing;		/* the directory; this is a dry run */

void setup_file(const char *name, int rule, const char *text)
{
	if (text && count < FILES_MAX)
		files[count++] = (struct file){ name, text, rule, 0, 0 };
}

/* name is in the control directory. Always -1. */
static int cannot(const char *what, const char *name)
{
	say(SETUP, "unable to %s %s/%s:", what, control_dir(), name);
	return -1;
}

/* ---- looking ---- */

static int must_be(const struct file *f)
{
	return f->rule == SETUP_SAYS || f->rule == SETUP_SECRET;
}

static int has_line(const char *all, const char *line)
{
	size_t len;

	for (; *all; all += len + (all[len] != 0)) {
		len = strcspn(all, "\n");
		if (text_caseeq(all, text_trim(all, len), line, strlen(line)))
			return 1;
	}
	return 0;
}

/* Is what the file says, its trimmed text, right? */
static int is_right(const struct file *f, const char *text)
{
	size_t first = strcspn(text, " \t\n");

	switch ((enum setup_rule)f->rule) {
	case SETUP_NOTHING:
		return !*text || !strcmp(text, "0");
	case SETUP_LISTS:
		return has_line(text, f->text);
	case SETUP_NOT_QMQP:
		return first < 11 || memcmp(text + first - 11, "qmail-qmqpc", 11);
	case SETUP_SAYS:
	case SETUP_SECRET:
		break;
	}
	return !strcmp(text, f->text);
}

/* Root gives secrets to the user who sends the mail. 1 and *u, 0. */
static int keeper(struct user *u)
{
	if (!CFG_SEND || geteuid())
		return 0;
	queue_worker(u);
	return 1;
}

/* 0: another file in its place would be better. */
static int is_secret(const struct file *f)
{
	struct stat st;
	struct user u;

	return stat(f->name, &st) == 0 && !(st.st_mode & 077) &&
		(!keeper(&u) || u.uid == st.st_uid);
}

/* 0 / -1, said. */
static int look(struct file *f)
{
	static struct buf now = BUF_HEAP(CONTROL_MAX);
	int r = missing ? 0 : io_slurp(AT_FDCWD, f->name, &now);

	if (r < 0 || !buf_z(&now))
		return cannot("read", f->name);
	if (r == 0) {
		f->right = !must_be(f);
		return 0;
	}
	now.s[text_trim(now.s, now.len)] = 0;
	f->right = is_right(f, now.s) != 0;
	f->other = !f->right;
	if (f->rule == SETUP_SECRET && !is_secret(f))
		f->right = 0;
	return 0;
}

/* Looks at all. 1 when one stands in the way, 0, -1. */
static int look_all(int force)
{
	struct file *f;
	int r = 0;

	for (f = files; f < files + count; f++) {
		if (look(f) < 0)
			return -1;
		if (f->other && !force) {
			say(SETUP, "%s/%s says something else; --force replaces it", control_dir(),
				f->name);
			r = 1;
		}
	}
	return r;
}

/* ---- writing ---- */

/* Makes the directory and those above it, and syncs where it was made. 0 / -1. */
static int make_dirs(void)
{
	char path[PATH_ROOM], *s = path;
	int r = buf_text(path, sizeof path, "%s/", control_dir()) ? 0 : -1;

	while (r == 0 && *s && (s = strchr(s + 1, '/'))) {
		*s = 0;
		r = mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0;
		*s = '/';
	}
	path[text_dir(path)] = 0;
	return r < 0 || io_syncdir(AT_FDCWD, *path ? path : ".") < 0 ? cannot("make", "") : 0;
}

/* Where it is written before it gets its name. */
static const char *new_name(const struct file *f)
{
	static char path[64];
	size_t dir = text_dir(f->name);

	buf_text(path, sizeof path, "%.*s.setup.%s", (int)dir, f->name, f->name + dir);
	return path;
}

static int drop_one(const struct file *f)
{
	return unlink(new_name(f)) < 0 && errno != ENOENT ? cannot("remove", new_name(f)) : 0;
}

static int write_one(const struct file *f)
{
	struct user u;
	int fd, r;

	if ((strchr(f->name, '/') && mkdir(VARIABLES, 0755) < 0 && errno != EEXIST) ||
		drop_one(f) < 0)
		return cannot("make", f->name);
	fd = openat(AT_FDCWD, new_name(f), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		f->rule == SETUP_SECRET ? 0600 : 0644);
	r = fd < 0 || io_write(fd, f->text, strlen(f->text)) < 0 ||
		(*f->text && io_write(fd, "\n", 1) < 0) ||
		(f->rule == SETUP_SECRET && keeper(&u) && fchown(fd, u.uid, -1) < 0) ||
		fsync(fd) < 0 ?
		cannot("write", new_name(f)) : 0;
	io_close(fd);
	return r;
}

static int place_one(const struct file *f)
{
	if (rename(new_name(f), f->name) < 0)
		return cannot("replace", f->name);
	return io_syncdir(AT_FDCWD, strchr(f->name, '/') ? VARIABLES : ".") < 0 ?
		cannot("sync", f->name) : 0;
}

/* Does `how` to each that is not right, or until it fails. 0 / -1. */
static int each(int (*how)(const struct file *f))
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (!files[i].right && how(&files[i]) < 0)
			return -1;
	return 0;
}

int setup_lock(int fd)
{
	int tries, r;

	for (tries = 0; (r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && errno == EWOULDBLOCK &&
		tries < LOCK_TRIES; tries++)
		poll(0, 0, 100);
	return r;
}

/* ---- saying ---- */

static void show(struct out *out, const struct file *f, const char *what)
{
	const char *s = f->rule == SETUP_SECRET ? "(not shown)" : *f->text ? f->text : "(empty)";
	size_t n;

	out_fmt(out, "%s %s/%s: ", f->right ? "unchanged" : what, control_dir(), f->name);
	for (; *s; s += n) {
		n = strcspn(s, "\n");
		out_put(out, s, n);
		if (s[n] && ++n)
			out_puts(out, ", ");
	}
	out_puts(out, "\n");
}

static int show_all(const char *what)
{
	char window[1024];
	struct out out = OUT_OVER(1, window);
	unsigned i;

	for (i = 0; i < count; i++)
		if (!files[i].right || must_be(&files[i]))
			show(&out, &files[i], what);
	return out_flush(&out) < 0 ? EXIT_TEMP : EXIT_DONE;
}

int setup_write(int dry, int force)
{
	int fd, r;

	umask(022);
	if (!dry && make_dirs() < 0)
		return EXIT_TEMP;
	fd = openat(AT_FDCWD, control_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	missing = dry && fd < 0 && errno == ENOENT;
	if (!missing && (setup_lock(fd) < 0 || fchdir(fd) < 0))	/* the lock goes with us */
		r = cannot("use", "");
	else
		r = look_all(force);
	if (r)
		return r < 0 ? EXIT_TEMP : EXIT_PERM;
	if (dry)
		return show_all("would write");
	if (each(write_one) == 0 && each(place_one) == 0)
		return show_all("wrote");
	each(drop_one);
	return EXIT_TEMP;
}
