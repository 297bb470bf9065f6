/* token.c: the lexer under the address parser. It walks over the text of one
 * field and keeps nothing, so a field of any length costs no memory. It
 * refuses strings that do not end and closing brackets that close nothing;
 * everything else is some token. Bytes of 128 and more are ordinary characters
 * of atoms and strings: raw UTF-8 comes through unchanged. */
#include <string.h>
#include "token.h"

static int is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Length of the string at s that ends with close, both delimiters included; 0
 * when it does not end. Comments nest. */
static size_t string_len(const char *s, size_t n, int close)
{
	size_t i, depth = 1;

	for (i = 1; i < n; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == close && !--depth)
			return i + 1;
		else if (s[i] == '(' && close == ')')
			depth++;
	}
	return 0;
}

static size_t atom_len(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_blank(s[i]) || memchr("\"(,.@<>:;[", s[i], 10))
			break;
		if (s[i] == '\\' && ++i == n)
			return 0;
	}
	return i;
}

enum token_type token_next(struct token *t, const char *s, size_t n, size_t *pos)
{
	static const char opens[] = "\"[(", closes[] = "\"])";	/* T_QUOTED, ... */
	size_t p = *pos;
	const char *open;

	while (p < n && is_blank(s[p]))
		p++;
	t->blank = p > *pos;
	*pos = p;
	t->s = s += p;
	n -= p;
	t->n = 1;
	if (!n)
		return t->type = T_END;
	if (memchr(".,@<>:;", *s, 7))
		t->type = (enum token_type)*s;
	else if ((open = memchr(opens, *s, 3))) {
		t->type = (enum token_type)(T_QUOTED + (open - opens));
		t->n = string_len(s, n, closes[open - opens]);
	} else {
		t->type = T_ATOM;
		t->n = *s == ')' || *s == ']' ? 0 : atom_len(s, n);
	}
	if (!t->n)
		return t->type = T_BAD;
	*pos = p + t->n;
	return t->type;
}

void token_text(struct buf *b, const struct token *t)
{
	size_t i = 0, end = t->n;

	if (t->type == T_QUOTED || t->type == T_COMMENT)
		i++, end--;
	for (; i < end; i++) {
		if (t->s[i] == '\\' && i + 1 < end)
			i++;
		else if (t->s[i] == '\n' && (t->s[i + 1] == ' ' || t->s[i + 1] == '\t'))
			continue;	/* folding; the blank stays */
		buf_putc(b, t->s[i]);
	}
}

/* 1 when the atom may be written as it stands. */
static int atom_is_plain(const struct token *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		unsigned char c = t->s[i];

		if (c <= 32 || c > 126 || c == ')' || c == ']' || c == '\\')
			return 0;
	}
	return 1;
}

static void print_quoted_atom(struct buf *b, const struct token *t)
{
	size_t i;

	buf_putc(b, '"');
	for (i = 0; i < t->n; i++) {
		if (t->s[i] == '\\')
			i++;		/* an atom never ends in one */
		if (t->s[i] == '"' || t->s[i] == '\\')
			buf_putc(b, '\\');
		buf_putc(b, t->s[i] == '\n' ? ' ' : t->s[i]);
	}
	buf_putc(b, '"');
}

static void print_comment(struct buf *b, const struct token *t)
{
	size_t i;

	buf_putc(b, '(');
	for (i = 1; i + 1 < t->n; i++) {
		if (t->s[i] == '(' || t->s[i] == ')')
			continue;
		if (t->s[i] == '\\')
			buf_putc(b, t->s[i++]);
		buf_putc(b, t->s[i]);
	}
	buf_putc(b, ')');
}

void token_print(struct buf *b, const struct token *t)
{
	if (t->type == T_COMMENT)
		print_comment(b, t);
	else if (t->type == T_ATOM && !atom_is_plain(t))
		print_quoted_atom(b, t);
	else
		buf_put(b, t->s, t->n);
}
