/* child.c: one child of a small tool, its input and its exit number. No shell, no
 * temporary file. A command that cannot be run is a fault of the set-up and makes
 * mail wait, whatever its exit number would have meant. A child dies with us: it
 * must not take the end of our pipe for the end of the message. */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/exec.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../exits.h"
#include "child.h"

enum { SET_PDEATHSIG = 1 };	/* PR_SET_PDEATHSIG of linux/prctl.h */

/* In the child. Descriptor 0 is what it is to read. */
static void become(const char *name, const struct task *t)
{
	if (t->main)
		_exit(t->main(t->argc, t->argv));
	signal(SIGPIPE, SIG_DFL);
	exec_path(t->argv);
	say(name, "unable to run %s:", *t->argv);
	_exit(EXIT_TEMP);
}

/* The exit number of pid, or of a fork that failed with errno. */
static int reap(const char *name, pid_t pid)
{
	int status = pid < 0 ? -1 : proc_wait(pid);

	if (status < 0)
		say(name, "unable to run a child:");
	else if (WIFEXITED(status))
		return WEXITSTATUS(status);
	else
		say(name, "child crashed");
	return EXIT_TEMP;
}

int child_run(const char *name, const struct task *t)
{
	pid_t pid;

	if (lseek(0, 0, SEEK_SET) < 0) {
		say(name, "unable to rewind the message:");
		return EXIT_TEMP;
	}
	if ((pid = proc_fork()) == 0)
		become(name, t);
	return reap(name, pid);
}

/* The other end of the pipe is open in nobody but us: when we are gone already, its
 * end would come at once. */
static void feed_from(int fd, pid_t parent)
{
	syscall(SYS_prctl, SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(fd, 0) < 0)
		_exit(EXIT_TEMP);
}

int child_begin(struct child *c, const char *name, const struct task *t)
{
	pid_t parent = getpid();
	int fd[2];

	c->name = name;
	if (proc_pipe(fd) < 0) {
		reap(name, -1);
		return -1;
	}
	if ((c->pid = proc_fork()) == 0) {
		close(fd[1]);
		feed_from(fd[0], parent);
		become(name, t);
	}
	io_close(fd[0]);
	if (c->pid < 0) {
		reap(name, -1);
		return io_close(fd[1]);
	}
	signal(SIGPIPE, SIG_IGN);
	c->out = (struct out)OUT_OVER(fd[1], c->window);
	return 0;
}

int child_end(struct child *c)
{
	char piece[WINDOW];
	ssize_t r;

	while ((r = io_read(0, piece, sizeof piece)) > 0)
		if (out_put(&c->out, piece, (size_t)r) < 0)
			break;
	if (r < 0) {
		say(c->name, "unable to read the message:");
		kill(c->pid, SIGKILL);
		proc_wait(c->pid);
		return EXIT_TEMP;
	}
	out_flush(&c->out);
	close(c->out.fd);
	return reap(c->name, c->pid);
}
