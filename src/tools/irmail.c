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
#include "child.h"

enum { FROM_LINE_MAX = 2048, ARGS_BEFORE = 5, RCPTS_MAX = 1000 };

struct uucp {
	struct in in;
	struct buf line;	/* the one that was read last, with its LF */
	struct buf path, sender;
	char window[WINDOW], line_space[FROM_LINE_MAX];
	char path_space[ADDR_CAP], sender_space[ADDR_CAP];
};

/* Reads a line, or as much of one as there is room for. 0 / -1 errno. */
static int line_read(struct uucp *u)
{
	int c = 0;

	buf_clear(&u->line);
	while (c != '\n' && u->line.len < u->line.cap && (c = in_getc(&u->in)) >= 0)
		buf_putc(&u->line, c);
	return c == -2 ? -1 : 0;
}

/* Where the sender begins in a line "From " or ">From "; 0: it is another line. */
static size_t from_at(const struct buf *line)
{
	size_t at = line->len && *line->s == '>';

	return line->len > at + 5 && !memcmp(line->s + at, "From ", 5) ? at + 5 : 0;
}

/* The line's host goes behind those before it, its user replaces theirs. 1, or 0 when
 * the line cannot be used. */
static int from_take(struct uucp *u, size_t at)
{
	static const char remote[] = " remote from ";
	const size_t mark = sizeof remote - 1;
	const char *s = u->line.s + at;
	size_t n, i, host;

	if (u->line.s[u->line.len - 1] != '\n')
		return 0;
	n = text_trim(s, u->line.len - at);
	for (i = 0; i < n && s[i] == ' '; i++)
		;
	s += i;
	n -= i;
	for (i = 0; i < n && s[i] != ' '; i++)
		;
	for (host = n; host > i && (host < mark || memcmp(s + host - mark, remote, mark)); host--)
		;
	if (host > i)
		buf_fmt(&u->path, "%.*s!", (int)(n - host), s + host);
	buf_clear(&u->sender);
	return buf_put(&u->sender, s, i) && !u->path.full;
}

/* All of them, up to the first line of the message: then u->path is the whole sender.
 * 1, 0 they cannot be used, -1 errno. */
static int from_lines(struct uucp *u)
{
	size_t at;
	int r;

	while ((r = line_read(u)) == 0 && (at = from_at(&u->line)) != 0)
		if (!from_take(u, at))
			return 0;
	if (u->sender.len == 2 && !memcmp(u->sender.s, "<>", 2))
		buf_clear(&u->path);	/* a bounce has no way back, whoever relayed it */
	if (r == 0)
		r = u->sender.len && buf_put(&u->path, u->sender.s, u->sender.len) &&
			buf_z(&u->path) && !envelope_sender(u->path.s, u->path.len);
	return r;
}

static int send(struct uucp *u, const char *name, char **rcpts)
{
	static char sendmail[] = "sendmail", i[] = "-i", f[] = "-f", end[] = "--";
	static char *argv[ARGS_BEFORE + RCPTS_MAX + 1];
	char *const before[ARGS_BEFORE] = { sendmail, i, f, u->path.s, end };
	static struct child c;
	struct task t = { sendmail_main, ARGS_BEFORE, argv };
	size_t n;

	memcpy(argv, before, sizeof before);
	while (*rcpts)
		argv[t.argc++] = *rcpts++;
	if (child_begin(&c, name, &t) < 0)
		return SM_TEMPFAIL;
	out_put(&c.out, u->line.s, u->line.len);
	if (in_fill(&u->in, &n) > 0)
		out_put(&c.out, u->in.s + u->in.pos, n);
	return child_end(&c);
}

int irmail_main(int argc, char **argv)
{
	static struct uucp u;
	const char *name = argv[0];

	if (argc < 2 || argc > RCPTS_MAX) {
		say(name, "usage: irmail recipient ..., at most %d of them", RCPTS_MAX);
		return SM_USAGE;
	}
	u.in = (struct in)IN_OVER(0, u.window);
	u.line = BUF_OVER(u.line_space);
	u.path = BUF_OVER(u.path_space);
	u.sender = BUF_OVER(u.sender_space);
	switch (from_lines(&u)) {
	case 1:
		return send(&u, name, argv + 1);
	case 0:
		say(name, "the message does not begin with a line \"From sender date "
			"remote from host\" that can be used");
		return SM_DATAERR;
	}
	say(name, "unable to read the message:");
	return SM_TEMPFAIL;
}
