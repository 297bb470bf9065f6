/* submit.h: handing one message on, wherever it goes: into the queue from this
 * very process when the caller may write it, to a QMQP server from this process, or to
 * a queue program (qmail-queue, or $QMAILQUEUE) over the descriptor protocol of the
 * qmail family. */
#ifndef QUEUE_SUBMIT_H
#define QUEUE_SUBMIT_H
#include <sys/types.h>
#include "queue.h"

enum submit_way { BY_PROGRAM, BY_PUT, BY_QMQP };
struct submit {
	enum submit_way way;
	enum qput_who who;
	int err, stage;		/* private */
	int ready;		/* set to 1 after submit_begin: the addresses are those of msg/admin.h */
	int plain, said;	/* after QMQP failed: the number behind QQ_CUSTOM; a server's words */
	int fdm, fde, fdx;	/* message, envelope, custom error (descriptor 6) */
	pid_t pid;
	struct out out;
	struct queue q;
	char text[640];		/* after submit_end: what the program said on descriptor 6 */
	struct qput put;	/* its window is that of out as well */
};
/* 0, or a QQ_ number. who as qput_begin. $QMAILQUEUE is honoured unless set-id. By QMQP:
 * when that names SBIN_DIR/qmail-qmqpc (the words behind it are servers); without it when
 * SBIN_DIR/qmail-queue is a link to something of that name, or is not there while
 * control/qmqpservers is and the caller may write no queue; always in a build without one. */
int submit_begin(struct submit *s, enum qput_who who);
/* The same, by QMQP for certain, unless control/qmqpfallback's queue wants it first;
 * servers as viaqmqp_begin(). */
int submit_qmqp(struct submit *s, enum qput_who who, char *const *servers);
/* Begins anew into this queue, never by QMQP: from here, or through qmail-queue, which
 * finds $SUBMIT_ALONE and so has no fallback of its own. s->who stays. 0, or a QQ_ number. */
#define SUBMIT_ALONE "QMTA_ALONE"
int submit_queue(struct submit *s, const char *dir);
/* What SBIN_DIR/qmail-queue, or a program of that path, is: 1 a link to something named
 * qmail-qmqpc, 0 anything else, -1 it is not there. */
int submit_link(const char *path);
int submit_data(struct submit *s, const void *p, size_t n);	/* 0/QQ_; errors also stick */
int submit_sender(struct submit *s, const char *a, size_t n);
int submit_rcpt(struct submit *s, const char *a, size_t n);
/* 0: the message is safe. Else a QQ_ number; submit_words() explains. */
int submit_end(struct submit *s);
void submit_abort(struct submit *s);
/* For the number that submit_end gave: 1 permanent, 0 temporary; and the words for
 * the sender, the program's own when it gave some (82). */
int submit_permanent(const struct submit *s, int code);
const char *submit_words(const struct submit *s, int code);
/* The "qp" number: queue program's pid, or ours. */
pid_t submit_qp(const struct submit *s);

/* For a queue program's exit number (any 0..255): 1 permanent, 0 temporary. */
int qq_permanent(int code);
/* Its words with the status in front removed: "write error or disk full". Never 0. */
const char *qq_words(int code);
/* Enhanced status "4.3.0". */
const char *qq_status(int code);

#endif
