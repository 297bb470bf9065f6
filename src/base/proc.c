/* proc.c: processes, signals, identities, and descriptors handed over a socket. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../exits.h"
#include "config.h"
#include "clock.h"
#include "io.h"
#include "proc.h"
#include "sys.h"

enum { DAY = 86400, FDS_SWEPT = 1024 };

static const unsigned char sigs[] = { SIGTERM, SIGALRM, SIGHUP, SIGCHLD, SIGINT };

void proc_signal(int sig, void (*how)(int))
{
	struct sys_sigaction sa = { .how = how };

	syscall(SYS_rt_sigaction, sig, &sa, 0, _NSIG / 8);
}

void proc_unblock(void)
{
	unsigned long none[_NSIG / 8 / sizeof(long)] = { 0 };

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, 0, _NSIG / 8);
}

void proc_signals(void (*how)(int))
{
	size_t i;

	for (i = 0; i < sizeof sigs; i++)
		proc_signal(sigs[i], how);
	proc_signal(SIGPIPE, SIG_IGN);
	proc_signal(SIGXFSZ, SIG_IGN);	/* a file size limit is an error, not an end */
	proc_unblock();
}

void proc_signals_reset(void)
{
	proc_signals(SIG_DFL);
}

pid_t proc_fork(void)
{
	return sys_fork();
}

int proc_pipe(int fd[2])
{
	return (int)syscall(SYS_pipe2, fd, O_CLOEXEC);
}

void proc_close_from(int fd)
{
	if (syscall(SYS_close_range, fd, ~0u, 0) == 0)
		return;
	for (; fd < FDS_SWEPT; fd++)
		close(fd);
}

/* Nothing that we ignore is passed on. A socket that is both has no beginning. */
void proc_exec(const char *program, char *const argv[], char *const envp[], int in,
	int out, int errors)
{
	proc_signals_reset();
	proc_signal(SIGPIPE, SIG_DFL);
	proc_signal(SIGXFSZ, SIG_DFL);
	if (((CFG_SEND && in == out) || lseek(in, 0, SEEK_SET) == 0) &&
		dup2(in, 0) == 0 && dup2(out, 1) == 1 && (!errors || dup2(out, 2) == 2)) {
		/* dup2() of a descriptor to itself leaves close-on-exec on. */
		ioctl(0, FIONCLEX);
		proc_close_from(3);
		execve(program, argv, envp);
	}
	_exit(EXIT_TEMP);
}

int proc_run(const char *program, char *const argv[], int in, int errors,
	struct buf *text)
{
	char window[512];
	ssize_t r;
	pid_t pid;
	int fd[2];

	if (proc_pipe(fd) < 0)
		return EXIT_TEMP << 8;
	if ((pid = proc_fork()) == 0) {
		alarm(DAY);
		proc_exec(program, argv, environ, in, fd[1], errors);
	}
	close(fd[1]);
	while ((r = io_read(fd[0], window, sizeof window)) > 0) {
		size_t room = text->cap - text->len;

		buf_put(text, window, (size_t)r < room ? (size_t)r : room);
	}
	close(fd[0]);
	return pid < 0 ? EXIT_TEMP << 8 : proc_wait(pid);
}

