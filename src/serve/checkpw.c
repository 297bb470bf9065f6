/* checkpw.c: asks a checkpassword program whether a password is right. It gets them on
 * descriptor 3 and nothing of the connection; its own program at the end of argv (true)
 * has nobody to talk to. One that hangs is killed with all that it has started, or, if it
 * is somebody else's by then, left alone: the client waits no longer for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/exec.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../exits.h"
#include "../net/crypt.h"
#include "checkpw.h"

enum { CHECK_SECS = 60, CHECK_FD = 3, CHECK_MOST = 512, LOOK_MS = 5 };

static void run(char *const argv[], int from)
{
	int none = open("/dev/null", O_RDWR | O_CLOEXEC), fd = fcntl(from, F_DUPFD_CLOEXEC, 4);

	if (none < 0 || fd < 0 || dup2(none, 0) < 0 || dup2(none, 1) < 0 || dup2(fd, CHECK_FD) < 0)
		_exit(EXIT_TEMP);
	proc_close_from(CHECK_FD + 1);
	proc_signals_reset();
	proc_signal(SIGPIPE, SIG_DFL);
	setsid();
	alarm(CHECK_SECS);	/* stays set in the program, should we be gone by then */
	exec_path(argv);
	say("mini-smtpd", "unable to run %s:", *argv);
	_exit(EXIT_TEMP);
}

/* Its wait status; -1 it took too long. */
static int wait_for(pid_t pid)
{
	int64_t now = clock_mono(), end = now + CHECK_SECS * 1000;
	int status;
	pid_t r;

	while ((r = waitpid(pid, &status, WNOHANG)) != pid) {
		if ((r < 0 && errno != EINTR) || now >= end) {
			kill(-pid, SIGKILL);
			return -1;
		}
		now = clock_mono();
		io_wait(-1, 0, now + LOOK_MS);
	}
	return status;
}

int checkpw_ask(char *const argv[], const char *user, const char *password, size_t n)
{
	char space[CHECK_MOST];		/* the interface's bound; a pipe takes it at once */
	struct buf b = BUF_OVER(space);
	int fd[2], status;
	pid_t pid = -1;

	buf_put(&b, user, strlen(user) + 1);
	buf_put(&b, password, n);
	buf_putc(&b, 0);
	buf_fmt(&b, "%lld", (long long)clock_wall());
	buf_putc(&b, 0);
	if (b.full)
		return 0;
	if (proc_pipe(fd) < 0)
		return -1;
	/* Written before it runs: a program that does not read has said what it says. */
	status = io_write(fd[1], b.s, b.len);
	crypt_wipe(space, sizeof space);
	io_close(fd[1]);
	if (status == 0 && (pid = proc_fork()) == 0)
		run(argv, fd[0]);
	if (status == 0)
		status = pid > 0 ? wait_for(pid) : -1;
	io_close(fd[0]);
	if (status < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status) == 0 ? 1 : WEXITSTATUS(status) == 1 ? 0 : -1;
}
