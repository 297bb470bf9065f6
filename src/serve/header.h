/* header.h: a message's header as it passes by: hops are counted, and for mail that
 * begins its life here, what must not go on is left out and what is missing is added
 * at its end. Nothing but the name of one field is ever in memory. */
#ifndef SERVE_HEADER_H
#define SERVE_HEADER_H
#include <stddef.h>

#define HEADER_NAME 1000	/* more than the name of a field can be */

struct header {
	/* filled by the caller; the rest is 0 */
	void (*put)(void *arg, const char *s, size_t n);	/* where the message goes */
	/* 0: it goes on as it is. Else called once, at the end of the header, with the
	 * fields that were seen (1 << FIELD_...); puts what they lack. */
	void (*complete)(void *arg, unsigned seen);
	void *arg;
	/* for the caller to read */
	unsigned hops;		/* fields Received and Delivered-To */
	/* private: at the start of a line, in one that goes on or is left out, behind it all */
	enum { HEADER_LINE, HEADER_KEEP, HEADER_DROP, HEADER_OVER } state;
	int fields, drop;	/* there was a field; the last one is left out */
	unsigned seen;
	size_t n;
	char name[HEADER_NAME];
};

/* The next n bytes of the message, lines ending in LF. They are changed: a CR becomes a
 * blank in the header, so that it never starts a field, and a LF in the body. */
void header_put(struct header *h, char *s, size_t n);
/* The message is over. */
void header_end(struct header *h);

#endif
