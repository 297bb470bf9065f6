/* job.h: how a message is handed from the runner to the process that delivers
 * it, and how that process answers. One packet a job over a SOCK_SEQPACKET pair,
 * the message and the file that holds the recipients beside it as open
 * descriptors: a worker never sees a path of the queue.
 *
 * Who may say what, runner (m) and worker (w):
 *   m->w  job            at most ROUTE_DEPTH ahead of the answers
 *   w->m  'h' 's' 'm'    one recipient: refused for good; refused for now; not
 *                        tried, give it to me again at once (server's limit)
 *   w->m  'K' 'Z' 'D'    the job is over; recipients not named before have this fate;
 *                        index: 0, or on a route of QMQP, as below, why a 'Z'
 *   w->m  'F'            local worker has mail to forward and asks for somebody who
 *                        takes it in: the runner sends one packet "F" with the
 *                        descriptor of a hand-in (queue/handin.h), or without one: trouble
 *   w->m  'Q'            remote worker has nothing to do and wants to go. The runner
 *                        closes the socket, or has sent a job meanwhile: no job is lost
 *   end of file at m     worker died: its first open job is Z, the others were not begun
 *   end of file at w     no more jobs: QUIT, exit 0 */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>
#include "../limits.h"
#include "wish.h"

struct job {
	uint32_t serial;	/* the runner's number for the job; comes back in answers */
	uint32_t n;		/* recipients */
	const uint32_t *off;	/* their offsets in the recipients' file ('T' or 'D' byte, address, NUL) */
	uint64_t size;		/* bytes of the message */
	uint32_t limit;		/* seconds that this delivery may take; remote: 0 as many as it needs */
	const char *sender;	/* envelope sender, "" = null; VERP already expanded */
	const char *route;	/* remote: "Mdomain" (by MX), "Rrelay..." (net/relay.h), "Q" (control/qmqpservers), "Qserver ..." (qmqproutes value) */
	const char *wish;	/* remote: the sender's wishes (wish.h), "" or 0 none */
	const char *rcpt;	/* local: the one recipient, as rewritten; remote: "" */
	int msg, list;		/* descriptors, close-on-exec; receiver owns them. list -1 for local */
};
#define JOB_PACKET (32 + 4 * JOB_RCPTS + 3 * ADDR_CAP + ROUTE_CAP + WISH_CAP)
#define ROUTE_CAP (CONTROL_LINE_MAX + 24)	/* a line of smtproutes, or a domain; its mark; NUL */

/* Nobody has answered; and yet somebody may have taken it; added to either: it was not
 * even tried, as that was found out just before. */
enum { QMQP_DOWN = 1, QMQP_UNSURE = 2, QMQP_DOWN_STILL = 4 };

/* 0, or -1 with errno (EAGAIN: the worker is behind). */
int job_send(int sock, const struct job *j);
/* 1 a job (strings and offsets point into buf, aligned for uint32_t, of JOB_PACKET
 * bytes), 0 end of file, -1 errno. flags: 0 or MSG_DONTWAIT. */
int job_recv(int sock, struct job *j, void *buf, int flags);

struct answer { char letter; uint32_t serial, index; const char *text; size_t len; };
#define ANSWER_PACKET (16 + REPORT_MAX)
/* Text is cut at REPORT_MAX. Blocks. 0 / -1 errno. */
int answer_send(int sock, char letter, uint32_t serial, uint32_t index, const char *text, size_t len);
/* 1, 0 end, -1 errno (EAGAIN: nothing there). Malformed packets are -1 EBADMSG. */
int answer_recv(int sock, struct answer *a, void *buf);

/* The process becomes a worker and never returns. Declared down here so that the
 * runner needs to know nothing of delivery; workers.c, which knows every room,
 * defines it. kind 'L': one local delivery of *j, answers on sock.
 * kind 'R': remote worker, jobs come on sock; tcpto may be -1.
 * kind 'F': takes in one message on sock (queue/handin.h). */
struct worker { char kind; int sock; int tcpto; const struct job *job; const char *defaultdelivery; };
void job_worker(const struct worker *w) __attribute__((noreturn));

#endif
