/* login_cmd.c: a command that prints a password or a token: a keyring, or the program
 * that renews an OAuth token. It runs with the rights of who delivers. The mail waits for
 * it, so it has a limit. Its errors are for the person who wrote the route; what it
 * prints on 1 is never shown. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "login_cmd.h"

enum { ERRORS = 400, LINE = 200, SAID = 0, ERR = 1 };

/* What it says on 1, and the end of what it says on 2. */
struct speech { struct pollfd p[2]; char *s[2]; size_t n[2], cap[2]; };

/* Takes what is there. 1 some, 0 the end, -1 errno. */
static int take(struct speech *h, int i)
{
	ssize_t r;

	if (h->n[i] == h->cap[i]) {
		errno = EFBIG;
		if (i == SAID)
			return -1;
		h->n[i] /= 2;
		memmove(h->s[i], h->s[i] + h->n[i], h->n[i]);
	}
	r = io_read(h->p[i].fd, h->s[i] + h->n[i], h->cap[i] - h->n[i]);
	if (r > 0)
		h->n[i] += (size_t)r;
	else
		h->p[i].fd = -1;
	return r > 0 ? 1 : (int)r;
}

/* Until it has closed its output; 2 may be kept open by what it has started. 0, or errno. */
static int listen_to(struct speech *h, int64_t at)
{
	int i, r;

	while (h->p[SAID].fd >= 0) {
		if (!(r = poll(h->p, 2, io_timeout(at))))
			return ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return errno;
		for (i = SAID; r > 0 && i <= ERR; i++)
			if (h->p[i].revents && take(h, i) < 0)
				return errno;
	}
	return 0;
}

/* Who closed its output need not have ended. Its wait status; at `at` it is killed. */
static int wait_until(pid_t pid, int64_t at)
{
	int status, r;

	while ((r = waitpid(pid, &status, WNOHANG)) != pid) {
		if (r < 0 && errno != EINTR)
			return -1;
		if (clock_mono() >= at)
			kill(-pid, SIGKILL);
		poll(0, 0, 10);
	}
	return status;
}

/* The last line, printable, and no more of it than a report has room for. */
static void put_last(struct buf *why, const char *s, size_t n)
{
	size_t from;

	n = text_trim(s, n);
	from = text_rchr(s, n, '\n');
	from = from < n ? from + 1 : 0;
	if (n - from > LINE)
		n = from + LINE;
	for (; from < n; from++)
		buf_putc(why, s[from] < 32 || s[from] > 126 ? '?' : s[from]);
}

/* Its process, with the read ends of its 1 and 2; -1 errno. */
static pid_t start(char *command, struct speech *h)
{
	char *argv[] = { "sh", "-c", command, 0 };
	int null = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	int fd[2][2] = { { -1, -1 }, { -1, -1 } };
	pid_t pid = -1;

	if (null >= 0 && proc_pipe(fd[SAID]) == 0 && proc_pipe(fd[ERR]) == 0 &&
		(pid = proc_fork()) == 0) {
		setsid();
		dup2(fd[ERR][1], 2);
		proc_exec("/bin/sh", argv, environ, null, fd[SAID][1], 0);
	}
	io_close(null);
	io_close(fd[SAID][1]);
	io_close(fd[ERR][1]);
	h->p[SAID].fd = fd[SAID][0];
	h->p[ERR].fd = fd[ERR][0];
	return pid;
}

ssize_t login_command(char *command, char *to, size_t cap, int64_t at, struct buf *why)
{
	char errors[ERRORS];
	struct speech h = { { { -1, POLLIN, 0 }, { -1, POLLIN, 0 } }, { to, errors }, { 0, 0 },
		{ cap, sizeof errors } };
	pid_t pid = start(command, &h);
	int said = h.p[SAID].fd, err = h.p[ERR].fd, trouble = errno, status = -1;

	if (pid > 0) {
		trouble = listen_to(&h, at);
		status = wait_until(pid, trouble ? 0 : at);
		while (h.p[ERR].fd >= 0 && io_wait(err, POLLIN, 0) > 0 && take(&h, ERR) > 0)
			;
		if (!trouble && status) {
			buf_fmt(why, WIFEXITED(status) ? "exit code %d: " : "killed by signal %d: ",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
			put_last(why, errors, h.n[ERR]);
		}
	}
	io_close(said);
	io_close(err);
	if (trouble)
		buf_puts(why, trouble == EFBIG ? "it says too much" : trouble == ETIMEDOUT ?
			"it takes too long" : err_text(trouble));
	return trouble || status ? -1 : (ssize_t)h.n[SAID];
}
