/* qmqp.h: one message to a QMQP server (https://cr.yp.to/proto/qmqp.html): a list of
 * servers, the way from one to the next, the request as it is pulled from its owner,
 * and the answer, which is believed only when it is whole. */
#ifndef NET_QMQP_H
#define NET_QMQP_H
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"
#include "connect.h"

#define QMQP_PORT 628
#define QMQP_TEXT 512		/* of a server's words that are kept; more is read and dropped */
#define QMQP_ANSWER_MAX 4096	/* a longer answer is a broken conversation */

/* What is inside the outer netstring, pulled in pieces, any number of times. */
struct qmqp_source {
	uint64_t size;		/* its bytes */
	/* Starts over at the first byte. 0 / -1 errno. */
	int (*rewind)(void *arg);
	/* The next piece at *p, valid until the next call: its bytes; 0 the end; -1
	 * errno. Fewer or more bytes than size end the conversation unfinished. */
	ssize_t (*next)(void *arg, const char **p);
	void *arg;
};

struct qmqp {	/* all zero before the first qmqp_load */
	/* settings, by qmqp_load */
	struct buf servers;	/* "host", "host:port", "[v6]:port", each with a NUL; on the heap */
	unsigned count;		/* of them */
	int balance;		/* 1: start with a random one */
	int next_on_z;		/* control/qmqpz: a Z asks the next server */
	unsigned port;		/* of those without one: $PORT_QMQP, QMQP_PORT */
	unsigned timeout_connect, timeout;	/* milliseconds: 10 s, 60 s */
	struct source source;	/* outgoingip, $OUTGOINGIP */
	/* the outcome, by qmqp_send */
	int sure;		/* 0: a server may have taken the message all the same */
	/* 0, QQ_REFUSED, QQ_ZREFUSED: the server's words without the letter, one printable
	 * line, which may be empty; else ours, what went wrong. */
	char text[QMQP_TEXT];
	char server[300];	/* who said so, or who was tried last, "host" or "host:port"; "" none */
};

/* Bytes of the netstring around n bytes. */
uint64_t netstring_size(uint64_t n);

/* Reads the settings. servers (ends with 0) replaces control/qmqpservers, which need
 * not be there then; or list, blank-separated, as a line of control/qmqproutes has it;
 * both 0: the file. A line that nobody can use is left out, with a warning on
 * descriptor 2. 0 / -1 control_error(). Loading again replaces everything. */
int qmqp_load(struct qmqp *q, char *const *servers, const char *list);

/* Sends the message until clock_mono() is `until`, or for an hour, which is when the
 * protocol lets both sides go. The next server is asked after a failed connect and after
 * any failure before the last byte was sent; after a Z when next_on_z says so; else
 * never. SIGPIPE must be ignored. 0 accepted; else the number (exits.def) for the caller,
 * and the words: QQ_REFUSED D, QQ_ZREFUSED Z, QQ_READ the source failed (nobody was given
 * all of it), QQ_CONFIG no usable server, QQ_SOCKET, QQ_CTIMEOUT, QQ_CREFUSED,
 * QQ_CDIED (a conversation that broke, or an answer that is none). */
int qmqp_send(struct qmqp *q, const struct qmqp_source *s, int64_t until);

#endif
