/* irmail.c: the applet irmail, which UUCP calls as rmail: the message begins with
 * lines "From user date remote from host", one a relay and the last one on top, which
 * give the sender as host!host!user. They are taken off, and the rest goes to sendmail.
 * Neither sender nor recipient is ever taken for an option. Refuses a message without
 * such a line, or with one that holds control bytes, as all of it is from outside. */
#include <string.h>
#include "../applet.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "../queue/envelope.h"
#include "inject.h"

enum { ARGS_BEFORE = 5, RCPTS_MAX = 1000 };

static char window[WINDOW];		/* all such lines must fit in it */
static struct in in = IN_OVER(0, window);
static char path_space[ADDR_CAP], user_space[ADDR_CAP];
static struct buf path = BUF_STATIC(path_space), user = BUF_STATIC(user_space);

/* As much as there is, or as there is room for. 0 / -1 errno. */
static int fill(void)
{
	ssize_t r;

	while (in.len < in.cap && (r = io_read(0, in.s + in.len, in.cap - in.len)) != 0) {
		if (r < 0)
			return -1;
		in.len += (size_t)r;
	}
	return 0;
}

/* The line's host goes behind those before it, its user replaces theirs. */
static void take(const char *s, size_t n)
{
	static const char remote[] = " remote from ";
	const size_t mark = sizeof remote - 1;
	size_t host, end = 0;

	for (n = text_trim(s, n); n && *s == ' '; n--)
		s++;
	while (end < n && s[end] != ' ')
		end++;
	host = text_rchr(s, n, ' ') + 1;
	if (host < n && host >= mark && !memcmp(s + host - mark, remote, mark))
		buf_fmt(&path, "%.*s!", (int)(n - host), s + host);
	buf_clear(&user);
	buf_put(&user, s, end);
}

/* Takes all of the lines, up to the first of the message: then path is the whole
 * sender. 1, 0 they cannot be used. */
static int from_lines(void)
{
	const char *s, *lf;
	size_t n, at;

	for (;;) {
		s = in.s + in.pos;
		n = in.len - in.pos;
		at = n && *s == '>';
		if (n < at + 5 || memcmp(s + at, "From ", 5))
			break;
		if (!(lf = memchr(s, '\n', n)))
			return 0;
		n = (size_t)(lf - s);
		take(s + at + 5, n - at - 5);
		in.pos += n + 1;
	}
	if (user.len == 2 && !memcmp(user.s, "<>", 2))
		buf_clear(&path);	/* a bounce has no way back, whoever relayed it */
	return user.len && !path.full && buf_put(&path, user.s, user.len) && buf_z(&path) &&
		!envelope_sender(path.s, path.len);
}

static int hand_on(char **rcpts)
{
	static char sendmail[] = "sendmail", i[] = "-i", f[] = "-f", end[] = "--";
	static char *argv[ARGS_BEFORE + RCPTS_MAX + 1];
	char *const before[ARGS_BEFORE] = { sendmail, i, f, path_space, end };
	int argc = ARGS_BEFORE;

	memcpy(argv, before, sizeof before);
	while (*rcpts)
		argv[argc++] = *rcpts++;
	inject_input = &in;
	return sendmail_main(argc, argv);
}

int irmail_main(int argc, char **argv)
{
	if (argc < 2 || argc > RCPTS_MAX + 1) {
		say(argv[0], "usage: irmail recipient ..., at most %d of them", RCPTS_MAX);
		return SM_USAGE;
	}
	if (fill() < 0) {
		say(argv[0], "unable to read the message:");
		return SM_TEMPFAIL;
	}
	if (from_lines())
		return hand_on(argv + 1);
	say(argv[0], "the message does not begin with a line \"From sender date "
		"remote from host\" that can be used");
	return SM_DATAERR;
}
