/* notice.h: the text of one bounce. */
#ifndef SEND_NOTICE_H
#define SEND_NOTICE_H
#include <stdint.h>
#include "../queue/queue.h"

/* One at a time; bounce.c fills it in. */
struct notice {
	const struct qinfo *about;	/* the message that failed */
	int twice;		/* 1: it was itself a bounce */
	struct buf to;		/* whom this goes to; a C string */
	unsigned long long number;	/* for the Message-ID */
	int texts, message;	/* descriptors: bounce/ID, the message */
	/* Takes the text: 0, or a QQ_ number, and then it is not called again. */
	int (*put)(void *arg, const void *p, size_t n);
	void *arg;
	int err;		/* the first such number; QQ_READ: a file could not be read */
	struct buf b;		/* what is not yet put */
	char boundary[40];	/* of a report in the form of RFC 3464 */
};

/* The whole message into put(). n->err is 0 when that was all of it. */
void notice_write(struct notice *n);
/* Its envelope sender. */
const char *notice_from(const struct notice *n);
/* For dsn.c: puts what is in n->b. */
void notice_flush(struct notice *n);
/* Next line of a file, without its end, into line (what does not fit is left out).
 * 1, 0 at the end. */
int notice_line(struct notice *n, struct in *in, struct buf *line);
/* Reads n->texts, and calls each() with the first line, "<address>:", of a failed
 * recipient's paragraph; each() may read on. n->b is put afterwards, and the file is
 * at its beginning again at the end. */
typedef void notice_failed(struct notice *n, struct in *in, struct buf *line);
void notice_each(struct notice *n, notice_failed *each);

#endif
