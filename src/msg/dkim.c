/* dkim.c: a message as DKIM hashes it (RFC 6376 3.4.2, 3.4.4), in one pass. The values of
 * fields that will be signed are kept in their relaxed form, a record behind each, so that
 * they can be walked from below (5.4.2); the body goes through. Refuses nothing: a line of
 * the header that is no field is not signed, and a name that has no room is left out of h=
 * as a whole, as to a verifier a part of its fields would be other fields. */
#include <string.h>
#include "../base/text.h"
#include "addrlist.h"
#include "dkim.h"

/* Of the first five, one more than there are is signed, so that nobody can add another
 * (8.15). The last one is looked at, not signed. */
static const char names[] = "from\0subject\0date\0to\0cc\0reply-to\0sender\0message-id\0"
	"in-reply-to\0references\0mime-version\0content-type\0content-transfer-encoding\0"
	"content-id\0list-id\0list-help\0list-unsubscribe\0list-unsubscribe-post\0"
	"list-subscribe\0list-post\0list-owner\0list-archive\0dkim-signature\0";
enum { FROM = 0, OVERSIGNED = 5, SIGNATURE = 22 };

enum { FOLD = 70 };	/* our field's lines are about as long */

/* Behind each value in `kept`: where it begins, and whose it is. */
struct record { uint32_t start, field; };

/* ---- reading ---- */

static void flush(struct dkim *d)
{
	d->hash(d->arg, d->out, d->len);
	d->len = 0;
}

static void emit(struct dkim *d, int c)
{
	if (d->len == sizeof d->out)
		flush(d);
	d->out[d->len++] = (char)c;
}

static void emit_text(struct dkim *d, const char *s)
{
	while (*s)
		emit(d, *s++);
}

/* Bytes of the value; if they do not fit the whole name is lost. */
static void keep(struct dkim *d, const void *p, size_t n)
{
	size_t room = d->field == FROM ? DKIM_FIELDS : DKIM_FIELDS / 4 * 3;

	if (d->kept.len + n > room || !buf_put(&d->kept, p, n)) {
		d->lost |= 1u << d->field;
		d->kept.len = d->start;
		d->part = DKIM_SKIP;
	}
}

/* The name is over. */
static void name_over(struct dkim *d)
{
	const char *s = names;

	d->part = DKIM_VALUE;
	d->start = (uint32_t)d->kept.len;
	d->field = 0;
	while (!text_caseeq(s, strlen(s), d->name, d->len)) {
		s += strlen(s) + 1;
		d->field++;
		if (!*s) {
			d->part = DKIM_SKIP;
			return;
		}
	}
}

static void name_byte(struct dkim *d, int c)
{
	if (c == ':')
		name_over(d);
	else if (d->blank || d->len == sizeof d->name)
		d->part = DKIM_SKIP;
	else
		d->name[d->len++] = (char)c;
	d->blank = 0;
}

static void field_over(struct dkim *d)
{
	struct record r = { d->start, d->field };

	if (d->part == DKIM_VALUE)
		keep(d, &r, sizeof r);
	d->part = DKIM_IN_NAME;
	d->len = 0;
	d->blank = 0;
}

static void value_byte(struct dkim *d, char c)
{
	if (d->blank && d->kept.len > d->start)
		keep(d, " ", 1);
	d->blank = 0;
	if (d->part == DKIM_VALUE)
		keep(d, &c, 1);
}

static void body_byte(struct dkim *d, int c)
{
	for (; d->ends; d->ends--)
		emit_text(d, "\r\n");
	if (d->blank)
		emit(d, ' ');
	d->blank = 0;
	d->text = 1;
	emit(d, c);
}

static void line_end(struct dkim *d)
{
	if (d->part == DKIM_BODY) {
		d->ends++;
		d->blank = 0;
	} else if (!d->inside) {
		field_over(d);
		d->part = DKIM_BODY;
	} else if (d->part == DKIM_IN_NAME) {
		d->part = DKIM_SKIP;
	}
	d->inside = 0;
}

static void byte(struct dkim *d, char c)
{
	int blank = c == ' ' || c == '\t';

	/* A line that begins with a blank belongs to the field above it. */
	if (!d->inside && !blank && d->part != DKIM_BODY)
		field_over(d);
	d->inside = 1;
	if (blank)
		d->blank = 1;
	else if (d->part == DKIM_BODY)
		body_byte(d, c);
	else if (d->part == DKIM_IN_NAME)
		name_byte(d, c);
	else if (d->part == DKIM_VALUE)
		value_byte(d, c);
}

