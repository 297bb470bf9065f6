/* data.h: the text of a message as it comes behind DATA, RFC 5321 4.5.2. */
#ifndef SERVE_DATA_H
#define SERVE_DATA_H
#include <stddef.h>

/* Zero is the beginning. What was met so far, whatever becomes of the message: */
struct data {
	int barelf, barecr, nul;
	int plain;	/* from the caller: 1, a dot is a dot, and it has no end (BDAT) */
	enum { DATA_START, DATA_INSIDE, DATA_CR, DATA_DOT, DATA_DOTCR, DATA_END } state;
};
#define DATA_GROWTH 2		/* bytes that one call may give more than it takes */

/* Decodes the n bytes at s into out, which has room for n + DATA_GROWTH, and may begin
 * DATA_GROWTH bytes before s: CR LF becomes LF, a dot at the start of a line goes. A LF
 * alone stays a LF and starts no line whose dot means anything; a CR alone stays a CR.
 * Returns how many bytes were taken: fewer than n only when the end of the text was among
 * them (state DATA_END); *len are in out. */
size_t data_take(struct data *d, const char *s, size_t n, char *out, size_t *len);

#endif
