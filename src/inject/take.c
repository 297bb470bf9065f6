/* take.c: addresses into an injection: arguments, the sender, and the fields of
 * the header, one at a time. What a field's addresses are for decides how
 * strict this is: a sender's field must be readable always, a recipient's only
 * when somebody is to get mail because of it; Bcc never goes on. */
#include <string.h>
#include "../base/control.h"
#include "../msg/admin.h"
#include "../msg/field.h"
#include "../queue/envelope.h"
#include "rcpts.h"
#include "run.h"

/* One envelope recipient. */
static int add_rcpt(struct run *r, const char *addr, size_t n)
{
	r->badrcpt = envelope_rcpt(addr, n) != 0;
	return !r->badrcpt && rcpts_add(r->into, addr, n);
}

/* A recipient, or those who get what is for a user of this host. One person gets
 * one copy, however many of these names a message is for. */
static int add_ours(struct run *r, const char *addr, size_t n)
{
	struct buf *more = &r->more;
	size_t i;
	int e;

	buf_clear(more);
	e = admin_expand(more, addr, n, r->list.bare, ADMIN_ALIASES);
	if (!e)
		return add_rcpt(r, addr, n);
	if (e < 0)
		return end_text(r, FATE_LATER, "out of memory");
	for (i = 0; i < more->len; i += n + 1) {
		addr = more->s + i;
		n = strlen(addr);
		if (!control_has(r->into, addr, n) && !control_has(&r->args, addr, n) &&
			!add_rcpt(r, addr, n))
			return 0;
	}
	return 1;
}

/* For addr_list: one address. Of a sender's the first is kept, all are counted. */
static int collect(void *arg, const char *addr, size_t n)
{
	struct run *r = arg;

	if (r->first)
		return r->found++ || (buf_put(r->first, addr, n) && !envelope_sender(addr, n));
	if (r->listed && n && !rcpts_add(&r->to_cc, addr, n))
		return 0;
	if (!r->into || !n)
		return 1;
	return add_ours(r, addr, n);
}

/* The addresses of s: a list, or one plain address. */
static enum addr_result parse(struct run *r, int list, const char *s, size_t n)
{
	char space[ADDR_CAP];
	struct buf b = BUF_OVER(space);
	enum addr_result e = ADDR_BAD;

	r->list.rules = &r->rules;
	r->list.each = collect;
	r->list.arg = r;
	r->badrcpt = r->found = 0;
	r->list.bare = !memchr(s, '@', n);	/* a list tells it for each */
	if (list)
		e = addr_list(&r->list, s, n);
	else if (buf_put(&b, s, n) && (e = addr_complete(&b, &r->rules)) == ADDR_OK &&
		!collect(r, b.s, b.len))
		e = ADDR_NOMEM;
	return e == ADDR_NOMEM && (r->first || r->badrcpt) ? ADDR_BAD : e;
}

int take_arg(struct run *r, const char *arg)
{
	size_t n = strlen(arg);

	r->into = &r->args;
	return end_addr(r, parse(r, r->o->lists, arg, n),
		"unable to use this recipient: ", arg, n);
}

/* The sender the caller gave. "<>" is how many programs write the null sender. */
int take_sender(struct run *r)
{
	const char *s = r->o->sender;
	enum addr_result e;

	if (!s || !*s || !strcmp(s, "<>"))
		return 1;
	r->first = &r->sender;
	e = parse(r, r->o->lists, s, strlen(s));
	r->first = 0;
	if (e == ADDR_OK && r->found != 1)
		e = ADDR_BAD;
	return end_addr(r, e, "unable to use this sender: ", s, strlen(s)) && buf_z(&r->sender);
}

/* ---- fields ---- */

static int copy_field(struct run *r, size_t n)
{
	return buf_put(&r->out, r->field.s, n) || end_full(r, &r->out);
}

/* The result of parsing the field, its body from colon + 1 on. */
static enum addr_result parse_field(struct run *r, size_t colon, size_t n)
{
	return parse(r, 1, r->field.s + colon + 1, n - colon - 1);
}

static int end_field(struct run *r, enum addr_result e, size_t n)
{
	return end_addr(r, e, "unable to parse this line: ", r->field.s, n - 1);
}

/* Return-Path names the envelope sender, if nobody else did, and goes no further. */
static int take_path(struct run *r, size_t colon, size_t n)
{
	enum addr_result e;

	if (r->o->sender || r->letters & LETTER_S || r->have_path)
		return 1;
	r->first = &r->path;
	e = parse_field(r, colon, n);
	r->first = 0;
	r->have_path = r->found > 0;
	return end_field(r, e, n);
}

/* A field of addresses: rewritten, and its recipients taken. */
static int take_list(struct run *r, unsigned flags, size_t name, size_t colon, size_t n)
{
	int drop = (flags & FIELD_DROP) != 0;
	size_t was = r->out.len, from = 0, listed = r->to_cc.len;
	enum addr_result e;

	r->into = 0;
	if (flags & FIELD_RCPT && r->from_header) {
		r->into = flags & FIELD_RESENT ? &r->again : &r->rcpts;
		from = r->into->len;
	}
	r->listed = r->follow && flags & FIELD_LIST;
	if (!drop) {
		r->list.out = &r->out;
		r->list.line = was;
		buf_put(&r->out, r->field.s, name);
		buf_putc(&r->out, ':');
	} else if (!r->into)
		return 1;
	e = parse_field(r, colon, n);
	r->list.out = 0;
	if (e == ADDR_BAD && flags & FIELD_RCPT && !r->from_header) {
		/* Nobody is to get mail because of this field: leave it alone. */
		r->out.len = was;
		r->to_cc.len = listed;
		return drop || copy_field(r, n);
	}
	if (!end_field(r, e, n))
		return 0;
	if (r->into)
		rcpts_reverse(r->into, from);
	rcpts_reverse(&r->to_cc, listed);
	return drop || buf_putc(&r->out, '\n') || end_full(r, &r->out);
}

/* The first n bytes of r->field are one whole field. */
int take_field(struct run *r, size_t n)
{
	size_t colon, name;
	enum field f;
	unsigned flags;

	if (!n)
		return 1;
	name = (size_t)field_name(r->field.s, n, &colon);
	f = field_find(r->field.s, name);
	flags = field_flags(f);
	if ((f == FIELD_FROM && r->letters & LETTER_F) ||
		(f == FIELD_MESSAGE_ID && r->letters & LETTER_I))
		return 1;
	r->seen |= 1u << f;
	r->resent |= flags & FIELD_RESENT;
	if (f == FIELD_RETURN_PATH)
		return take_path(r, colon, n);
	if (flags & (FIELD_RCPT | FIELD_FROMS))
		return take_list(r, flags, name, colon, n);
	return flags & FIELD_DROP || copy_field(r, n);
}
