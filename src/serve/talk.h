/* talk.h: the two ends of a server's connection as bytes: command lines that are
 * bounded, replies that are gathered, both with deadlines. What comes in is a
 * stranger's. */
#ifndef SERVE_TALK_H
#define SERVE_TALK_H
#include <stdint.h>
#include "../base/buf.h"
#include "../limits.h"
#include "data.h"

#define TALK_OUT 1024		/* below what a pipe takes at once; two replies */
#define TALK_LINE 2048		/* a command, RFC 5321 4.5.3.1.4 and room for parameters */
#define TALK_GAP DATA_GROWTH
#define TALK_REPLY 480		/* one reply; 4.5.3.1.5 allows 510 */

struct talk {
	/* filled by the caller; the rest is 0 */
	int in, out;		/* descriptors, blocking or not */
	int barelf;		/* 1: a LF alone ends a command, too */
	int nonblock;		/* 1: out does not block, and need not be asked before a write */
	int64_t wait;		/* milliseconds that one read or write may take */
	int64_t until;		/* the end of the session, as clock_mono(), or IO_FOREVER */
	/* what is there: unread bytes of in_space from pos to len; replies in out_space */
	size_t pos, len;
	size_t out_len, last;	/* last: where the last reply begins, while it is here */
	int err;		/* of the write that failed */
	const char *line;	/* in in_space; gone when more is read */
	char out_space[TALK_OUT];
	/* Nothing is ever read into its first TALK_GAP bytes: who decodes what is here into
	 * the place where it is (data.h) begins so much before pos. */
	char in_space[TALK_GAP + WINDOW];
};

/* Makes sure that there are unread bytes. Replies are sent before it waits for more,
 * and only then: so clients that pipeline (RFC 2920) get theirs in one piece, and
 * others at once. 1; 0 end of input; -1 errno (ETIMEDOUT). A client that takes no
 * replies is not listened to any more, either. */
int talk_fill(struct talk *t);
/* The next command without its end, as a C string at t->line; 0 and -1 as above. One
 * that is no command is read to its end: TALK_LONG; TALK_BAD: it has control bytes, or
 * just LF at its end. */
enum { TALK_LINE_READ = 1, TALK_LONG, TALK_BAD };
int talk_line(struct talk *t);
/* A reply line, "250 2.0.0 ok": control bytes in it become blanks, what is too long is
 * cut. Nothing is reported here: a client that has gone is noticed by talk_fill. */
void talk_reply(struct talk *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sends what is gathered. 0 / -1 errno. */
int talk_flush(struct talk *t);

#endif
