/* addrlist.c: address lists. The text is walked from left to right, one element
 * (what stands between two commas) at a time: a first look finds out what kind
 * of element it is, a second one writes it. So nothing is kept but one address,
 * and a list of any length costs the same. The classic parser goes from right
 * to left over an array; what it accepts comes out the same here, but for the
 * lists it lets through half read (a > without a <, a group that never ends),
 * which are refused: half a list of recipients is lost mail. */
#include <string.h>
#include "../limits.h"
#include "addrlist.h"
#include "quote.h"
#include "../base/text.h"
#include "token.h"

#define COLUMNS 80

/* The address under construction, without quoting. */
struct one {
	struct buf b;
	size_t at;		/* where the last @ that is not quoted stands; b.len or more: none */
	int dot;		/* the last token was a dot */
	int bare;		/* it came without a host */
	const char *from, *to;	/* its first token, and behind the last one */
	char space[2 * ADDR_CAP];
};

struct walk {
	struct addr_list *l;
	struct buf *out;	/* never 0; once it is full the list is given up */
	const char *s;
	size_t n;
	size_t item;		/* in out: where the present item's blank is */
	int any;		/* this field has an item already */
	int ingroup;
	struct buf nowhere;	/* takes nothing: when nobody wants the text */
	struct one a;
};

/* ---- one address ---- */

static void one_start(struct one *a)
{
	a->b = BUF_OVER(a->space);
	a->at = (size_t)-1;
	a->dot = a->bare = 0;
	a->from = a->to = 0;
}

static void one_add(struct one *a, const struct token *t)
{
	if (t->type == T_AT)
		a->at = a->b.len;
	a->dot = t->type == T_DOT;
	if (!a->from)
		a->from = t->s;
	a->to = t->s + t->n;
	token_text(&a->b, t);
}

/* No control bytes; and from `host` on nothing that would not read back as it
 * is, or that could end a command. */
static int is_good(const struct buf *b, size_t host)
{
	size_t i, end = b->len;
	int literal = host < end && b->s[host] == '[' && b->s[end - 1] == ']';

	for (i = 0; i < end; i++) {
		unsigned char c = b->s[i];

		if (c < 32 || c == 127)
			return 0;
		if (i < host || (literal && (i == host || i == end - 1 || c == ':')))
			continue;
		if (strchr(" \"(),:;<>@[\\]", c))
			return 0;
	}
	return host >= end || b->s[end - 1] != '.';
}

static int add_name(struct buf *b, int c, const struct addr_rules *r, enum addr_name which)
{
	const char *name = r->name(r->arg, which);

	if (!name)
		return 0;
	buf_putc(b, c);
	buf_puts(b, name);
	return 1;
}

/* The domain of a host without one, the n bytes at the end of b. Programs call this
 * host "localhost", or what hostname(1) says, "board"; where nothing but control/me is
 * written, both are board.example.net and not board.board.example.net. */
static int add_domain(struct buf *b, size_t n, const struct addr_rules *r)
{
	const char *name = r->name(r->arg, ADDR_DOMAIN), *host = b->s + b->len - n, *me;

	if (name && (text_caseeq(host, n, "localhost", 9) ||
		text_caseeq(host, n, name, strcspn(name, "."))) &&
		(me = r->name(r->arg, ADDR_ME)) && !strcmp(me, name)) {
		b->len -= n;
		return buf_puts(b, name) || 1;
	}
	return add_name(b, '.', r, ADDR_DOMAIN);
}

/* The steps that complete an address (docs: qmail-header(5)): a host that is
 * missing is defaulthost; h.cs+ becomes h.cs.plusdomain, h h.defaultdomain;
 * h.d and [literal] are complete. A host that is exactly [] marks a bounce
 * template, "#@[]" or "x-@[]", and stays as it is. */
static enum addr_result one_complete(struct one *a, const struct addr_rules *r)
{
	struct buf *b = &a->b;
	const char *host;
	size_t n;
	int plus;

