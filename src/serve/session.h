/* session.h: an SMTP server's side of one connection, RFC 5321, with PIPELINING
 * (RFC 2920), SIZE (1870), 8BITMIME (6152), ENHANCEDSTATUSCODES (2034), and for mini-smtpd
 * SMTPUTF8 (6531), STARTTLS (3207), AUTH (4954), LIMITS (9422), CHUNKING (3030). It knows no
 * policy: its caller says who may send, to whom, how much, and what is written above
 * the message. It reads no variable and no control file. */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H
#include "../queue/submit.h"
#include "data.h"
#include "header.h"
#include "talk.h"

#define SESSION_TOOBIG "552 5.3.4 message is larger than control/databytes allows"
#define SESSION_TOOLONG "553 5.1.3 that address is too long"

/* For strangers. Bounds that nobody who has mail to send meets: a client beyond one hears
 * 421 and is cut off; it comes again if it was one. Nothing else ends a session that keeps
 * just within its deadlines. */
enum {
	RCPTS_ROOM = 20 << 10,	/* bytes of one message's recipients: some 700 of them */
	IDLE_MAX = 100,		/* commands since the last message that was taken, without RCPT */
	SURPLUS = 100,		/* but so many RCPTs that had no room are one of them */
	REFUSED_MAX = 100,	/* RCPTs that were refused, */
	REFUSED_ROW = 20,	/* so many of them in a row */
	MESSAGES_MAX = 10000
};

/* What is used most stands first and the large arrays last: that makes shorter code. */
struct session {
	/* ---- filled by the caller, with talk below; the rest is 0 ---- */
	const char *host;	/* how we call ourselves */
	const char *greeting;	/* behind "220 " and "250-"; 0: host */
	uint64_t databytes;	/* largest message; 0: no limit of ours */
	size_t rcpts_max;	/* recipients of one message; 0: as many as memory holds */
	unsigned errors_max;	/* wrong commands until the end */
	/* 1: LF and CR alone in a message are ends of lines, as from programs of this
	 * host; 0: the message is refused and the connection ended. */
	int lenient;
	/* ---- for mini-smtpd; sendmail -bs has none of them ---- */
	int remote;		/* 1: all that follows, and the rules for strangers, hold */
	int starttls;		/* 1: STARTTLS is offered. 0 once there is TLS */
	int chunking;		/* 1: BDAT is offered */
	const char *mechs;	/* AUTH is offered with these, blank-separated; 0: not now */
	/* MAIL is answered by this: "530 5.7.0 ..."; 0: it is taken. Looked at each time. */
	const char *need;
	/* Milliseconds in which a client that speaks first is found out; 0: whether it has
	 * spoken already; negative: it may. */
	int64_t greet;
	unsigned tarpit;	/* from this many recipients on ... */
	int64_t delay;		/* ... each is answered after so many milliseconds; 0: none */
	/* HELO, EHLO; s->helo has the name. 0, or the reply that refuses. */
	const char *(*hello)(struct session *s);
	/* STARTTLS, and nothing more is in the input: answers 220 and shakes hands, or
	 * answers 454. As all commands: 1 to go on, -1 errno, -2 the connection is over. When
	 * TLS is on, then tls is 1, starttls, mechs and need are as they are to be, and the
	 * session forgets helo and envelope. */
	int (*secure)(struct session *s);
	/* AUTH and its argument, when mechs is set, no login was there before, and no
	 * transaction is open: the whole dialogue, with its replies. As all commands: 1 to go
	 * on, 0 end of input, -1 errno, -2 it is over. Sets user when it was right. */
	int (*login)(struct session *s, const char *arg);
	/* Something was decided: a message was answered, a MAIL or RCPT was refused, a
	 * transaction or the whole session was cut. reply: what the client heard, "" nothing;
	 * addr: of the command that was refused, 0 for a message. For the log. 0: not told. */
	void (*told)(struct session *s, const char *reply, const struct buf *addr);
	/* Asked for each address that can be read. They return 0, or a reply that refuses
	 * ("553 5.7.1 ...", which stays until it is sent). sender: MAIL; may change addr,
	 * "" is the null sender. rcpt: RCPT; may change addr, too, and adds those who get the
	 * mail by session_add. */
	const char *(*sender)(struct session *s, struct buf *addr);
	const char *(*rcpt)(struct session *s, struct buf *addr);
	/* DATA, before the submission begins, the envelope is complete: where it goes is
	 * decided. As above; said behind the text. */
	const char *(*begin)(struct session *s);
	/* Puts what stands above the message by session_put. */
	void (*trace)(struct session *s);
	/* As in struct header, or 0; its arg is the session. */
	void (*complete)(void *arg, unsigned seen);

