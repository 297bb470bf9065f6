/* reader.c: reading a message and repairing its line ends. Local programs send
 * LF, CRLF, both in one message (PHP) or CRs alone; in the queue there is LF
 * only, so that no later stage has to guess. A CR inside a header line becomes
 * a blank and not a line end: otherwise a name typed into a web form could add
 * a Bcc. */
#include <string.h>
#include "reader.h"

void reader_open(struct reader *r, int fd, int dots)
{
	r->in = (struct in)IN_OVER(fd, r->window);
	r->dots = dots;
	r->line = 1;
}

int reader_get(struct reader *r, const char **p, size_t *n)
{
	int fresh = r->in.pos == r->in.len, e = in_fill(&r->in, n);

	*p = r->in.s + r->in.pos;
	if (e <= 0 || !fresh)
		return e;
	if (r->dots && r->line && *n == 2 && !memcmp(*p, ".\n", 2)) {
		r->in.eof = 1;
		in_used(&r->in, *n);
		return 0;
	}
	r->line = (*p)[*n - 1] == '\n';
	return 1;
}

int reader_line(struct reader *r, struct buf *b)
{
	const char *p, *lf;
	size_t n;
	int e = reader_get(r, &p, &n);

	if (e <= 0)
		return e;
	if ((lf = memchr(p, '\n', n)))
		n = (size_t)(lf - p) + 1;
	if (!buf_put(b, p, n))
		return -2;
	in_used(&r->in, n);
	return lf ? 1 : 2;
}

int reader_repair(struct buf *b, size_t from)
{
	char *p;

	if (b->len > from && b->s[b->len - 1] == '\n')
		b->len--;
	while (b->len > from && b->s[b->len - 1] == '\r')
		b->len--;
	if (b->len > from && memchr(b->s + from, 0, b->len - from))
		return 0;
	while (b->len > from && (p = memchr(b->s + from, '\r', b->len - from))) {
		*p = ' ';
		from = (size_t)(p - b->s);
	}
	return buf_putc(b, '\n') ? 1 : -2;
}

static int put(struct body *b, const char *p, size_t n)
{
	if (!n)
		return 0;
	b->last = p[n - 1];
	return b->put(b->arg, p, n);
}

/* CRs that turned out not to belong to a LF. */
static int put_crs(struct body *b)
{
	int e;

	for (; b->crs; b->crs--)
		if ((e = put(b, "\n", 1)))
			return e;
	return 0;
}

int body_feed(struct body *b, const char *p, size_t n)
{
	while (n) {
		const char *cr;
		size_t len;
		int e;

		if (*p == '\n')
			b->crs = 0;
		else if (*p != '\r' && (e = put_crs(b)))
			return e;
		cr = memchr(p, '\r', n);
		len = cr ? (size_t)(cr - p) : n;
		if ((e = put(b, p, len)))
			return e;
		for (p += len, n -= len; n && *p == '\r'; p++, n--)
			b->crs++;
	}
	return 0;
}

int body_end(struct body *b)
{
	int e = put_crs(b);

	if (e || b->last == '\n')
		return e;
	return put(b, "\n", 1);
}
