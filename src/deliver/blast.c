/* blast.c: dot coding. One state machine writes every line end, so that no
 * message can put a bare CR or LF, or an end of data of its own, on the wire
 * ("a CR . CRLF" must not become CRLF . CRLF). */
#include "blast.h"

/* The most bytes one byte of the message can become: the CRLF of a CR that
 * turned out to stand alone, and a doubled dot. */
#define GROWTH 4

static char *eol(char *o)
{
	*o++ = '\r';
	*o++ = '\n';
	return o;
}

size_t blast_put(struct blast *b, const char *s, size_t *n, char *out, size_t cap)
{
	const char *p = s, *end = s + *n;
	char *o = out;

	for (; p < end && cap - (size_t)(o - out) >= GROWTH; p++) {
		if (b->state == BLAST_CR) {
			o = eol(o);
			b->state = BLAST_START;
			if (*p == '\n')
				continue;
		}
		if (*p == '\r') {
			b->state = BLAST_CR;
		} else if (*p == '\n') {
			o = eol(o);
			b->state = BLAST_START;
		} else {
			if (*p == '.' && b->state == BLAST_START)
				*o++ = '.';
			*o++ = *p;
			b->state = BLAST_INSIDE;
		}
	}
	*n = (size_t)(p - s);
	return (size_t)(o - out);
}

size_t blast_end(struct blast *b, char *out)
{
	char *o = out;

	if (b->state != BLAST_START)
		o = eol(o);
	*o++ = '.';
	o = eol(o);
	b->state = BLAST_START;
	return (size_t)(o - out);
}