	/* ---- to read ---- */
	int open;		/* a transaction is under way */
	unsigned accepted;	/* messages so far */
	int esmtp;		/* the last of HELO and EHLO was EHLO */
	int utf8;		/* this transaction's MAIL has SMTPUTF8 */
	int quit;		/* 1: it ended by QUIT */
	/* For a signal's handler: 1 while the message's fate is decided, when dying would
	 * cost a duplicate. It then sets stop, and the session ends with 421 after the answer. */
	volatile int deciding, stop;
	int tls;		/* the caller's: TLS is on */
	const char *version, *cipher;	/* the caller's, then: "TLSv1.3" and the suite's name */
	const char *user;	/* the caller's: who has logged in; 0 nobody */
	const char *cert;	/* the caller's: whose certificate was proven; 0 none */
	uint64_t size;		/* of the message, as it is queued, our trace not counted */
	char helo[256];		/* what the client calls itself; "" not yet */
	struct buf from;	/* envelope sender; NUL-terminated */
	struct buf rcpts;	/* recipients, each with a NUL */

	/* ---- private ---- */
	size_t count;		/* RCPTs that were accepted */
	unsigned errors;
	unsigned idle, refusals, row, surplus;	/* see IDLE_MAX */
	int chunks;		/* BDAT has begun, its message is not over */
	int live;		/* the submission has begun and is not over */
	int code;		/* the number it ended with */
	const char *refused;	/* our own reply, when it is refused */
	struct data data;
	char from_space[ADDR_CAP], rcpts_space[512];
	union {
		char addr_space[ADDR_MAX];	/* of one RCPT; then */
		struct header header;		/* of one message */
	};
	struct talk talk;	/* the caller's: descriptors, deadlines, barelf */
	struct submit submit;
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
int session_add(struct session *s, const char *addr, size_t n);
/* For trace() and complete(): a piece of the message; and, instead of the message, a reply. */
void session_put(struct session *s, const char *p, size_t n);
void session_fail(struct session *s, const char *reply);
/* "421 reply" to a client that is not served, and the end. */
void session_refuse(struct session *s, const char *why);

/* ---- for the files of the session alone ---- */
/* All but the first two: as talk_fill, 1 to go on, 0 end of input, -1 errno; -2: over by
 * us. Commands have replied; arg is what stands behind the verb. */
/* A reply to a command that is wrong in itself; 1. Forgets the transaction. */
int session_wrong(struct session *s, const char *reply);
void session_forget(struct session *s);
/* A reply and the end: -2. */
int session_over(struct session *s, const char *reply);
/* Tells s->told of the last reply (told 1), or of none. */
void session_tell(struct session *s, int told, const struct buf *addr);
int session_mail(struct session *s, const char *arg);	/* transaction.c */
int session_recipient(struct session *s, const char *arg);
/* DATA and the message; BDAT. */
int message_take(struct session *s);	/* message.c */
int message_chunk(struct session *s, const char *arg);
/* extra.c: STARTTLS, AUTH, BDAT; MORE_NONE: the n bytes at verb are none of them. patience:
 * 1, or the bounds above are reached: 421 was said; idle 1: the command counts for IDLE_MAX.
 * early: 1 the client has spoken before us. */
enum { MORE_NONE = 2 };
int session_more(struct session *s, const char *verb, size_t n, const char *arg);
int session_patience(struct session *s, int idle);
int session_early(struct session *s);

#endif
