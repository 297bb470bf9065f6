/* refit.c: a message on its way to a server that cannot take it as it is. Lines go one by
 * one through a small MIME reader, which knows of each where it stands: in a header, in
 * a body that can be encoded, in one that cannot (signed, or of a kind that must not
 * be), or between parts. Only parts that need it are encoded, and their headers say so.
 * What it does not understand passes unchanged: late doubts must not cost mail. */
#include <string.h>
#include "../base/text.h"
#include "field.h"
#include "mime.h"
#include "refit.h"

enum { COPY, SEALED, ENCODE, MEND_QP, MEND_BASE64 };	/* mode: what is done to a line */
enum { OTHER, TYPE, CODE, VERSION };			/* field */
/* In plan->part beside REFIT_: a body that ENCODE is for; a header in front of parts. */
enum { LEAF = 8, COMPOSITE = 16 };

/* ---- what is written ---- */

/* Quoted-printable of a text, or the lines of an encoded one cut where that changes
 * nothing (RFC 2045 6.7, 6.8). */
static void encode(struct refit *r, const char *s, size_t n, int last)
{
	struct buf *o = &r->out;
	int base64 = r->mode == MEND_BASE64;
	unsigned most = 75 + (unsigned)base64, k;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = s[i];
		int blank = c == ' ' || c == '\t';
		int code = c > 126 || (c < 32 && !blank);

		if (code && base64)
			continue;	/* whoever decodes passes over it, too */
		if (r->mode == ENCODE)
			code |= c == '=' || (blank && last && i + 1 == n);
		k = !base64 && (code || c == '=') ? 3 : 1;
		if (r->col + k > most) {
			buf_puts(o, &"=\n"[base64]);
			r->col = 0;
		}
		if (code)
			mime_hex(o, '=', c);
		else
			buf_putc(o, c);
		r->col += code ? 3 : 1;
	}
	if (last) {
		buf_putc(o, '\n');
		r->col = 0;
	}
}

/* The line as it is. One that does not end within n bytes is cut at a blank, which the
 * next one begins with, so that a header is only folded; where there is none, one is
 * added. Returns how many bytes of it are done with. */
static size_t copy(struct refit *r, char *s, size_t n, int last)
{
	size_t from = 0, k = n;

	if (!last && r->mode == COPY) {
		while (from < n && (s[from] == ' ' || s[from] == '\t'))
			from++;
		while (--k > from && s[k] != ' ' && s[k] != '\t')
			;
		if (k <= from)
			k = n;
	}
	buf_put(&r->out, s, k);
	if (last || r->mode == COPY)
		buf_putc(&r->out, '\n');
	if (k == n && !last && r->mode == COPY)
		s[--k] = ' ';
	return k;
}

/* ---- headers ---- */

/* A header comes: that of a message (top 1) or of a part. */
static void part_begin(struct refit *r, int top)
{
	r->zone = IN_HEADER;
	r->mode = COPY;
	r->top = top;
	r->seen = r->field = r->drop = 0;
	r->code = MIME_PLAIN;
	r->type = !top && r->depth && r->bound[r->depth - 1].digest ? MIME_MESSAGE : MIME_LEAF;
	r->here = r->plan->part + r->parts;
	r->parts += r->parts < REFIT_PARTS - 1;
}

/* The field that is over. The first of each kind holds. */
static void field_done(struct refit *r)
{
	unsigned bit = 1u << r->field, d = r->depth;
	const char *s = r->value.s;

	if (!(r->seen & bit)) {
		buf_z(&r->value);	/* full, too, when it has no room */
		if (r->field == CODE)
			r->code = r->value.full ? MIME_CODED : mime_code(s);
		if (r->field == TYPE) {
			r->type = r->value.full ? MIME_FIXED : mime_type(s);
			if (d < REFIT_DEPTH)
				r->bound[d].n = mime_boundary(s, r->bound[d].s, REFIT_BOUNDARY);
		}
	}
	r->seen |= bit;
	r->field = OTHER;
	r->drop = 0;
}

/* 1 when the header will say something else of its body's coding. */
static int recoded(const struct refit *r)
{
	unsigned here = *r->here, what = r->plan->what;

	return !r->study && (here & LEAF ? here & what : here & COMPOSITE && what & REFIT_EIGHT);
}

static void field_begin(struct refit *r, size_t name, size_t colon)
{
	r->field = (unsigned)text_index("Content-Type\0" "Content-Transfer-Encoding\0"
		"MIME-Version\0", r->line, name);
	r->drop = r->field == CODE && recoded(r);
	r->value = BUF_OVER(r->valuebuf);
	buf_put(&r->value, r->line + colon + 1, r->len - colon - 1);
}

