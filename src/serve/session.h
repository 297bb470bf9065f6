/* session.h: an SMTP server's side of one connection, RFC 5321, with PIPELINING
 * (RFC 2920), SIZE (1870), 8BITMIME (6152) and ENHANCEDSTATUSCODES (2034). It knows no
 * policy: its caller says who may send, to whom, how much, and what is written above
 * the message. It reads no variable and no control file. */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H
#include "../queue/submit.h"
#include "data.h"
#include "header.h"
#include "talk.h"

#define SESSION_TOOBIG "552 5.3.4 message is larger than control/databytes allows"

/* What is used most stands first and the large arrays last: that makes shorter code. */
struct session {
	/* ---- filled by the caller, with talk below; the rest is 0 ---- */
	const char *host;	/* how we call ourselves */
	uint64_t databytes;	/* largest message; 0: no limit of ours */
	size_t rcpts_max;	/* recipients of one message; 0: as many as memory holds */
	unsigned errors_max;	/* wrong commands until the end */
	/* 1: LF and CR alone in a message are ends of lines, as from programs of this
	 * host; 0: the message is refused and the connection ended. */
	int lenient;
	/* Asked for each address that can be read. They return 0, or a reply that refuses
	 * ("553 5.7.1 ...", which stays until it is sent). sender: MAIL; may change addr,
	 * "" is the null sender. rcpt: RCPT; adds those who get the mail by session_rcpt. */
	const char *(*sender)(struct session *s, struct buf *addr);
	const char *(*rcpt)(struct session *s, const struct buf *addr);
	/* DATA, before the submission begins, the envelope is complete: puts into trace
	 * what stands above the message. As above; said behind the text. */
	const char *(*begin)(struct session *s, struct buf *trace);
	/* As in struct header, or 0; arg is the session. */
	void (*complete)(void *arg, unsigned seen);
	void *arg;		/* the caller's own */

	/* ---- to read ---- */
	int open;		/* a transaction is under way */
	unsigned accepted;	/* messages so far */
	struct buf from;	/* envelope sender; NUL-terminated */
	struct buf rcpts;	/* recipients, each with a NUL */

	/* ---- private ---- */
	size_t count;		/* RCPTs that were accepted */
	unsigned errors;
	int live;		/* the submission has begun and is not over */
	int code;		/* the number it ended with */
	const char *refused;	/* our own reply, when it is refused */
	uint64_t size;
	struct data data;
	char from_space[ADDR_CAP], addr_space[ADDR_CAP], rcpts_space[1024], trace[512];
	struct header header;
	struct submit submit;
	char window[WINDOW + DATA_GROWTH];
	struct talk talk;	/* the caller's: descriptors, deadlines, barelf */
};

/* How it ended. */
enum session_end {
	SESSION_QUIT,	/* QUIT, or the end of input between two messages */
	SESSION_CUT,	/* the end of input, or of our patience, within a transaction */
	SESSION_LOST,	/* our patience, or a reply that nobody took, between two messages */
	SESSION_ENDED	/* by us: errors_max, or lines that end wrongly */
};
/* From the greeting to the end. A message that was answered by 250 is safe, and no
 * other is kept. SIGPIPE must be ignored. */
enum session_end session_run(struct session *s);
/* For rcpt(): one recipient. 1, 0 no room (reply 452). */
int session_rcpt(struct session *s, const char *addr, size_t n);
/* For complete(): a piece of the message; and, instead of the message, a reply. */
void session_put(struct session *s, const char *p, size_t n);
void session_fail(struct session *s, const char *reply);
/* "421 reply" to a client that is not served, and the end. */
void session_refuse(struct session *s, const char *why);

/* ---- message.c, for session.c alone ---- */
/* DATA and the message. 1 answered, 0 end of input, -1 errno, as talk_fill; -2: it was
 * refused in a way that ends the connection. */
int message_take(struct session *s);

#endif
