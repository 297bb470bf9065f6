/* mbox.c: the mboxrd form, the locks, and that a failure leaves the mailbox as it was.
 * The clock runs ten seconds a look, so that 30 seconds of waiting are four looks. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include "../../src/base/clock.h"
static int64_t fake, up;
#define clock_mono() (up + (fake += 10000))
#include "../../src/deliver/mbox.c"
#undef clock_mono
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-mbox.XXXXXX";
static char got[1 << 20];

static void put(const char *path, const char *s, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, n) != (ssize_t)n)
		exit(1);
	close(fd);
}

static size_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? (size_t)-1 : (size_t)st.st_size;
}

static const char *get(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, got, sizeof got - 1);

	if (fd >= 0)
		close(fd);
	got[n < 0 ? 0 : n] = 0;
	return got;
}

static struct letter *letter(const char *s, size_t n)
{
	static struct letter l;
	static int fd = -1;

	io_close(fd);
	put("message", s, n);
	fd = open("message", O_RDONLY);
	if (letter_open(&l, fd, (off_t)n, "s@example.net", "me", "example.org") < 0)
		exit(1);
	/* A known date, and nothing on top. */
	l.head.len = 0;
	buf_clear(&l.ufline);
	letter_ufline(&l.ufline, "s@example.net", 1699056000);
	return &l;
}
#define TOP "From s@example.net Sat Nov 04 00:00:00 2023\n"

static void form(const char *what, const char *in, const char *out)
{
	char want[1024];
	const char *why;

	unlink("Mailbox");
	why = mbox_put("./Mailbox", letter(in, strlen(in)));
	snprintf(want, sizeof want, "%s%s", TOP, out);
	ok(!why && !strcmp(get("Mailbox"), want), "(65) %s%s", what, why ? why : "");
}

static void forms(void)
{
	form("a line that is From gets one >", "a\n\nFrom x\n", "a\n\n>From x\n\n");
	form("and so does the first", "From x\n", ">From x\n\n");
	form("one with > gets one more", ">From x\n>>From y\n", ">>From x\n>>>From y\n\n");
	form("others get none", " From x\nfrom x\nFrom\nFromage\n> From x\n>x\n",
		" From x\nfrom x\nFrom\nFromage\n> From x\n>x\n\n");
	form("a last LF that is missing", "a\nb", "a\nb\n\n");
	form("the same behind half of a From", "a\nFro", "a\nFro\n\n");
	form("and behind a whole one", "a\nFrom ", "a\n>From \n\n");
	form("and behind >", "a\n>", "a\n>\n\n");
	form("an empty message", "", "\n");
	form("CR and bytes above 127 pass", "a\r\nFrom \377\r\n", "a\r\n>From \377\r\n\n");
}

/* The form of any text, slowly. */
static size_t slow(const char *s, size_t n, char *out)
{
	size_t i = 0, k, o = 0;

	while (i < n) {
		for (k = i; k < n && s[k] == '>'; k++)
			;
		if (n - k >= 5 && !memcmp(s + k, "From ", 5))
			out[o++] = '>';
		do
			out[o++] = s[i];
		while (s[i++] != '\n' && i < n);
	}
	if (!n || out[o - 1] != '\n')
		out[o++] = '\n';
	if (n)
		out[o++] = '\n';
	return o;
}

static void random_forms(void)
{
	static const char *const piece[] = { "From ", ">", "\n", "F", "r", "From", "xy", "\n\n" };
	static char in[60000], want[90000];
	size_t n, k, tl = strlen(TOP);
	int i, bad = 0;

	srand(7);
	for (i = 0; i < 200; i++) {
		size_t least = i % 20 ? 40 : 50000;

		for (n = 0; n < least; n += k) {
			const char *p = piece[rand() % 8];

			k = strlen(p);
			memcpy(in + n, p, k);
		}
		unlink("Mailbox");
		if (mbox_put("Mailbox", letter(in, n)))
			bad++;
		k = slow(in, n, want);
		get("Mailbox");
		bad += size_of("Mailbox") != tl + k || memcmp(got + tl, want, k);
	}
	ok(!bad, "(65) 200 random messages, as the slow way has it");
}