/* What follows the header, whose last field was read. */
static void header_done(struct refit *r)
{
	unsigned char *here = r->here;
	unsigned d = r->depth;

	r->zone = IN_FIXED;
	if (here == r->plan->part + REFIT_PARTS - 1)
		return;		/* too many parts to keep in mind what each is */
	if (r->type == MIME_SEALED)
		r->mode = SEALED;
	else if (r->type == MIME_LEAF && r->code != MIME_CODED) {
		r->zone = IN_BODY;
		*here |= r->code == MIME_PLAIN ? LEAF : 0;
		if (!r->study && *here & r->plan->what)
			r->mode = ENCODE + r->code - MIME_PLAIN;
	} else if (r->code == MIME_PLAIN && r->type == MIME_MESSAGE) {
		*here |= COMPOSITE;
		part_begin(r, 1);
	} else if (r->code == MIME_PLAIN && (r->type == MIME_MULTIPART || r->type == MIME_DIGEST) &&
		d < REFIT_DEPTH && r->bound[d].n) {
		*here |= COMPOSITE;
		r->bound[d].digest = r->type == MIME_DIGEST;
		r->depth++;
		r->zone = IN_NOTHING;
	}
}

/* The fields that an encoded body needs. */
static void put_fields(struct refit *r, unsigned char here)
{
	struct buf *o = &r->out;

	if (r->top && !(r->seen & 1u << VERSION))
		buf_puts(o, "MIME-Version: 1.0\n");
	if (here & REFIT_EIGHT && !(r->seen & 1u << TYPE))
		buf_fmt(o, "Content-Type: text/plain; charset=%s\n",
			here & REFIT_BAD ? "unknown-8bit" : "utf-8");
	buf_puts(o, "Content-Transfer-Encoding: quoted-printable\n");
}

/* The beginning of a line within a header, or of what is behind it. */
static void header_line(struct refit *r, int last)
{
	size_t n = r->len, colon;
	int name;

	if (n && (*r->line == ' ' || *r->line == '\t')) {
		buf_put(&r->value, r->line, n);
		r->value.full |= !last;
		return;
	}
	field_done(r);
	name = n ? field_name(r->line, n, &colon) : 0;
	if (name > 0) {
		field_begin(r, (size_t)name, colon);
		r->value.full |= !last;
		return;
	}
	header_done(r);
	if (r->mode == ENCODE) {
		put_fields(r, *r->here);
		if (n)		/* the empty line that was not there */
			buf_putc(&r->out, '\n');
	}
}

/* ---- lines ---- */

/* 1 the line is between two parts (RFC 2046 5.1.1), and what follows it is known. */
static int delimiter(struct refit *r)
{
	const char *s = r->line + 2;
	size_t n = text_trim(r->line, r->len), k;
	unsigned d = r->depth;

	if (n < 3 || s[-1] != '-' || s[-2] != '-')
		return 0;
	for (n -= 2; d--; ) {
		k = r->bound[d].n;
		if (n < k || memcmp(s, r->bound[d].s, k))
			continue;
		if (n == k) {
			r->depth = d + 1;
			part_begin(r, 0);
			return 1;
		}
		if (n == k + 2 && s[k] == '-' && s[k + 1] == '-') {
			r->depth = d;
			r->zone = IN_NOTHING;
			r->mode = COPY;
			return 1;
		}
	}
	return 0;
}

/* What the line has that a server may not take. */
static void look(struct refit *r, int last)
{
	unsigned found = last ? 0 : REFIT_LONG;
	size_t i;

	for (i = 0; i < r->len; i++) {
		unsigned char c = r->line[i];

		if (c >= 128)
			found |= REFIT_EIGHT;
		if (r->more ? c >> 6 != 2 : c >= 128 && (c < 0xc2 || c > 0xf4))
			found |= REFIT_BAD;
		r->more = r->more ? r->more - 1 : c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	}
	if (last && r->more) {
		found |= REFIT_BAD;
		r->more = 0;
	}
	r->plan->in[r->zone] |= found;
	if (r->zone == IN_BODY)
		*r->here |= found;
}

/* A line, or so much of a long one. Returns how many bytes are done with. */
static size_t line(struct refit *r, int last)
{
	if (!r->inside && !(last && delimiter(r)) && r->zone == IN_HEADER)
		header_line(r, last);
	if (r->study)
		look(r, last);
	else if (r->mode >= ENCODE)
		encode(r, r->line, r->len, last);
	else if (r->zone != IN_HEADER || !r->drop)
		return copy(r, r->line, r->len, last);
	return r->len;
}

static void flush(struct refit *r, int last)
{
	size_t n = line(r, last);

	r->len -= n;
	memmove(r->line, r->line + n, r->len);
	r->inside = !last;
}

void refit_begin(struct refit *r, struct refit_plan *plan, int study)
{
	memset(r, 0, offsetof(struct refit, bound));
	r->plan = plan;
	r->study = study;
	r->out = BUF_OVER(r->outbuf);
	part_begin(r, 1);
}

size_t refit_put(struct refit *r, const char *p, size_t n)
{
	size_t i;
	char c;

	buf_clear(&r->out);
	if (!n && r->len)
		flush(r, 1);
	for (i = 0; i < n; ) {
		c = p[i];
		if (r->len == REFIT_LINE && c != '\r' && c != '\n') {
			flush(r, 0);
			return i;
		}
		i++;
		if (c == '\r' || c == '\n') {
			if (c == '\n' && r->cr) {
				r->cr = 0;
				continue;
			}
			r->cr = c == '\r';
			flush(r, 1);
			return i;
		}
		r->cr = 0;
		r->line[r->len++] = c;
	}
	return n;
}
