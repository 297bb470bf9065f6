/* submit.c: handing a message on: into the queue from this process when the
 * caller may write it (no second program, half the system calls), to a QMQP server
 * (viaqmqp.c), else to a queue program over descriptors 0, 1 and 6. Which one is the
 * administrator's or the user's choice and never the message's; no shell is involved. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "../base/env.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "envelope.h"
#include "submit.h"
#include "viaqmqp.h"

#define PROGRAM SBIN_DIR "/qmail-queue"
#define QMQPC "qmail-qmqpc"
#define ARGS_MAX 16	/* words of $QMAILQUEUE */
#define CUSTOM_FD 6

enum { NOTHING, MESSAGE, ENVELOPE };	/* s->stage: what is being written */

/* Closes the ends that we write to. */
static void shut(struct submit *s)
{
	s->fdm = io_close(s->fdm);
	s->fde = io_close(s->fde);
}

/* $QMAILQUEUE, or 0. Costs no system call when it is not set. */
static const char *chosen(void)
{
	const char *e = getenv("QMAILQUEUE");

	return e && *e && !proc_is_setid() ? e : 0;
}

/* "prog arg arg" split at blanks, into words that stay. 0, or -1: it is none. */
static char *args[ARGS_MAX + 1];
static int split_args(const char *program)
{
	static char space[1024];
	struct buf b = BUF_OVER(space);
	char *line = space;
	int n = 0;

	if (!buf_puts(&b, program) || !buf_z(&b))
		return -1;
	while (*(line += text_span(line, " \t")) && n < ARGS_MAX) {
		args[n++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = 0;
	}
	args[n] = 0;
	return n && !*line ? 0 : -1;
}

/* The child. Descriptors 0 to 2 are open in every program of ours, so that no pipe is
 * hit by the first two; and by the third only one that is in its place already. */
static void run(int message, int envelope, int words)
{
	if (dup2(message, 0) == 0 && dup2(envelope, 1) == 1 &&
		dup2(words, CUSTOM_FD) == CUSTOM_FD &&
		ioctl(CUSTOM_FD, FIONCLEX) == 0) {
		proc_signal(SIGPIPE, SIG_DFL);
		execv(args[0], args);
	}
	_exit(QQ_EXEC);
}

static int begin_program(struct submit *s)
{
	int fd[6] = { -1, -1, -1, -1, -1, -1 }, code = QQ_SOCKET;

	if (proc_pipe(fd) == 0 && proc_pipe(fd + 2) == 0 && proc_pipe(fd + 4) == 0) {
		code = (s->pid = proc_fork()) < 0 ? QQ_FORK : 0;
		if (s->pid == 0)
			run(fd[0], fd[2], fd[5]);
	}
	io_close(fd[0]);
	io_close(fd[2]);
	io_close(fd[5]);
	s->fdm = fd[1];
	s->fde = fd[3];
	s->fdx = fd[4];
	if (code) {
		shut(s);
		io_close(s->fdx);
		return code;
	}
	/* A program that ends early is to give its exit number, not our death. */
	proc_signal(SIGPIPE, SIG_IGN);
	s->out = (struct out)OUT_OVER(s->fdm, s->put.window);
	return 0;
}

static void clear(struct submit *s, enum qput_who who)
{
	memset(s, 0, offsetof(struct submit, put));
	s->fdm = s->fde = s->fdx = -1;
	s->stage = MESSAGE;
	s->who = who;
}

int submit_link(const char *path)
{
	char to[256];
	ssize_t n = readlink(path, to, sizeof to - 1);

	if (n < 0)
		return errno == ENOENT || errno == ENOTDIR ? -1 : 0;
	to[n] = 0;
	return !strcmp(to + text_dir(to), QMQPC);
}

/* 0 it has begun; CLOSED: not from here; or a QQ_ number. */
enum { CLOSED = 1 };
static int begin_put(struct submit *s, const char *dir)
{
	int r = queue_open(&s->q, dir);

	if (r == 0 && queue_writable(&s->q)) {
		s->way = BY_PUT;
		if ((r = qput_begin(&s->put, &s->q, s->who)) != 0)
			queue_close(&s->q);
		return r;
	}
	/* Only a queue that is closed to us needs the set-id program. */
	if (r && errno != EACCES && errno != EPERM)
		return r;
	if (r == 0)
		queue_close(&s->q);
	return CLOSED;
}

/* A set-id program has a queue of its own, and does not listen to $QUEUEDIR. */
static int can_be_told(const char *dir)
{
	static char var[600];
	struct stat st;

	if (!strcmp(dir, queue_dir()))
		return 1;
	return stat(PROGRAM, &st) == 0 && !(st.st_mode & (S_ISUID | S_ISGID)) &&
		buf_text(var, sizeof var, "QUEUEDIR=%s", dir) && env_put(var) == 0;
}

int submit_queue(struct submit *s, const char *dir)
{
	/* A script of that name may end in qmail-qmqpc: then it must not come back to it. */
	static char alone[] = SUBMIT_ALONE "=1";
	int r;

	clear(s, s->who);
	r = begin_put(s, dir);
	if (r == CLOSED) {
		r = QQ_EXEC;
		if (submit_link(PROGRAM) == 0 && split_args(PROGRAM) == 0 &&
			can_be_told(dir) && env_put(alone) == 0)
			r = begin_program(s);
	}
	return s->err = r;
}

/* The servers are known: viaqmqp_begin() was called. */
static int begin_qmqp(struct submit *s)
{
	const char *dir = CFG_QUEUE ? viaqmqp_waits() : 0;

	if (dir && submit_queue(s, dir) == 0) {
		viaqmqp_abort();
		return 0;
	}
	clear(s, s->who);
	s->way = BY_QMQP;
	return 0;
}

int submit_qmqp(struct submit *s, enum qput_who who, char *const *servers)
{
	s->who = who;
	viaqmqp_begin(servers);
	return begin_qmqp(s);
}

/* Without $QMAILQUEUE. A queue comes first, unless the link says that there is none
 * here, as mini-qmail has it: many hosts have a list of servers that is not in use. */
static int begin_default(struct submit *s)
{
	int link = control_exists("qmqpservers") ? submit_link(PROGRAM) : 0, r;

	if (link > 0)
		return submit_qmqp(s, s->who, 0);
	r = begin_put(s, queue_dir());
	if (link < 0 && (r == CLOSED || r == QQ_HOME || r == QQ_DIR)) {
		if (viaqmqp_begin(0))
			return begin_qmqp(s);
		viaqmqp_abort();
	}
	if (r == CLOSED)
		r = split_args(PROGRAM) < 0 ? QQ_EXEC : begin_program(s);
	return r;
}

int submit_begin(struct submit *s, enum qput_who who)
{
	const char *program = chosen();

	clear(s, who);
	if (program && split_args(program) < 0)
		return s->err = QQ_EXEC;
	if (program && strcmp(args[0], SBIN_DIR "/" QMQPC) != 0)
		return s->err = begin_program(s);
	if (program || !CFG_QUEUE)
		return s->err = submit_qmqp(s, who, program ? args + 1 : 0);
	return s->err = begin_default(s);
}

/* A pipe that nobody reads: the program's exit number says why, and if that is 0
 * in spite of it the message is not safe. */
static int written(struct submit *s, int r)
{
	if (r < 0 && !s->err)
		s->err = QQ_READ;
	return s->err;
}

int submit_data(struct submit *s, const void *p, size_t n)
{
	if (s->err)
		return s->err;
	if (CFG_QUEUE && s->way == BY_PUT)
		return s->err = qput_data(&s->put, p, n);
	if (s->way == BY_QMQP)
		return s->err = viaqmqp_data(p, n);
	return written(s, out_put(&s->out, p, n));
}

/* The message is over. Its end is given to the program by closing the pipe, also
 * when there was an error. */
static void end_message(struct submit *s)
{
	if (s->stage != MESSAGE)
		return;
	written(s, out_flush(&s->out));
	s->fdm = io_close(s->fdm);
	s->out.fd = s->fde;
	s->stage = ENVELOPE;
}

int submit_sender(struct submit *s, const char *a, size_t n)
{
	if (!s->err)
		s->err = envelope_sender(a, n);
	if (s->err)
		return s->err;
	if (CFG_QUEUE && s->way == BY_PUT)
		return s->err = qput_sender(&s->put, a, n);
	if (s->way == BY_QMQP) {
		s->stage = ENVELOPE;
		return s->err = viaqmqp_sender(a, n, s->ready);
	}
	end_message(s);
	return s->err ? s->err : written(s, envelope_put(&s->out, 'F', a, n));
}

int submit_rcpt(struct submit *s, const char *a, size_t n)
{
	if (!s->err)
		s->err = envelope_rcpt(a, n);
	if (s->err)
		return s->err;
	if (CFG_QUEUE && s->way == BY_PUT)
		return s->err = qput_rcpt(&s->put, a, n);
	if (s->way == BY_QMQP)
		return s->err = viaqmqp_rcpt(a, n, s->ready);
	return written(s, envelope_put(&s->out, 'T', a, n));
}

/* Ends the program: its exit number, after what it says on descriptor 6. That is read
 * to its end, and the start is kept. */
static int reap(struct submit *s)
{
	char rest[256];
	int status, code;
	size_t n = 0;
	ssize_t r;

	shut(s);
	while ((r = io_read(s->fdx, s->text + n, sizeof s->text - 1 - n)) > 0)
		n += (size_t)r;
	while (io_read(s->fdx, rest, sizeof rest) > 0)
		;
	s->text[n] = 0;
	io_close(s->fdx);
	status = proc_wait(s->pid);
	if (status < 0 || !WIFEXITED(status))
		return QQ_CRASHED;
	if ((code = WEXITSTATUS(status)) == 0)
		return s->err;
	/* Our own reason is the better one, if it is not just the broken pipe. */
	return s->err && s->err != QQ_READ ? s->err : code;
}

int submit_end(struct submit *s)
{
	if (CFG_QUEUE && s->way == BY_PUT) {
		if (!s->err)
			s->err = qput_commit(&s->put);
		submit_abort(s);
		return s->err;
	}
	if (s->way == BY_QMQP) {
		if (!s->err)
			s->err = s->stage == ENVELOPE ? viaqmqp_end(s) : QQ_ENVELOPE;
		viaqmqp_abort();
		return s->err;
	}
	if (s->fde < 0)
		return s->err ? s->err : QQ_BUG;
	if (s->stage == ENVELOPE && !s->err) {
		written(s, out_put(&s->out, "", 1));
		written(s, out_flush(&s->out));
	} else if (!s->err)
		s->err = QQ_ENVELOPE;
	return s->err = reap(s);
}

/* The envelope of an aborted message ends before its last NUL: the program must
 * not take it, and says 54. */
void submit_abort(struct submit *s)
{
	if (CFG_QUEUE && s->way == BY_PUT) {
		qput_abort(&s->put);
		queue_close(&s->q);
		s->way = BY_PROGRAM;
	} else if (s->way == BY_QMQP)
		viaqmqp_abort();
	else if (s->fde >= 0)
		reap(s);
}

pid_t submit_qp(const struct submit *s)
{
	return s->pid ? s->pid : getpid();
}

/* First byte D or Z, then text: the only words that are believed. */
static int has_words(const struct submit *s, int code)
{
	return code == QQ_CUSTOM && (s->text[0] == 'D' || s->text[0] == 'Z') &&
		s->text[1] && s->text[2];
}

int submit_permanent(const struct submit *s, int code)
{
	return has_words(s, code) ? s->text[0] == 'D' : qq_permanent(code);
}

const char *submit_words(const struct submit *s, int code)
{
	return has_words(s, code) ? s->text + 1 : qq_words(code);
}
