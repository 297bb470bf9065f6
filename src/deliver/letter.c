/* letter.c: the message of a local delivery: the lines on top, the loop check,
 * and the copying.
 *
 * Everything is read by position: the descriptor came from the runner and its
 * offset may be shared. What goes on top is made of addresses that a stranger
 * chose: a control byte in them becomes '_', so that no line of his is made. */
#include <errno.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/text.h"
#include "../msg/datefix.h"
#include "../msg/quote.h"
#include "letter.h"

void letter_tame(struct buf *b, size_t from)
{
	for (; from < b->len; from++)
		if ((unsigned char)b->s[from] < 32 || b->s[from] == 127)
			b->s[from] = '_';
}

/* Ends the line that begins at `from`. */
static void end_line(struct buf *b, size_t from)
{
	letter_tame(b, from);
	buf_putc(b, '\n');
}

int letter_ufline(struct buf *b, const char *sender, int64_t now)
{
	buf_puts(b, "From ");
	for (; *sender; sender++)
		buf_putc(b, (unsigned char)*sender <= ' ' || *sender == 127 ? '-' : *sender);
	if (b->len == 5)
		buf_puts(b, "MAILER-DAEMON");
	buf_putc(b, ' ');
	date_mbox(b, now);
	buf_putc(b, '\n');
	return !b->full;
}

int letter_open(struct letter *l, int fd, off_t size, const char *sender,
	const char *local, const char *host)
{
	struct buf *head = &l->head;
	size_t from;

	l->fd = fd;
	l->size = size;
	l->date_len = 0;
	l->until = 0;
	*head = BUF_OVER(l->store);
	buf_puts(head, "Return-Path: <");
	addr_quote(head, sender, strlen(sender));
	buf_putc(head, '>');
	end_line(head, 0);
	l->rp_len = from = head->len;
	buf_fmt(head, "Delivered-To: %s@%s", local, host);
	end_line(head, from);
	l->ufline = BUF_OVER(l->ustore);
	if (head->full || !letter_ufline(&l->ufline, sender, clock_wall())) {
		errno = EMSGSIZE;
		return -1;
	}
	return datefix_find(fd, &l->date_at, &l->date_len, l->date) < 0 ? -1 : 0;
}

struct scan { const char *local, *host; unsigned hops; size_t n; char line[ADDR_CAP + 64]; };

/* Looks at a whole header line (or its first bytes). 1: looping. */
static int look(struct scan *s)
{
	static const char dt[] = "Delivered-To:";
	const char *p = s->line, *end = p + text_trim(p, s->n);
	size_t n = (size_t)(end - p), k = strlen(s->local);

	if (text_casestarts(p, n, dt)) {
		for (p += sizeof dt - 1; p < end && (*p == ' ' || *p == '\t');)
			p++;
		n = (size_t)(end - p);
		if (n > k && !memcmp(p, s->local, k) && p[k] == '@' &&
			text_caseeq(p + k + 1, n - k - 1, s->host, strlen(s->host)))
			return 1;
	} else if (!text_casestarts(p, n, "Received:"))
		return 0;
	return ++s->hops > HOPS_MAX;
}

/* Feeds n bytes. 1 looping, 0 go on, -1 the header is over. */
static int feed(struct scan *s, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != '\n') {
			if (s->n < sizeof s->line)
				s->line[s->n++] = p[i];
			continue;
		}
		if (!s->n || (s->n == 1 && s->line[0] == '\r'))
			return -1;
		if (look(s))
			return 1;
		s->n = 0;
	}
	return 0;
}

int letter_loops(const struct letter *l, const char *local, const char *host)
{
	struct scan s = { .local = local, .host = host };
	char window[WINDOW];
	off_t at = 0;
	ssize_t r;
	int found;

	while ((r = io_read_at(l->fd, window, sizeof window, at)) > 0) {
		if ((found = feed(&s, window, (size_t)r)) != 0)
			return found > 0;
		at += r;
	}
	return (int)r;
}

typedef int put_piece(void *to, const void *p, size_t n);

/* Bytes from `at` up to `end` of the message. As letter_copy. */
static int walk_part(const struct letter *l, put_piece *put, void *to, off_t at, off_t end)
{
	char window[WINDOW];
	size_t n;
	ssize_t r;

	for (; at < end; at += r) {
		n = end - at < (off_t)sizeof window ? (size_t)(end - at) : sizeof window;
		if ((r = io_read_at(l->fd, window, n, at)) <= 0)
			return -2;
		if (put(to, window, (size_t)r) < 0)
			return -1;
		if (l->until && clock_mono() > l->until) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

int letter_walk(const struct letter *l, put_piece *put, void *to)
{
	int r;

	if (put(to, l->head.s, l->head.len) < 0)
		return -1;
	if (!l->date_len)
		return walk_part(l, put, to, 0, l->size);
	if ((r = walk_part(l, put, to, 0, l->date_at)) < 0)
		return r;
	if (put(to, l->date, strlen(l->date)) < 0)
		return -1;
	return walk_part(l, put, to, l->date_at + (off_t)l->date_len, l->size);
}

static int to_out(void *to, const void *p, size_t n)
{
	return out_put(to, p, n);
}

int letter_copy(const struct letter *l, struct out *o)
{
	return letter_walk(l, to_out, o);
}
