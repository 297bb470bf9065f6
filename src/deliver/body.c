/* body.c: the bytes of a message on their way to a server: read in pieces, what
 * msg/outgoing.h replaces replaced; for SMTP, line ends and dots coded. What is not as
 * long as it should be is never ended: half a mail would arrive. */
#include "blast.h"
#include "body.h"
#include "../base/io.h"

/* Up to WINDOW bytes at `done` of the message, in s->window. Count, 0 end, -1.
 * done <= m->size, as body_put() only steps by what came from here. */
static ssize_t window(struct smtp *s, const struct mail *m, uint64_t done)
{
	size_t want = sizeof s->window;
	ssize_t n;

	if (m->stream)
		return io_read(m->msg, s->window, sizeof s->window);
	if (want > m->size - done)
		want = m->size - done;
	if (!want)
		return 0;
	if (s->win_mail == m && s->win_at == (off_t)done)
		return s->win_len;
	n = io_read_at(m->msg, s->window, want, m->start + (off_t)done);
	s->win_mail = n < 0 ? 0 : m;
	s->win_at = done;
	s->win_len = n < 0 ? 0 : n;
	return n;
}

int body_8bit(struct smtp *s, const struct mail *m)
{
	uint64_t done = 0;
	ssize_t n;

	while ((n = window(s, m, done)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (s->window[i] & 0x80)
				return 1;
		done += n;
	}
	return 0;
}

static int encode(struct smtp *s, struct mail *m, struct blast *b, const char *p, size_t n)
{
	struct buf *o = &s->w.out;
	size_t k;

	for (; n; p += k, n -= k) {
		k = n;
		o->len += blast_put(b, p, &k, o->s + o->len, o->cap - o->len);
		if (k < n && wire_flush(&s->w, smtp_until(s, m)))
			return -1;
	}
	return 0;
}

void pieces_begin(struct pieces *b, const struct mail *m)
{
	b->m = m;
	b->x = m->fix->list;
	b->done = 0;
}

ssize_t pieces_next(struct smtp *s, struct pieces *b, const char **p)
{
	const struct mail *m = b->m;
	const struct splice *x, *last = m->fix->list + m->fix->n;
	ssize_t n;

	while (b->x < last && b->x->at == b->done) {
		x = b->x++;
		b->done += x->cut;
		*p = m->fix->text.s + x->from;
		if (x->n)
			return (ssize_t)x->n;
	}
	n = window(s, m, b->done);
	if (!n && !m->stream && b->done != m->size)
		return -1;
	if (n > 0 && b->x < last && b->x->at - b->done < (uint64_t)n)
		n = (ssize_t)(b->x->at - b->done);
	*p = s->window;
	b->done += n > 0 ? n : 0;
	return n;
}

int body_put(struct smtp *s, struct mail *m)
{
	struct blast b = { BLAST_START };
	struct pieces at;
	char end[BLAST_END];
	const char *p;
	ssize_t n;

	pieces_begin(&at, m);
	while ((n = pieces_next(s, &at, &p)) > 0)
		if (encode(s, m, &b, p, (size_t)n))
			return -1;
	if (n < 0)
		return -2;
	return wire_put(&s->w, end, blast_end(&b, end), smtp_until(s, m));
}
