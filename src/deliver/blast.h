/* blast.h: a stored message as SMTP DATA: line ends and dots. */
#ifndef DELIVER_BLAST_H
#define DELIVER_BLAST_H
#include <stddef.h>

/* Where the wire stands: at the start of a line, inside one, or after a CR of
 * the message whose meaning the next byte decides. Zero is the beginning. */
struct blast { enum { BLAST_START, BLAST_INSIDE, BLAST_CR } state; };

/* Encodes as many of the *n bytes at s as surely fit in cap bytes at out; *n
 * becomes how many were taken. Returns the bytes written. LF, CR LF and a CR
 * alone each leave as one CR LF; a dot at the start of any line that leaves is
 * doubled (RFC 5321 4.5.2), whatever ended the line before it. */
size_t blast_put(struct blast *b, const char *s, size_t *n, char *out, size_t cap);
/* Ends the last line if the message did not, and the data: at most BLAST_END bytes. */
#define BLAST_END 5
size_t blast_end(struct blast *b, char *out);

#endif
