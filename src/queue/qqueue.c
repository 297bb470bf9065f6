/* qqueue.c: qmail-queue, the door of the queue: message on descriptor 0,
 * envelope on descriptor 1, answer in the exit number. It is the only program
 * that may be set-id, so it takes no word from its caller then: CONTROLDIR is
 * not looked at, and a QUEUEDIR that is not the system's makes it the caller
 * again before it touches a file. It prints nothing and runs nothing. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../applet.h"
#include "../base/control.h"
#include "../base/proc.h"
#include "../exits.h"
#include "envelope.h"
#include "queue.h"

static struct queue queue;
static struct qput put;
static volatile sig_atomic_t accepted;

/* The caller went away, the day is over, or we were told to stop. */
static void stop(int sig)
{
	(void)sig;
	qput_abort(&put);
	_exit(accepted ? QQ_OK : QQ_TIMEOUT);
}

/* Callers hand us blocked and ignored signals. A reader that went away and a limit
 * on file sizes are errors of write(2) here. */
static void catch(void)
{
	static const struct { int sig; void (*fn)(int); } to[] = {
		{ SIGPIPE, SIG_IGN }, { SIGXFSZ, SIG_IGN }, { SIGALRM, stop },
		{ SIGTERM, stop }, { SIGINT, stop }, { SIGHUP, stop } };
	struct sigaction sa = { 0 };
	size_t i;

	sigprocmask(SIG_SETMASK, &sa.sa_mask, 0);
	for (i = 2; i < sizeof to / sizeof *to; i++)
		sigaddset(&sa.sa_mask, to[i].sig);
	for (i = 0; i < sizeof to / sizeof *to; i++) {
		sa.sa_handler = to[i].fn;
		sigaction(to[i].sig, &sa, 0);
	}
	alarm(WRITER_SECS);
}

/* Root's rights are never needed: set-id root is a mistake, and is given up too. */
static int rights(void)
{
	const char *dir = getenv("QUEUEDIR");
	int setid = proc_is_setid();

	if (setid && (geteuid() == 0 || (dir && *dir && strcmp(dir, QUEUE_DIR)))) {
		if (proc_drop_setid() < 0)
			return -1;
		setid = 0;
	}
	control_trust(!setid);
	return 0;
}

static int copy_message(struct in *in)
{
	size_t n;
	int r;

	while ((r = in_fill(in, &n)) > 0) {
		if ((r = qput_data(&put, in->s + in->pos, n)) != 0)
			return r;
		in_used(in, n);
	}
	return r < 0 ? QQ_READ : 0;
}

static int take(int letter, const char *s, size_t n)
{
	return letter == 'F' ? qput_sender(&put, s, n) : qput_rcpt(&put, s, n);
}

int qqueue_main(int argc, char **argv)
{
	static char window[WINDOW];
	struct in message = IN_OVER(0, window), envelope = IN_OVER(1, window);
	int r;

	(void)argc, (void)argv;
	catch();
	if (rights() < 0)
		return QQ_DIR;
	if ((r = queue_open(&queue, queue_dir())) != 0 ||
		(r = qput_begin(&put, &queue, PUT_UID)) != 0)
		return r;
	if ((r = copy_message(&message)) == 0 && (r = envelope_read(&envelope, take)) == 0)
		r = qput_commit(&put);
	accepted = r == 0;
	qput_abort(&put);
	return r;
}
