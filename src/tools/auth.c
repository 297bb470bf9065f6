/* auth.c: `qmta auth`: who may log in to mini-smtpd, control/smtpauth. Each line but the
 * one user's stays as it is, and so do owner and group. The new file takes the old one's
 * place when it is whole and on the disk; whatever ends this program before that leaves
 * the old one. Refuses names and passwords that no login could say. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/control.h"
#include "../base/defaults.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "../net/crypt.h"
#include "../net/saslserve.h"
#include "../net/verifier.h"
#include "../queue/role.h"
#include "setupfile.h"

#define NAME "qmta auth"
#define NEW ".auth.smtpauth"	/* a name that no program reads */
#define SAY(fd, text) io_write(fd, text, sizeof text - 1)
enum { CANCEL = 3 };	/* ^C */

static struct buf old = BUF_HEAP(CONTROL_MAX), made = BUF_HEAP(CONTROL_MAX);
static char window[1024], linespace[VERIFIER_TEXT + SASL_USER + 16];
static struct buf line = BUF_STATIC(linespace);

static int wrong(const char *why)
{
	say(NAME, "%s", why);
	return EXIT_PERM;
}

static int cannot(const char *what)
{
	say(NAME, "unable to %s %s/smtpauth:", what, control_dir());
	return EXIT_TEMP;
}

static int is_user(const char *s)
{
	size_t n;

	for (n = 0; (unsigned char)s[n] >= 32 && s[n] != ':' && s[n] != 127; n++)
		;
	return n && n < SASL_USER && !s[n] && *s != '#';
}

/* ---- the password ---- */

/* One line of it. An exit code. */
static int read_line(struct in *in, struct buf *b)
{
	int c;

	while ((c = in_getc(in)) >= 0 && c != '\n') {
		if (c < 32 || c == 127)
			return wrong(c == CANCEL ? "cancelled" :
				"a control byte cannot be typed in a login");
		if (!buf_putc(b, c))
			return wrong("no more than 255 bytes");
	}
	if (c == -2) {
		say(NAME, "unable to read the password:");
		return EXIT_TEMP;
	}
	return b->len ? EXIT_DONE : wrong("an empty password lets everybody in");
}

/* Twice, unseen. Signals from the keyboard would leave the terminal so: ^C is a byte that
 * ends the line. */
static int read_terminal(struct in *in, struct buf *b, const struct termios *was)
{
	char again[VERIFIER_TEXT];
	struct buf second = BUF_AT(again, 0, b->cap);
	struct termios quiet = *was;
	int code;

	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_lflag |= ICANON;
	quiet.c_cc[VEOL] = CANCEL;
	tcsetattr(0, TCSAFLUSH, &quiet);
	SAY(2, "password: ");
	code = read_line(in, b);
	SAY(2, "\n");
	if (!code) {
		SAY(2, "the same again: ");
		code = read_line(in, &second);
		SAY(2, "\n");
	}
	tcsetattr(0, TCSAFLUSH, was);
	if (!code && (second.len != b->len || memcmp(again, b->s, b->len)))
		code = wrong("these were two different passwords");
	crypt_wipe(again, sizeof again);
	return code;
}

/* The user's line; clear 1: with the password as it is. An exit code. */
static int make_line(const char *user, int clear)
{
	char password[VERIFIER_TEXT];
	struct buf b = BUF_AT(password, 0, sizeof password - 1);
	struct in in = IN_OVER(0, window);
	struct termios was;
	int code = tcgetattr(0, &was) == 0 ? read_terminal(&in, &b, &was) : read_line(&in, &b);

	buf_fmt(&line, "%s:", user);
	if (!code && clear && text_trim(b.s, b.len) < b.len)
		code = wrong("a blank at its end would be lost in the file");
	if (!code && !(clear ? buf_puts(&line, "{PLAIN}") && buf_put(&line, b.s, b.len) :
		verifier_make(&line, b.s, b.len))) {
		say(NAME, "unable to make a verifier: no random numbers, or no memory");
		code = EXIT_TEMP;
	}
	buf_putc(&line, '\n');
	crypt_wipe(password, sizeof password);
	crypt_wipe(window, sizeof window);
	return code;
}

/* ---- the file ---- */

