/* tunnel.c: a relay that is a command. It gets one socket as its input and its output, and
 * our standard error; nothing else of ours is open in it. It is the administrator's own
 * line, in a file that nobody else may write: a shell reads it, and it has the rights of
 * whoever delivers. It lives as long as the connection, and never longer than a day. */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "tunnel.h"
#include "../base/io.h"
#include "../base/proc.h"

enum { DAY = 86400 };

int tunnel_open(const char *command, pid_t *pid)
{
	const char *argv[] = { "/bin/sh", "-c", command, 0 };
	int fd[2], on = 1;

	if (syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return -1;
	ioctl(fd[0], FIONBIO, &on);
	*pid = proc_fork();
	if (*pid == 0) {
		/* A group of its own: what the shell starts is ended, too. */
		setpgid(0, 0);
		alarm(DAY);
		proc_exec(*argv, (char **)argv, environ, fd[1], fd[1], 0);
	}
	close(fd[1]);
	if (*pid > 0) {
		setpgid(*pid, *pid);	/* whoever of the two comes first */
		return fd[0];
	}
	*pid = 0;
	return io_close(fd[0]);
}

void tunnel_close(pid_t pid)
{
	kill(-pid, SIGKILL);
	proc_wait(pid);
}
