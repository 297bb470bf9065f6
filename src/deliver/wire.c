/* wire.c: an SMTP connection as bytes. What a server says is hostile: it is
 * read until a deadline, bounded, and cleaned before anybody sees it. net/link.h
 * knows whether there is TLS. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "wire.h"
#include "../net/link.h"

void wire_init(struct wire *w)
{
	memset(w, 0, offsetof(struct wire, outbuf));
	w->fd = -1;
	w->out.s = w->outbuf;
	w->out.cap = sizeof w->outbuf;
	w->text.s = w->textbuf;
	w->text.cap = sizeof w->textbuf;
}

void wire_attach(struct wire *w, int fd)
{
	w->fd = fd;
	w->pos = w->len = 0;
	buf_clear(&w->out);
}

void wire_close(struct wire *w)
{
	if (w->fd >= 0)
		link_close(w->fd);
	w->fd = -1;
}

int wire_flush(struct wire *w, int64_t at)
{
	int r = 0;

	if (w->out.len)
		r = link_write(w->fd, w->out.s, w->out.len, at);
	buf_clear(&w->out);
	return r;
}

int wire_put(struct wire *w, const void *p, size_t n, int64_t at)
{
	if (n > w->out.cap - w->out.len && wire_flush(w, at))
		return -1;
	if (buf_put(&w->out, p, n))
		return 0;
	errno = EMSGSIZE;
	return -1;
}

/* The next byte, -1 with errno. */
static int next(struct wire *w, int64_t at)
{
	ssize_t r;

	if (w->pos == w->len) {
		r = link_read(w->fd, w->inbuf, sizeof w->inbuf, at);
		if (r <= 0) {
			if (!r)
				errno = 0;
			return -1;
		}
		w->pos = 0;
		w->len = (size_t)r;
	}
	return (unsigned char)w->inbuf[w->pos++];
}

static int clean(int c)
{
	if (c == '\t')
		return ' ';
	return c < 32 || c > 126 ? '?' : c;
}

/* One line into the text. Returns its length in *n, or -1. */
static int get_line(struct wire *w, int64_t at, size_t *n, size_t *left)
{
	int c;

	for (*n = 0; (c = next(w, at)) != '\n'; ) {
		if (c < 0)
			return -1;
		if (!--*left) {
			errno = EMSGSIZE;
			return -1;
		}
		if (c == '\r')
			continue;
		*n += buf_putc(&w->text, clean(c));
	}
	return 0;
}

static int is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int code_of(const char *s, size_t n)
{
	if (n < 3 || s[0] < '2' || s[0] > '5' || !is_digit(s[1]) || !is_digit(s[2]))
		return 0;
	if (n > 3 && s[3] != ' ' && s[3] != '-')
		return 0;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
}

int wire_reply(struct wire *w, int64_t at)
{
	size_t left = REPLY_MAX, start, n;
	char head[4];
	int code = 0, more, first = 1;

	buf_clear(&w->text);
	do {
		/* The code must be seen even when the text is full. */
		if (w->text.cap - w->text.len < 8)
			w->text.len = w->text.cap - 8;
		start = w->text.len;
		if (get_line(w, at, &n, &left))
			return -1;
		memset(head, 0, sizeof head);
		memcpy(head, w->text.s + start, n < sizeof head ? n : sizeof head);
		more = head[3] == '-';
		if (!first && code_of(head, n) != code)
			return 0;
		code = code_of(head, n);
		if (!code)
			return 0;
		first = 0;
		if (w->line)
			w->line(w->arg, w->text.s + start + 4, n > 4 ? n - 4 : 0);
		buf_putc(&w->text, '\n');
	} while (more);
	w->text.len--;
	return code;
}