void dkim_put(struct dkim *d, const char *s, size_t n)
{
	for (; n; s++, n--) {
		if (*s == '\r' || (*s == '\n' && !d->cr))
			line_end(d);
		else if (*s != '\n')
			byte(d, *s);
		d->cr = *s == '\r';
	}
}

void dkim_end(struct dkim *d)
{
	if (d->inside)
		line_end(d);
	if (d->part != DKIM_BODY)
		field_over(d);
	if (d->text)
		emit_text(d, "\r\n");
	flush(d);
}

/* ---- looking ---- */

/* The next value of this field above *at, which begins as kept.len: it and *n; 0 there
 * are no more. */
static const char *above(const struct dkim *d, size_t *at, uint32_t field, size_t *n)
{
	struct record r;

	while (*at) {
		*at -= sizeof r;
		memcpy(&r, d->kept.s + *at, sizeof r);
		*n = *at - r.start;
		*at = r.start;
		if (r.field == field)
			return d->kept.s + r.start;
	}
	return 0;
}

/* For addr_list: the first one is enough. */
static int domain_of(void *arg, const char *addr, size_t n)
{
	size_t at = text_rchr(addr, n, '@');

	if (at < n)
		buf_put(arg, addr + at + 1, n - at - 1);
	return 0;
}

int dkim_domain(const struct dkim *d, struct buf *b)
{
	struct addr_list list = { .each = domain_of, .arg = b };
	size_t at = d->kept.len, n;
	const char *s = above(d, &at, FROM, &n);

	if (s)
		addr_list(&list, s, n);
	return d->lost & 1u << FROM ? -1 : b->len && buf_z(b);
}

/* d= is never the last tag, nor has anybody put blanks into it, of those who sign. One
 * that does is not seen here, and the message has two signatures: no harm. */
int dkim_has(const struct dkim *d, const char *domain)
{
	size_t at = d->kept.len, n;
	char tag[300];
	const char *s;

	buf_text(tag, sizeof tag, "d=%s;", domain);
	while ((s = above(d, &at, SIGNATURE, &n)))
		for (; n; s++, n--)
			if (text_casestarts(s, n, tag))
				return 1;
	return 0;
}

/* ---- the field ---- */

/* All fields of this name, from below: how many. */
static unsigned sign_fields(struct dkim *d, uint32_t field, const char *name)
{
	size_t at = d->kept.len, n;
	unsigned count = 0;
	const char *s;

	for (; (s = above(d, &at, field, &n)); count++) {
		emit_text(d, name);
		for (emit(d, ':'); n--; s++)
			emit(d, *s);
		emit_text(d, "\r\n");
	}
	return count;
}

/* Our own field: as a verifier sees it without its signature, relaxed, no line end. */
static void sign_own(struct dkim *d, const char *s, size_t n)
{
	static const char name[] = "dkim-signature:";
	size_t i;

	emit_text(d, name);
	for (i = sizeof name; i < n; i++)
		if (s[i] != '\n')
			emit(d, s[i] == '\t' ? ' ' : s[i]);
	flush(d);
}

int dkim_field(struct dkim *d, struct buf *b, const char *domain, const char *selector,
	uint64_t t, const char *body)
{
	size_t from = b->len, line;
	const char *s = names;
	unsigned n;

	buf_fmt(b, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s;\n\t",
		domain, selector);
	if (t)
		buf_fmt(b, "t=%llu; ", (unsigned long long)t);
	line = b->len;
	buf_fmt(b, "bh=%s; h=", body);
	for (uint32_t i = 0; i < SIGNATURE; i++, s += strlen(s) + 1) {
		n = d->lost & 1u << i ? 0 : sign_fields(d, i, s) + (i < OVERSIGNED);
		for (; n; n--) {
			if (b->len - line > FOLD - DKIM_NAME) {
				line = b->len;
				buf_puts(b, "\n\t");
			}
			buf_fmt(b, "%s:", s);
		}
	}
	b->len--;	/* the last colon */
	if (!buf_puts(b, ";\n\tb=") || b->full)
		return 0;
	sign_own(d, b->s + from, b->len - from);
	return 1;
}
