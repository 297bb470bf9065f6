/* talk.c: a server's connection as bytes: a pipe of a local program, a socket, TLS. The
 * two functions that touch the descriptors wait until there is something to read or room
 * to write, so that descriptors that block, and that others share with us, need not be
 * changed. Refuses lines that are too long, and control bytes: none can reach an address
 * or a reply. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/io.h"
#include "../net/tls.h"
#include "talk.h"

static int64_t deadline(const struct talk *t)
{
	int64_t at = clock_mono() + t->wait;

	return at < t->until ? at : t->until;
}

static int ready(const struct talk *t, int fd, short events)
{
	int r = io_wait(fd, events, deadline(t));

	if (!r)
		errno = ETIMEDOUT;
	return r;
}

int talk_flush(struct talk *t)
{
	size_t n = t->out_len;

	t->out_len = 0;
	if (n && !t->err && (CFG_TLSD && tls_on(t->out) ?
		tls_write(t->out, t->out_space, n, deadline(t)) < 0 :
		(!t->nonblock && ready(t, t->out, POLLOUT) <= 0) ||
		io_write_by(t->out, t->out_space, n, deadline(t)) < 0))
		t->err = errno;
	errno = t->err;
	return t->err ? -1 : 0;
}

/* Waits for bytes behind the unread ones, where there must be room. As talk_fill. */
static int read_more(struct talk *t)
{
	char *to = t->in_space + t->len;
	size_t room = sizeof t->in_space - t->len;
	ssize_t r;

	if (talk_flush(t) < 0)
		return -1;
	if (CFG_TLSD && tls_on(t->in))
		r = tls_read(t->in, to, room, deadline(t));
	else if (ready(t, t->in, POLLIN) <= 0)
		return -1;
	else
		r = io_read(t->in, to, room);
	if (r > 0)
		t->len += (size_t)r;
	return r > 0 ? 1 : (int)r;
}

int talk_fill(struct talk *t)
{
	if (t->pos < t->len && !t->err)
		return 1;
	t->pos = t->len = TALK_GAP;
	return read_more(t);
}

/* The n bytes of a line that is whole, and its LF behind them. */
static int judge(struct talk *t, char *line, size_t n)
{
	size_t i;

	if (n >= TALK_LINE)
		return TALK_LONG;
	if (n && line[n - 1] == '\r')
		n--;
	else if (!t->barelf)
		return TALK_BAD;
	line[n] = 0;
	t->line = line;
	for (i = 0; i < n; i++)
		if ((unsigned char)line[i] < 32 || line[i] == 127)
			return TALK_BAD;
	return TALK_LINE_READ;
}

int talk_line(struct talk *t)
{
	int r, too_long = 0;
	size_t n;
	char *at, *lf;

	while ((r = talk_fill(t)) > 0) {
		at = t->in_space + t->pos;
		n = t->len - t->pos;
		if ((lf = memchr(at, '\n', n))) {
			t->pos += (size_t)(lf - at) + 1;
			return too_long ? TALK_LONG : judge(t, at, (size_t)(lf - at));
		}
		/* One that is too long is not kept; what is there of another goes to the
		 * front, so that there is room for the rest. */
		too_long |= n >= TALK_LINE;
		if (too_long)
			n = 0;
		memmove(t->in_space + TALK_GAP, at, n);
		t->pos = TALK_GAP;
		t->len = TALK_GAP + n;
		if (n && (r = read_more(t)) <= 0)
			break;
	}
	return r;
}

void talk_reply(struct talk *t, const char *fmt, ...)
{
	char space[TALK_REPLY + 2];
	struct buf b = BUF_AT(space, 0, TALK_REPLY);
	size_t i;
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	for (i = 0; i < b.len; i++)
		if ((unsigned char)space[i] < 32 || (unsigned char)space[i] > 126)
			space[i] = ' ';
	space[b.len++] = '\r';
	space[b.len++] = '\n';
	if (b.len > sizeof t->out_space - t->out_len && talk_flush(t) < 0)
		return;
	memcpy(t->out_space + t->out_len, space, b.len);
	t->last = t->out_len;
	t->out_len += b.len;
}
