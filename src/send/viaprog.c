/* viaprog.c: a bounce that a program makes or takes. All of it in a child of the
 * runner, which may block and has a time limit; the message that failed stays as it
 * is until the child has said that the bounce is safe. Only the administrator names
 * programs: in the runner's environment or in control/bounce.envrules. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/env.h"
#include "../base/envrules.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../exits.h"
#include "../queue/submit.h"
#include "slots.h"
#include "viaprog.h"

static const char *named(const char *name)
{
	const char *e = getenv(name);

	return e && *e ? e : 0;
}

int viaprog_wanted(void)
{
	return named("BOUNCEQUEUE") || named("BOUNCEPROCESSOR");
}

static int give_up(const struct notice *n, const char *why)
{
	log_line("warning: trouble injecting bounce message of msg %llu: %s, will try later",
		(unsigned long long)n->about->id, why);
	return EXIT_TEMP;
}

/* $QMAILQUEUE is where users' mail goes; bounces have a name of their own. */
static int choose_queue(char *vars)
{
	static char unset[] = "QMAILQUEUE", set[1024];
	const char *program;

	if (env_put(unset) < 0 || (vars && envrules_put(vars) < 0))
		return -1;
	if (!(program = named("BOUNCEQUEUE")))
		return 0;
	return buf_text(set, sizeof set, "QMAILQUEUE=%s", program) ? env_put(set) : -1;
}

static int to_submit(void *s, const void *p, size_t n)
{
	return submit_data(s, p, n);
}

/* A program need not read all of it. */
static int to_pipe(void *fd, const void *p, size_t n)
{
	return io_write((int)(intptr_t)fd, p, n) < 0 && errno != EPIPE ? QQ_WRITE : 0;
}

static void become_filter(const char *program, int in, int out)
{
	char *argv[2] = { (char *)(uintptr_t)program, 0 };

	proc_signals_reset();
	proc_signal(SIGPIPE, SIG_DFL);
	alarm(BOUNCE_SECS);
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1)
		execv(program, argv);
	_exit(EXIT_TEMP);
}

/* What comes out of the filter into s. 0, or what is wrong. */
static const char *take(int fd, pid_t writer, pid_t filter, struct submit *s)
{
	char window[1024];
	size_t size = 0;
	ssize_t r;
	int w, f;

	while ((r = io_read(fd, window, sizeof window)) > 0) {
		size += (size_t)r;
		submit_data(s, window, (size_t)r);
	}
	close(fd);
	w = writer > 0 ? proc_wait(writer) : -1;
	f = filter > 0 ? proc_wait(filter) : -1;
	if (r || w || f)
		return "$BOUNCEPROCESSOR failed";
	return size ? 0 : "$BOUNCEPROCESSOR wrote nothing";
}

/* This process reads; one child writes the bounce, the other makes another of it. */
static const char *filter(struct notice *n, const char *program, struct submit *s)
{
	int in[2], out[2] = { -1, -1 };
	pid_t writer, made;

	if (proc_pipe(in) < 0 || proc_pipe(out) < 0)
		return "unable to make a pipe";
	if ((writer = proc_fork()) == 0) {
		alarm(BOUNCE_SECS);
		close(in[0]);
		n->put = to_pipe;
		n->arg = (void *)(intptr_t)in[1];
		notice_write(n);
		_exit(n->err);
	}
	close(in[1]);
	if ((made = proc_fork()) == 0)
		become_filter(program, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	return take(out[0], writer, made, s);
}

static int hand_on(struct notice *n, struct submit *s)
{
	const char *program = named("BOUNCEPROCESSOR"), *from = notice_from(n), *why = 0;
	int code = submit_begin(s, PUT_BOUNCE);

	if (code)
		return give_up(n, submit_words(s, code));
	if (program)
		why = filter(n, program, s);
	else {
		n->put = to_submit;
		n->arg = s;
		notice_write(n);
		if (n->err == QQ_READ && !s->err)
			why = "unable to read the message";
	}
	if (why) {
		submit_abort(s);
		return give_up(n, why);
	}
	submit_sender(s, from, strlen(from));
	submit_rcpt(s, n->to.s, n->to.len);
	if ((code = submit_end(s)))
		return give_up(n, submit_words(s, code));
	log_line("bounce msg %llu qp %d", (unsigned long long)n->about->id, (int)submit_qp(s));
	return 0;
}

/* A signal to the runner is not for us: it waits. The group is ours so that all in it
 * can be ended. Workers see their sockets' ends close only when nobody else holds
 * them. */
static void become_child(void)
{
	struct carrier *c;

	setpgid(0, 0);
	proc_signals(SIG_IGN);
	proc_signal(SIGCHLD, SIG_DFL);
	proc_signal(SIGALRM, SIG_DFL);
	alarm(BOUNCE_SECS);
	log_hold(0);
	for (c = carriers; c < carriers + SLOTS_MAX; c++)
		if (c->used)
			close(c->sock);
}

pid_t viaprog_start(struct notice *n, char *vars)
{
	static struct submit s;
	pid_t pid;

	log_flush();
	if ((pid = proc_fork()) == 0) {
		become_child();
		_exit(choose_queue(vars) < 0 ?
			give_up(n, "control/bounce.envrules sets what may not be set") :
			hand_on(n, &s));
	}
	return pid;
}