	if (b->full)
		return ADDR_BAD;
	if (a->dot && b->len)
		b->len--;
	if (b->len && a->at == b->len - 1) {
		b->len--;
		a->at = text_rchr(b->s, b->len, '@');
	}
	if (!b->len)
		return ADDR_OK;
	if (a->at >= b->len) {
		a->at = b->len;
		a->bare = 1;
		if (r && !add_name(b, '@', r, ADDR_HOST))
			return ADDR_NONAME;
	}
	if (!r)
		return is_good(b, a->at + 1) ? ADDR_OK : ADDR_BAD;
	n = b->len - a->at - 1;
	host = b->s + a->at + 1;
	if (n == 2 && !memcmp(host, "[]", 2))
		return is_good(b, b->len) ? ADDR_OK : ADDR_BAD;
	plus = b->s[b->len - 1] == '+';
	b->len -= (size_t)plus;
	if (plus ? !add_name(b, '.', r, ADDR_PLUS) :
		*host != '[' && !memchr(host, '.', n) && !add_domain(b, n, r))
		return ADDR_NONAME;
	return !b->full && is_good(b, a->at + 1) ? ADDR_OK : ADDR_BAD;
}

enum addr_result addr_complete(struct buf *addr, const struct addr_rules *rules)
{
	struct one a;
	enum addr_result e;

	one_start(&a);
	buf_put(&a.b, addr->s, addr->len);
	a.at = text_rchr(addr->s, addr->len, '@');
	a.dot = a.at < addr->len && addr->s[addr->len - 1] == '.';
	if ((e = one_complete(&a, rules)) != ADDR_OK)
		return e;
	buf_clear(addr);
	return buf_put(addr, a.b.s, a.b.len) ? ADDR_OK : ADDR_NOMEM;
}

/* ---- writing ---- */

/* The comma before an item that is not the first, and the item's blank. */
static void item_start(struct walk *w)
{
	struct buf *out = w->out;

	if (!out->len)
		return;
	if (w->any && out->s[out->len - 1] != ':')
		buf_putc(out, ',');
	if (!w->any || out->s[out->len - 1] == ',')
		w->item = out->len;
	w->any = 1;
	buf_putc(out, ' ');
}

/* When the line has become too long, the item moves to a line of its own. But
 * the first one stays beside the name. */
static void item_end(struct walk *w)
{
	struct buf *out = w->out;
	char *item;

	if (out->len + 1 - w->l->line <= COLUMNS || w->item <= w->l->line ||
		out->s[w->item] != ' ' || out->s[w->item - 1] != ',' || !buf_room(out, 2))
		return;
	item = out->s + w->item;
	memmove(item + 2, item, out->len - w->item);
	out->len += 2;
	memcpy(item, "\n  ", 3);
	w->l->line = w->item + 1;
}

static int is_word(enum token_type t)
{
	return t == T_ATOM || t == T_QUOTED || t == T_LITERAL || t == T_COMMENT;
}

/* The tokens from..to as they are, or only the comments among them. prev is what
 * stands before them in this item; returns the last one. */
static enum token_type put_tokens(struct walk *w, size_t from, size_t to,
	enum token_type prev, int comments)
{
	struct token t;

	while (token_next(&t, w->s, to, &from) != T_END) {
		if (comments && t.type != T_COMMENT)
			continue;
		if (prev != T_END && (comments || t.blank || (is_word(prev) && is_word(t.type))))
			buf_putc(w->out, ' ');
		token_print(w->out, &t);
		prev = t.type;
	}
	return prev;
}

/* Shows the completed address and hands it to the caller. */
static enum addr_result one_end(struct walk *w)
{
	struct addr_list *l = w->l;

	l->bare = w->a.bare;
	if (w->a.to) {
		l->from = (size_t)(w->a.from - w->s);
		l->to = (size_t)(w->a.to - w->s);
	}
	addr_quote(w->out, w->a.b.s, w->a.b.len);
	return !l->each || l->each(l->arg, w->a.b.s, w->a.b.len) ? ADDR_OK : ADDR_NOMEM;
}

/* ---- elements ---- */

/* An address without <>: the words between from and to that belong together.
 * Two words side by side are two addresses. Returns through *from where the
 * next one starts. */
static enum addr_result bare(struct walk *w, size_t *from, size_t to)
{
	enum token_type prev = T_END;
	size_t start = *from, pos = start;
	int route = 0, comments = 0;
	enum addr_result e;
	struct token t;

