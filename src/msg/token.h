/* token.h: the tokens of structured header fields, RFC 5322 section 3.2. */
#ifndef MSG_TOKEN_H
#define MSG_TOKEN_H
#include <stddef.h>
#include "../base/buf.h"

enum token_type {
	T_END, T_BAD, T_ATOM, T_QUOTED, T_LITERAL, T_COMMENT,
	T_DOT = '.', T_COMMA = ',', T_AT = '@', T_LEFT = '<', T_RIGHT = '>',
	T_COLON = ':', T_SEMI = ';'
};

/* A token is a slice of the text: s..s+n with its delimiters. T_BAD: a string
 * that does not end, or a ) or ] where a token would start. */
struct token {
	enum token_type type;
	const char *s;
	size_t n;
	int blank;		/* white space stood before it */
};

/* Reads the token at s + *pos (n bytes in all) into *t and moves *pos past it.
 * T_END and T_BAD do not move. No memory, no recursion. Returns t->type. */
enum token_type token_next(struct token *t, const char *s, size_t n, size_t *pos);

/* Both append in pieces: when b is full afterwards, a part may be there.
 * What the token means: delimiters (but for a literal's brackets), backslashes
 * and the line ends of folding removed. */
void token_text(struct buf *b, const struct token *t);
/* The token as it is written in a header: atoms that hold anything but plain
 * characters become quoted strings, parentheses inside a comment go, all else
 * stays byte for byte. */
void token_print(struct buf *b, const struct token *t);

#endif