static void lines(void)
{
	char room[256];
	struct buf b = BUF_OVER(room);

	letter_ufline(&b, "s@example.net", 1699056000);
	buf_z(&b);
	ok(!strcmp(room, TOP), "(66) day with a zero");
	buf_clear(&b);
	letter_ufline(&b, "", 1700000000);
	buf_z(&b);
	ok(!strcmp(room, "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n"), "(66) empty sender");
	buf_clear(&b);
	letter_ufline(&b, "a b\tc\nd\177@e", 0);
	buf_z(&b);
	ok(!strncmp(room, "From a-b-c-d-@e Thu Jan 01", 26), "blanks and controls become -");
}

static void gaps(void)
{
	static const struct { const char *was, *gap; } t[] = {
		{ "", "" }, { "\n", "" }, { "a\n\n", "" }, { "a\n", "\n" }, { "a", "\n\n" },
		{ "ab", "\n\n" } };
	char want[256];
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		put("Mailbox", t[i].was, strlen(t[i].was));
		ok(!mbox_put("Mailbox", letter("x\n", 2)), "a mailbox that ends oddly (%zu)", i);
		snprintf(want, sizeof want, "%s%s%sx\n\n", t[i].was, t[i].gap, TOP);
		ok(!strcmp(get("Mailbox"), want), "the letter begins behind an empty line");
	}
}

/* ---- locks ---- */

static const char *locked(int kind, const char *lock)
{
	const char *why;
	int fd = -1;

	put("Mailbox", "old\n\n", 5);
	unlink("Mailbox.lock");
	if (kind)
		flock(fd = open("Mailbox", O_RDONLY), LOCK_EX);
	if (lock)
		put("Mailbox.lock", lock, strlen(lock));
	why = mbox_put("Mailbox", letter("x\n", 2));
	io_close(fd);
	return why;
}

static void age(const char *name, int secs)
{
	struct timespec t[2];

	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= secs;
	t[1] = t[0];
	utimensat(AT_FDCWD, name, t, 0);
}

/* A lock of this age and text: is it taken over? */
static int taken(const char *text, int secs)
{
	put("Mailbox", "old\n\n", 5);
	put("Mailbox.lock", text, strlen(text));
	age("Mailbox.lock", secs);
	return !mbox_put("Mailbox", letter("x\n", 2));
}

static void locks(void)
{
	char own[32], gone[32];
	const char *why = locked(1, 0);
	pid_t dead = fork();

	if (!dead)
		_exit(0);
	waitpid(dead, 0, 0);
	snprintf(own, sizeof own, "%d\n", (int)getpid());
	snprintf(gone, sizeof gone, "%d\n", (int)dead);
	ok(why && strstr(why, "Unable to lock"), "(67) flock of another: %s", why ? why : "delivered");
	ok(!strcmp(get("Mailbox"), "old\n\n"), "and nothing is written");
	why = locked(0, "");
	ok(why && strstr(why, "Unable to lock"), "(67) dot-lock of another: %s", why ? why : "");
	ok(!access("Mailbox.lock", F_OK), "which stays");
	up = 0;
	ok(!taken("", 100), "a dot-lock of 100 s without a number counts");
	ok(taken("", 400), "one of 400 s does not");
	ok(access("Mailbox.lock", F_OK) < 0, "and ours is gone afterwards");
	ok(!taken(gone, 100), "one of a dead process counts for five minutes");
	ok(taken(gone, 400), "and then no more");
	ok(!taken(own, 400), "one of a living process counts");
	ok(taken("0", 400), "number 0 is no process");
	ok(taken("junk", 400), "nor is junk");
	ok(!taken("", -400), "one from the future counts");
	ok(!taken(own, 100000), "a living process and a clock that was just set: it counts");
	up = 4000000;
	ok(taken(own, 100000), "an old one, and we are up for longer: it is of before the restart");
	ok(taken("a lock that says more than any of ours, and much more than fits the room for it", 4000),
		"one that cannot be read, and is old");
	up = 0;
	ok(!taken("a lock that says more than any of ours, and much more than fits the room for it", 400),
		"one that cannot be read counts longer");
	unlink("Mailbox.lock");
	ok(!system("[ \"$(ls -A | tr '\\n' ' ')\" = 'Mailbox message ' ]"), "no other file is left");
}