	one_start(&w->a);
	while (token_next(&t, w->s, to, &pos) != T_END) {
		if (t.type == T_COMMENT)
			comments = 1;
		else {
			if (is_word(t.type) && is_word(prev))
				break;
			if (prev == T_END && t.type == T_AT)
				route = 1;	/* a route without its address: nothing */
			if (!route)
				one_add(&w->a, &t);
			prev = t.type;
		}
		*from = pos;
	}
	if ((e = one_complete(&w->a, w->l->rules)) != ADDR_OK)
		return e;
	if (!w->a.b.len && !comments)
		return ADDR_OK;		/* only white space, or a dot */
	item_start(w);
	if (w->a.b.len && (e = one_end(w)) != ADDR_OK)
		return e;
	put_tokens(w, start, *from, w->a.b.len ? T_ATOM : T_END, 1);
	item_end(w);
	return ADDR_OK;
}

/* What stands in <>; *pos is behind the <, and behind the > at the end. */
static enum addr_result inner(struct walk *w, size_t *pos)
{
	enum token_type prev = T_END;
	int route = 0;
	struct token t;

	one_start(&w->a);
	while (token_next(&t, w->s, w->n, pos) != T_RIGHT) {
		if (t.type == T_COMMENT)
			continue;
		if (prev == T_END && t.type == T_AT) {
			route = 1;
			w->a.from = t.s;
		}
		if (t.type == T_END || t.type == T_BAD || t.type == T_LEFT ||
			t.type == T_SEMI || (is_word(prev) && is_word(t.type)))
			return ADDR_BAD;
		prev = t.type;
		if (route)
			route = t.type != T_COLON;
		else if (t.type == T_COMMA || t.type == T_COLON)
			return ADDR_BAD;
		else
			one_add(&w->a, &t);
	}
	return one_complete(&w->a, w->l->rules);
}

/* A name and <address>, and the comments behind it. from: start of the name,
 * *pos: behind the <. */
static enum addr_result angle(struct walk *w, size_t from, size_t *pos)
{
	size_t ahead, inside = *pos;
	enum addr_result e;
	struct token t;

	item_start(w);
	if (put_tokens(w, from, inside - 1, T_END, 0) != T_END)
		buf_putc(w->out, ' ');
	buf_putc(w->out, '<');
	if ((e = inner(w, pos)) != ADDR_OK || (e = one_end(w)) != ADDR_OK)
		return e;
	buf_putc(w->out, '>');
	for (ahead = *pos; token_next(&t, w->s, w->n, &ahead) == T_COMMENT; *pos = ahead)
		;
	put_tokens(w, inside, *pos, T_RIGHT, 1);
	item_end(w);
	return ADDR_OK;
}

/* The name of a group and its colon. */
static enum addr_result group(struct walk *w, size_t from, size_t to)
{
	if (w->ingroup)
		return ADDR_BAD;
	w->ingroup = 1;
	item_start(w);
	put_tokens(w, from, to, T_END, 0);
	buf_putc(w->out, ':');
	return ADDR_OK;
}

static enum addr_result group_end(struct walk *w)
{
	struct buf *out = w->out;

	if (!w->ingroup)
		return ADDR_BAD;
	w->ingroup = 0;
	if (out->len && out->s[out->len - 1] == ':')
		buf_putc(out, ' ');
	buf_putc(out, ';');
	item_end(w);
	return ADDR_OK;
}

/* The element that starts at *pos, and what ends it. */
static enum addr_result element(struct walk *w, size_t *pos, enum token_type *end)
{
	size_t from = *pos, to, was;
	enum addr_result e;
	struct token t;

	do {
		to = *pos;
		token_next(&t, w->s, w->n, pos);
	} while (is_word(t.type) || t.type == T_DOT || t.type == T_AT);
	*end = t.type;
	if (t.type == T_LEFT) {
		*end = T_COMMA;
		return angle(w, from, pos);
	}
	if (t.type == T_COLON)
		return group(w, from, to);
	if (t.type == T_RIGHT || t.type == T_BAD)
		return ADDR_BAD;
	do {
		was = from;
		if ((e = bare(w, &from, to)) != ADDR_OK)
			return e;
	} while (from != was);		/* else only white space is left */
	return t.type == T_SEMI ? group_end(w) : ADDR_OK;
}

enum addr_result addr_list(struct addr_list *l, const char *s, size_t n)
{
	struct walk w = { .l = l, .s = s, .n = n };
	enum token_type end;
	enum addr_result e;
	size_t pos = 0;

	w.out = l->out ? l->out : &w.nowhere;
	do {
		if ((e = element(&w, &pos, &end)) != ADDR_OK)
			return e;
		if (l->out && l->out->full)
			return ADDR_NOMEM;
	} while (end != T_END);
	return w.ingroup ? ADDR_BAD : ADDR_OK;
}
