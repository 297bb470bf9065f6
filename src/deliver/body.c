/* body.c: the bytes of a message on their way to a server: read in pieces, what
 * msg/outgoing.h replaces replaced, made to fit by msg/refit.h where that is needed; for
 * SMTP, line ends and dots coded. What is not as long as it should be is never ended:
 * half a mail would arrive. */
#include <string.h>
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

static struct refit fit;	/* one message is read at a time */

void pieces_begin(struct pieces *b, const struct mail *m)
{
	b->m = m;
	b->x = m->fix->list;
	b->done = 0;
	b->n = 0;
	if (m->plan.what)
		refit_begin(&fit, (struct refit_plan *)&m->plan, 0);
}

/* As it is without the plan. */
static ssize_t piece(struct smtp *s, struct pieces *b, const char **p)
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

ssize_t pieces_next(struct smtp *s, struct pieces *b, const char **p)
{
	ssize_t n;
	size_t k;

	if (!b->m->plan.what)
		return piece(s, b, p);
	do {
		n = b->n ? (ssize_t)b->n : piece(s, b, &b->p);
		if (n < 0)
			return n;
		k = refit_put(&fit, b->p, (size_t)n);
		b->p += k;
		b->n = (size_t)n - k;
	} while (n && !fit.out.len);
	*p = fit.out.s;
	return (ssize_t)fit.out.len;
}

void body_plan(struct smtp *s, struct mail *m)
{
	struct refit_plan *plan = &m->plan;
	const unsigned char *in = plan->in;
	unsigned found, can = s->caps & CAP_8BITMIME;
	struct pieces b;
	const char *p;
	ssize_t n;
	size_t k;

	memset(plan, 0, sizeof *plan);
	m->eight = 0;
	if (m->stream)
		return;
	pieces_begin(&b, m);
	refit_begin(&fit, plan, 1);
	while ((n = piece(s, &b, &p)) > 0)
		for (; n; p += k, n -= (ssize_t)k)
			k = refit_put(&fit, p, (size_t)n);
	refit_put(&fit, "", 0);
	found = in[IN_HEADER] | in[IN_BODY] | in[IN_FIXED] | in[IN_NOTHING];
	plan->what = found & REFIT_LONG;
	/* All of it or nothing: a part that must not be touched makes the rest 8-bit, too. */
	if (!can && !(in[IN_FIXED] & REFIT_EIGHT))
		plan->what |= in[IN_BODY] & REFIT_EIGHT;
	m->eight = can && found & REFIT_EIGHT;
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
