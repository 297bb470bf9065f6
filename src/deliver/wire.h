/* wire.h: one SMTP connection as bytes: output that is gathered, replies that
 * are read with a bound. All bytes to and from the server pass through here. */
#ifndef DELIVER_WIRE_H
#define DELIVER_WIRE_H
#include <stdint.h>
#include "../base/buf.h"
#include "../limits.h"

#define WIRE_OUT 8192
#define WIRE_IN 1024
/* Reply text that is kept; with our own words it must fit REPORT_MAX. */
#define REPLY_TEXT (REPORT_MAX - 600)
/* A reply longer than this is not a reply. */
#define REPLY_MAX 65536

struct wire {
	int fd;			/* -1: no connection */
	struct buf out;		/* what is to be sent, over outbuf */
	struct buf text;	/* the last reply, lines separated by LF, over textbuf */
	size_t pos, len;	/* unread bytes in inbuf */
	void (*line)(void *arg, const char *s, size_t n);	/* sees each line of a reply, or 0 */
	void *arg;
	char outbuf[WIRE_OUT], inbuf[WIRE_IN], textbuf[REPLY_TEXT];
};

/* Storage is laid out; no connection yet. */
void wire_init(struct wire *w);
void wire_attach(struct wire *w, int fd);
void wire_close(struct wire *w);
/* Sends what is gathered, until `at`. 0 / -1 errno. */
int wire_flush(struct wire *w, int64_t at);
/* Gathers bytes, sending first when there is no room. 0 / -1 errno. */
int wire_put(struct wire *w, const void *p, size_t n, int64_t at);
/* Reads one reply, all of its lines, until `at`. Returns 200..599; 0 when it is
 * no SMTP reply (no three digits): text has what came; -1 with errno when the
 * connection is over (errno 0: closed). Text is safe to show: printable ASCII
 * and LF only. */
int wire_reply(struct wire *w, int64_t at);

#endif