/* What a dead writer left: `part` bytes behind `old`, of the same letter or not. */
static int cut(const char *old, const char *part, size_t n, const char *text)
{
	char lock[64], box[1024], want[1024];

	n = n > strlen(part) ? strlen(part) : n;
	snprintf(box, sizeof box, "%s%.*s", old, (int)n, part);
	snprintf(lock, sizeof lock, "1073741824 %zu\n", strlen(old));
	put("Mailbox", box, strlen(box));
	put("Mailbox.lock", lock, strlen(lock));
	age("Mailbox.lock", 400);
	if (mbox_put("Mailbox", letter(text, strlen(text))))
		return -1;
	snprintf(want, sizeof want, "%s%s%s\n", old, TOP, text);
	return !strcmp(get("Mailbox"), want);
}

static void parts(void)
{
	/* Another date: that of the first try. */
	static const char part[] = "From s@example.net Fri Nov 03 00:00:00 2023\nx: y\n\nbody\n\n";
	size_t i, n = 0;

	for (i = 0; i < sizeof part; i++)
		n += cut("old\n\n", part, i, "x: y\n\nbody\n") == 1;
	ok(n == sizeof part, "what a dead writer left of a letter is cut off");
	ok(cut("old", "\n\nFrom s@example.net Fri Nov 03 00:00:00 2023\nx: y\n", 999,
		"x: y\n\nbody\n") == 0, "with the lines in front of it");
	ok(strstr(got, "old\n\nFrom ") && !strstr(got + 8, "x: y\n\nFrom"), "once");
	ok(cut("old\n\n", part, 999, "x: y\n\nbodY\n") == 0 && strstr(got, "body"),
		"what is of another letter stays");
	ok(cut("old\n\n", "From s@example.net Fri Nov 03 00:00:00 2023\nx: y\n\nbody\n\nFrom z\n",
		999, "x: y\n\nbody\n") == 0 && strstr(got, "From z"), "and so does what came after it");
	ok(cut("old\n\n", "From t@example.net Fri Nov 03 00:00:00 2023\nx: y\n", 999,
		"x: y\n\nbody\n") == 0 && strstr(got, "From t"), "and another sender's");
}

/* ---- what it is, what fails ---- */

static void refuse(const char *what, const char *path, const char *word)
{
	const char *why = mbox_put(path, letter("x\n", 2));

	ok(why && strstr(why, word), "%s: %s", what, why ? why : "delivered");
}

static void kinds(void)
{
	char far[2000];

	mkfifo("fifo", 0600);
	mkdir("dir", 0700);
	refuse("a pipe", "fifo", "not a regular file");
	refuse("a directory", "dir", "a Maildir ends in /");
	refuse("a device", "/dev/null", "not a regular file");
	refuse("a directory that is not there", "none/box", "No such file");
	memset(far, 'x', sizeof far - 1);
	far[sizeof far - 1] = 0;
	refuse("a name that is too long", far, "Name too long");
	if (symlink("dir/to", "link") < 0 || symlink("../real", "dir/to") < 0)
		exit(1);
	ok(!mbox_put("./link", letter("x\n", 2)) && !strncmp(get("real"), "From ", 5),
		"links are followed");
	put("real.lock", "", 0);
	refuse("and it is locked where they lead", "./link", "Unable to lock");
}

static void failures(void)
{
	struct rlimit lim, was;
	struct letter *l;
	char big[20000];
	const char *why;

	memset(big, 'y', sizeof big);
	put("Mailbox", "old\n\n", 5);
	l = letter(big, 9000);
	l->size = 10000;
	why = mbox_put("Mailbox", l);
	ok(why && !strcmp(why, "Unable to read message. (#4.3.0)"), "a message that shrinks");
	ok(!strcmp(get("Mailbox"), "old\n\n"), "leaves the mailbox as it was");
	getrlimit(RLIMIT_FSIZE, &was);
	lim = was;
	l = letter(big, sizeof big);
	lim.rlim_cur = 6000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &lim);
	why = mbox_put("Mailbox", l);
	setrlimit(RLIMIT_FSIZE, &was);
	ok(why && strstr(why, "File too large"), "a write that fails half-way: %s", why ? why : "");
	ok(!strcmp(get("Mailbox"), "old\n\n"), "leaves the mailbox as it was");
	ok(access("Mailbox.lock", F_OK) < 0, "and no lock");
}

int main(void)
{
	if (!mkdtemp(top) || chdir(top) < 0)
		return 1;
	lines();
	forms();
	random_forms();
	gaps();
	locks();
	parts();
	kinds();
	failures();
	if (system("rm -rf \"$PWD\"") || chdir("/") < 0)
		return 1;
	return done();
}