int proc_wait(pid_t pid)
{
	int status;
	pid_t r;

	do
		r = waitpid(pid, &status, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : status;
}

/* The kernel has told at the start whether there was such a bit; the four calls are
 * for those who have given its rights up since, and for kernels that do not tell. */
int proc_is_setid(void)
{
	int e = errno, none;

	errno = 0;
	none = !getauxval(AT_SECURE) && !errno;
	errno = e;
	return !none && (getuid() != geteuid() || getgid() != getegid());
}

/* Group first: afterwards there is no right to change it. */
static int ids(uid_t u, gid_t g)
{
	if (syscall(SYS_gids, g, g, g) < 0 || syscall(SYS_uids, u, u, u) < 0)
		return -1;
	return 0;
}

int proc_drop_setid(void)
{
	gid_t g = getgid();
	uid_t u = getuid();

	return ids(u, g);
}

int proc_become(uid_t uid, gid_t gid)
{
	if (syscall(SYS_groups, 1, &gid) < 0)
		return -1;
	return ids(uid, gid);
}

static int64_t limit_end;
static void (*limit_over)(void);

/* The alarm may come early: SIGALRM tells a runner to try everything now, and
 * whoever sends it by the program's name reaches us too. */
static void limit_check(int sig)
{
	(void)sig;
	if (clock_mono() >= limit_end)
		limit_over();
}

void proc_limit(unsigned secs, void (*over)(void))
{
	/* A little less than the alarm, which is counted by another clock. */
	limit_end = clock_mono() + secs * (int64_t)1000 - 500;
	limit_over = over;
	signal(SIGALRM, limit_check);
	alarm(secs);
}

/* SIGKILL is the one signal that a stopped process gets. A kernel without such timers
 * leaves us with the alarm. */
void proc_deadline(unsigned secs)
{
	struct sigevent how = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct { int64_t every[2], first[2]; } when = { { 0, 0 }, { secs, 0 } };
	int timer;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &how, &timer) == 0)
		syscall(SYS_timer_set, timer, 0, &when, 0);
}

int proc_seem(uid_t uid, gid_t gid)
{
	if ((uid && syscall(SYS_groups, 1, &gid) < 0) || syscall(SYS_gids, -1, gid, -1) < 0)
		return -1;
	return (int)syscall(SYS_uids, -1, uid, -1);
}

static int sig_pipe[2];

static void caught(int sig)
{
	unsigned char c = (unsigned char)sig;
	int e = errno;

	/* Full pipe: a signal of this kind is waiting to be seen already. */
	if (write(sig_pipe[1], &c, 1) < 0)
		errno = e;
}

int sig_open(void)
{
	struct sigaction sa = { .sa_handler = caught, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
	size_t i;

	if (syscall(SYS_pipe2, sig_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	for (i = 0; i < sizeof sigs; i++)
		sigaction(sigs[i], &sa, 0);
	return sig_pipe[0];
}

int sig_take(int fd)
{
	unsigned char c;

	return io_read(fd, &c, 1) == 1 ? c : 0;
}

enum { PASS_FDS = 4 };
union control { struct cmsghdr h; char space[CMSG_SPACE(PASS_FDS * sizeof(int))]; };

int pass_pair(int fd[2])
{
	return (int)syscall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd);
}

int pass_send(int fd, const void *p, size_t n, const int *fds, int nfds)
{
	struct iovec v = { (void *)(uintptr_t)p, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	union control c;
	ssize_t r;

	if (nfds > 0) {
		memset(&c, 0, sizeof c);
		m.msg_control = &c;
		m.msg_controllen = CMSG_SPACE((size_t)nfds * sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN((size_t)nfds * sizeof(int));
		memcpy(CMSG_DATA(&c.h), fds, (size_t)nfds * sizeof(int));
	}
	do
		r = syscall(SYS_sendmsg, fd, &m, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : 0;
}

/* Takes the descriptors out of a received packet; what does not fit is closed. */
static int take_fds(struct msghdr *m, int *fds, int room)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int n, i, fd;

	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof fd);
	for (i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(h) + (size_t)i * sizeof fd, sizeof fd);
		if (i < room)
			fds[i] = fd;
		else
			close(fd);
	}
	return n < room ? n : room;
}

ssize_t pass_recv(int fd, void *p, size_t cap, int *fds, int *nfds, int flags)
{
	struct iovec v = { p, cap };
	union control c;
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &c, .msg_controllen = sizeof c };
	ssize_t r;
	int room = *nfds;

	do
		r = recvmsg(fd, &m, flags | MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	*nfds = r < 0 ? 0 : take_fds(&m, fds, room);
	if (r >= 0 && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		while (*nfds)
			close(fds[--*nfds]);
		errno = EMSGSIZE;
		return -1;
	}
	return r;
}
