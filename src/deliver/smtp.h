/* smtp.h: the SMTP client (RFC 5321): one connection, any number of messages.
 *
 * smtp_open() finds and greets a server; smtp_send() hands it one message, as
 * often as wanted; smtp_close(). Letters: 'K' done, 'Z' later, 'D' never, with
 * the words for the log and the bounce in s->report. */
#ifndef DELIVER_SMTP_H
#define DELIVER_SMTP_H
#include <stdint.h>
#include <sys/types.h>
#include "wire.h"
#include "../net/addr.h"
#include "../net/connect.h"
#include "../net/relay.h"
#include "../net/tls.h"
#include "../msg/outgoing.h"
#include "../msg/refit.h"

/* Replies that may be outstanding: more could fill both directions and block. */
#define SMTP_AHEAD 100
/* The server may be storing the message: who leaves early makes a duplicate
 * (RFC 5321 4.5.3.2.6). */
#define SMTP_FINAL_SECS 600

enum { CAP_PIPELINING = 1, CAP_SIZE = 2, CAP_8BITMIME = 4, CAP_STARTTLS = 8,
	CAP_SMTPUTF8 = 16, CAP_DSN = 32 };

/* One message. The caller fills in the first part and zeroes the rest. */
struct mail {
	const char *sender;
	const char *wish;	/* queue/wish.h, or 0 */
	uint32_t n;		/* recipients */
	int msg;		/* descriptor of the message */
	int stream;		/* 1: msg is a pipe: read once, size not known */
	off_t start;		/* where the message begins in msg */
	uint64_t size;		/* its bytes from there on */
	struct outgoing *fix;	/* room for what is changed in it; text: BUF_HEAP */
	/* Recipient i: 0, and *addr (valid until the next call) of *len bytes; or -1. */
	int (*rcpt)(struct mail *m, uint32_t i, const char **addr, size_t *len);
	/* What became of recipient i, in order: 'r' accepted, 'h' refused for good, 's'
	 * refused for now, 'm' not tried because of the server's limit. */
	void (*tell)(struct mail *m, char letter, uint32_t i, const char *text, size_t len);

	/* private: how far the dialogue is */
	unsigned conn;		/* the connection that `put` is about */
	int kept;		/* that connection had served another message before */
	int top;		/* recipients that are asked for */
	int put, got, end;	/* next command to send, to be answered; behind the last */
	uint32_t good;		/* recipients accepted */
	const char *told;	/* the wish, as far as the server knows wishes; or "" */
	int mail_ok, odd, go, eight, utf8, last, broken;
	char fate;
	int64_t until;
	unsigned char bad[JOB_RCPTS / 8];	/* recipients that must not reach the wire */
	struct refit_plan plan;	/* how it is made to fit this server */
};

/* How far an address is, for smtp.trace. */
enum smtp_stage { STAGE_FIND, STAGE_WANT, STAGE_CONNECT, STAGE_TLS, STAGE_GREET, STAGE_LOGIN };
struct hosts;

/* What is used most stands first: the code for it is shorter. */
struct smtp {
	/* the connection */
	unsigned caps;
	unsigned conn;		/* its number, from 1 */
	unsigned used;		/* messages begun on it */
	uint32_t limit;		/* recipients it takes at once, 0 not known */
	uint64_t maxsize;	/* server's limit, 0 none */
	int dirty;		/* a transaction is open: RSET comes first */
	pid_t pid;		/* of the relay that is a command, 0 none */
	/* settings */
	unsigned timeout, timeout_connect;	/* milliseconds */
	int tcpto;
	/* Asked when a message has been sent but not yet answered: the next one for
	 * this connection, so that its envelope shares the round trip; or 0. */
	struct mail *(*more)(void *arg);
	void *more_arg;
	/* 0, or (qmta check) told of everything: h, the addresses that are asked next, whose
	 * name hosts_name() has when by_mx is 1; or, h 0, that one has been asked: r 1 its
	 * session is open, 0 it came to nothing at s->stage, with the words in s->report, -1
	 * it is asked again without TLS. What it gives is taken for r. */
	int (*trace)(struct smtp *s, const struct hosts *h, int by_mx, int r);
	enum smtp_stage stage;
	const char *mech;	/* of the login */
	/* the piece of a message that is in memory */
	const struct mail *win_mail;
	off_t win_at;
	size_t win_len;
	struct buf report;	/* over reportbuf */
	char ip[ADDR_TEXT];	/* who is there, in words */
	char tls[24];		/* " (TLSv1.3, verified)", "" in clear */
	struct source source;
	struct relay relay;	/* who takes the mail, or is asked now; by MX the value is "" */
	struct tls_seen seen;
	char mechs[512];	/* of AUTH, blank-separated */
	struct wire w;
	char helo[256], window[WINDOW], reportbuf[REPORT_MAX];
};

/* Reads the control files. 'K', or 'Z' with the words. */
char smtp_init(struct smtp *s, int tcpto);
/* Connects to the first server of the route that greets us, with TLS and login as the
 * route has it. 'K', 'Z' or 'D'. */
char smtp_open(struct smtp *s, const char *route);
/* Sends a message. 0: the connection, which had served others before, was gone
 * before this message was begun: nothing was told, open a new one and try again.
 * The connection may be closed afterwards: see smtp_is_open(). */
char smtp_send(struct smtp *s, struct mail *m);
int smtp_is_open(const struct smtp *s);
/* Says QUIT without waiting for the answer (if the connection still is one). */
void smtp_close(struct smtp *s, int quit);

/* What is to be changed in the message (m->fix), and what needs no dialogue: 'D' or 'Z'
 * with the words; 0 to go on. */
char smtp_prepare(struct smtp *s, const struct mail *m);
/* For transact.c and dialog.c: words into the report, with the server's address and
 * s->tls in them; and the same with the ending "Remote host said" when its last reply has text. */
void smtp_words(struct smtp *s, const char *fmt);
void smtp_said(struct smtp *s, const char *fmt);
/* Words for a connection that ended: that it died, or what the server says is wrong with our
 * TLS. */
void smtp_died(struct smtp *s);
/* 0, with these words for a reply that is not what it should be, or those for none (-1). */
int smtp_refused(struct smtp *s, int code, const char *words);
/* Milliseconds from now, absolute. */
int64_t smtp_by(int64_t ms);
/* The next command's deadline: the time-out, or earlier the end of the mail's time. */
int64_t smtp_until(const struct smtp *s, const struct mail *m);

#endif