/* How long the line of old is that begins there, without its LF. */
static size_t line_len(size_t at)
{
	const char *s = old.s + at, *end = memchr(s, '\n', old.len - at);

	return end ? (size_t)(end - s) : old.len - at;
}

/* old, with `line` instead of the user's, into made. 1 he was there, 0. */
static int edit(const char *user)
{
	size_t i, n, len = strlen(user);
	int there = 0;

	for (i = 0; i < old.len; i += n + 1) {
		const char *s = old.s + i;

		n = line_len(i);
		if (n <= len || memcmp(s, user, len) || s[len] != ':') {
			buf_put(&made, s, n);
			buf_putc(&made, '\n');
		} else if (!there++)
			buf_put(&made, line.s, line.len);
	}
	if (!there)
		buf_put(&made, line.s, line.len);
	return there != 0;
}

/* The new file is for whom the old one was for. 0 / -1. */
static int hand_over(int fd)
{
	mode_t mode = 0600;
	struct stat st;
	struct user u;

	if (stat("smtpauth", &st) == 0) {
		mode |= st.st_mode & 040;
		u.uid = st.st_uid;
		u.gid = st.st_gid;
	} else if (errno != ENOENT)
		return -1;
	else if (geteuid())
		return 0;
	else if (role_server(NAME, &u) < 0) {
		say(NAME, "smtpauth belongs to root: chown it to whom mini-smtpd runs as");
		return 0;
	}
	return fchown(fd, u.uid, u.gid) < 0 ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

static int place(void)
{
	int fd = -1, r = unlink(NEW) < 0 && errno != ENOENT ? -1 : 0;

	if (r == 0 && (fd = open(NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) >= 0)
		r = hand_over(fd) < 0 || io_write(fd, made.s, made.len) < 0 || fsync(fd) < 0 ||
			rename(NEW, "smtpauth") < 0 ? -1 : io_syncdir(AT_FDCWD, ".");
	if (fd >= 0 && r == 0)
		return EXIT_DONE;
	cannot("write");
	unlink(NEW);
	return EXIT_TEMP;
}

/* In the control directory, which is locked if it is to be written. 0 / -1. */
static int enter(int lock)
{
	int fd = open(control_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* The lock goes with the process. */
	return fd < 0 || (lock && setup_lock(fd) < 0) || fchdir(fd) < 0 ||
		io_slurp(AT_FDCWD, "smtpauth", &old) < 0 ? -1 : 0;
}

static int list(void)
{
	struct out out = OUT_OVER(1, window);
	const char *s, *colon;
	size_t i, n, len;

	for (i = 0; i < old.len; i += n + 1) {
		n = line_len(i);
		s = old.s + i;
		colon = memchr(s, ':', n);
		len = colon ? (size_t)(colon - s) : 0;
		if (len && *s != '#') {
			out_put(&out, s, len);
			out_puts(&out, "\n");
		}
	}
	return out_flush(&out) < 0 ? EXIT_TEMP : EXIT_DONE;
}

static int change(const char *user, int away)
{
	if (enter(1) < 0)
		return cannot("read");
	if (!edit(user) && away)
		return wrong("there is no such user");
	if (made.full) {
		errno = EFBIG;
		return cannot("write");
	}
	return place();
}

int auth_main(int argc, char **argv)
{
	struct opt o = OPT_INIT(argc, argv);
	int c, how = 0, clear = 0, code;
	const char *user;

	while ((c = opt_next(&o, "cdln")) >= 0)
		if (c == 'c')
			clear = 1;
		else if (how || c == '?')
			how = '?';
		else
			how = c;
	if (how == '?' || argc - o.at != (how != 'l') || (clear && (how == 'd' || how == 'l')))
		return say_usage(NAME, " [-cn] USER\n       " NAME " -d USER\n       " NAME " -l");
	if (defaults_load(NAME) < 0)
		return EXIT_TEMP;
	if (how == 'l')
		return enter(0) < 0 ? cannot("read") : list();
	user = argv[o.at];
	if (!is_user(user))
		return wrong("a user has 1 to 255 bytes, no ':' or control byte, and no '#' in front");
	if (how != 'd' && (code = make_line(user, clear)))
		return code;
	if (how == 'n')
		return io_write(1, line.s, line.len) < 0 ? EXIT_TEMP : EXIT_DONE;
	return change(user, how == 'd');
}
