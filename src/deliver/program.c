/* program.c: runs what a user's .qmail (or the administrator's $QMAILLOCAL) names,
 * and does not wait for ever: neither for a program that hangs, nor for children of
 * one that has ended but left them the pipe. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/proc.h"
#include "../exits.h"
#include "program.h"

enum {
	OWN_WORDS = 200,	/* room left for what we have to say ourselves */
	PAUSE_MS = 256,		/* how long an end that no pipe tells of may go unseen */
	MERCY_MS = 2000,	/* from TERM to KILL */
	LAST_READS = 16		/* as much as a pipe holds */
};

/* Reads once. 0 when nobody has the pipe open. */
static int hear(int fd, struct buf *text)
{
	size_t room = text->cap - text->len, i;
	char window[4096];
	ssize_t n = io_read(fd, window, sizeof window);

	if (n <= 0)
		return 0;
	room = room > OWN_WORDS ? room - OWN_WORDS : 0;
	if (room > (size_t)n)
		room = (size_t)n;
	for (i = 0; i < room; i++)
		buf_putc(text, window[i] ? window[i] : '?');
	return 1;
}

/* What hangs in the kernel is not waited for. */
static int end_group(pid_t pid)
{
	int status, tries;

	kill(-pid, SIGTERM);
	io_wait(-1, 0, clock_mono() + MERCY_MS);
	kill(-pid, SIGKILL);
	for (tries = 0; tries < MERCY_MS / PAUSE_MS && waitpid(pid, &status, WNOHANG) == 0; tries++)
		io_wait(-1, 0, clock_mono() + PAUSE_MS);
	return -1;
}

static int watch(pid_t pid, int fd, int64_t until, struct buf *text)
{
	int64_t now, pause = 1, at;
	int status, reads = 0, open = 1, ready = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		/* What cannot be watched is not left to itself either. */
		if ((now = clock_mono()) >= until || ready < 0)
			return end_group(pid);
		at = now + pause < until ? now + pause : until;
		if ((ready = io_wait(open ? fd : -1, POLLIN, at)) > 0)
			open = hear(fd, text);
		else if (pause < PAUSE_MS)
			pause *= 2;
	}
	while (open && reads++ < LAST_READS && io_wait(fd, POLLIN, 0) > 0)
		open = hear(fd, text);
	return status;
}

int program_run(const char *program, char *const argv[], char *const envp[], int in,
	int64_t until, struct buf *text)
{
	int fd[2], status = EXIT_TEMP << 8;
	pid_t pid;

	if (proc_pipe(fd) < 0)
		return status;
	if ((pid = proc_fork()) == 0) {
		setsid();
		proc_exec(program, argv, envp, in, fd[1], 1);
	}
	close(fd[1]);
	if (pid > 0)
		status = watch(pid, fd[0], until, text);
	close(fd[0]);
	return status;
}
