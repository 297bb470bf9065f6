/* child.c: the commands that small tools run, their input and their exit number. A
 * command that cannot be run is a fault of the set-up and makes mail wait, whatever
 * its exit number would have meant. Where a command is fed, the process that was
 * called becomes the command and its child writes to it, not the other way round:
 * whoever kills the tool kills the command, which so never takes the end of a pipe
 * for the end of a message. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/exec.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../exits.h"
#include "../limits.h"
#include "child.h"

static int become(const char *name, char **argv)
{
	proc_signal(SIGPIPE, SIG_DFL);
	exec_path(argv);
	say(name, "unable to run %s:", *argv);
	return EXIT_TEMP;
}

static int no_child(const char *name)
{
	say(name, "unable to run a child:");
	return EXIT_TEMP;
}

int child_run(const char *name, char **argv)
{
	int status;
	pid_t pid;

	if (lseek(0, 0, SEEK_SET) < 0) {
		say(name, "unable to rewind the message:");
		return EXIT_TEMP;
	}
	if ((pid = proc_fork()) == 0)
		_exit(become(name, argv));
	if (pid < 0 || (status = proc_wait(pid)) < 0)
		return no_child(name);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	say(name, "child crashed");
	return EXIT_TEMP;
}

/* In the child: all to fd, as long as the command reads. Signals are for the command. */
static void feed(const char *name, int fd, pid_t command, const char *front, size_t n)
{
	char piece[WINDOW];
	ssize_t r = (ssize_t)n;

	proc_signals(SIG_IGN);
	while (r >= 0 && io_write(fd, front, (size_t)r) == 0) {
		if ((r = io_read(0, piece, sizeof piece)) == 0)
			return;
		front = piece;
	}
	if (r < 0) {
		say(name, "unable to read the message:");
		if (getppid() == command)
			kill(command, SIGKILL);
	}
}

int child_feed(const char *name, char **argv, const char *front, size_t n)
{
	pid_t command = getpid(), pid = -1;
	int fd[2];

	if (proc_pipe(fd) == 0 && (pid = proc_fork()) == 0) {
		close(fd[0]);
		feed(name, fd[1], command, front, n);
		_exit(0);
	}
	if (pid < 0 || dup2(fd[0], 0) < 0)
		return no_child(name);
	return become(name, argv);
}
