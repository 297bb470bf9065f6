/* reader.h: the message as it comes in on a descriptor, through one window. */
#ifndef INJECT_READER_H
#define INJECT_READER_H
#include <stddef.h>
#include "../base/buf.h"
#include "../base/io.h"
#include "../limits.h"

struct reader {
	struct in in;
	int dots;		/* private: a read that gives just ".\n" is the end */
	int line;		/* private: the next byte starts a line */
	char window[WINDOW];
};

/* dots 1: fd is a terminal (it gives one line a read) and a lone dot ends. */
void reader_open(struct reader *r, int fd, int dots);
/* Bytes that are there, reading when none is. 1, 0 end, -1 errno. in_used() on
 * r->in consumes. */
int reader_get(struct reader *r, const char **p, size_t *n);
/* Appends to b up to the end of the line, as far as the window has it. 1 the
 * line is complete (its LF included), 2 it goes on, 0 end of input and nothing
 * appended, -1 errno, -2 b has no room. */
int reader_line(struct reader *r, struct buf *b);

/* Makes the line at b->s + from one of a header: CRs before its LF are
 * dropped, others become blanks, so that none can ever start a new field; a LF
 * is added when it has none. 1, 0 it holds a NUL byte, -2 no room. */
int reader_repair(struct buf *b, size_t from);

/* Line ends of a body: CRLF, CRCRLF and a bare CR become LF; a last line
 * without an end gets one. Everything else stays, NUL too. */
struct body {
	int (*put)(void *arg, const void *p, size_t n);	/* 0, else stop */
	void *arg;
	size_t crs;		/* private: CRs that may belong to a CRLF */
	int last;		/* last byte given to put(); at the start '\n' */
};
/* 0, or what put() said. */
int body_feed(struct body *b, const char *p, size_t n);
int body_end(struct body *b);

#endif
