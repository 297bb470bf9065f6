/* box.c: runs a program and everything it starts so that each system call asks
 * us first, and strikes at one of them: kills the process, or gives it an error
 * instead of the call. Also stops at each call until the test says "go on".
 * A call is named by its process (in the order in which they are first seen: 0
 * is the program itself) and its number in that process, so a fault hits one
 * process of several; strace's when= counts in each of them.
 * Works by seccomp user notification: Linux 5.9 or later, no root needed.
 *
 * box [-u UID:GID] [-t SECS] [-m CALLS] [-l LOG] [-a] [-s OUT,IN]
 *     [-p PROC -n NUMBER [-c SYSCALL-NUMBER [-i]] -k|-e ERRNO [-r [-w]]|-z] program arg...
 *   -u  become this user first (when root)
 *   -t  end everything after so many seconds; -m after so many calls
 *   -l  write the result there: "end STATUS CALLS HIT WHY"; WHY: ok time calls
 *   -a  and then each call, in order: "PROC SYSCALL-NUMBER"
 *   -c  not there but at the first call from there on that is this one: what others
 *       do meanwhile shifts the numbers, and some calls must not be struck
 *   -i  NUMBER counts calls of this kind alone: waiting takes now more calls, now less
 *   -k  kill -9 at the call;  -e  the call is not done and returns ERRNO
 *   -z  the call is not done and returns 0
 *   -r  and so does this kind of call from then on, in every process
 *   -w  but for the first: it is the witness
 *   -s  before each call write "PROC SYSCALL-NUMBER" to descriptor OUT and wait for
 *       a byte from IN
 * Exit: 0 when the box worked, whatever became of the program; 3 when this
 * kernel or container has no seccomp user notification. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <grp.h>

enum { GATE = 199, PROCS = 512, ABSENT = 3 };

static struct {
	long uid, gid;
	int secs, all, proc, number, call, kind, kill, err, zero, repeat, witness, out, in;
	long calls;
	const char *log;
} opt = { -1, -1, 20, 0, -1, -1, -1, 0, 0, 0, 0, 0, 0, -1, -1, 20000, 0 };

static pid_t pids[PROCS];
static long count[PROCS], same[PROCS];	/* calls, and those of -c's kind */
static int procs, hit, repeating = -1, null_fd;
static volatile sig_atomic_t told;	/* to stop: nobody may be left without us */
static long calls;
static const char *why = "ok";
static FILE *trace;

static void die(int code, const char *what)
{
	fprintf(stderr, "box: %s: %s\n", what, strerror(errno));
	_exit(code);
}

/* ---- the program's side ---- */

static void hand_over(int gate, int listener)
{
	char c = 0, control[CMSG_SPACE(sizeof listener)] = { 0 };
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof listener);
	memcpy(CMSG_DATA(h), &listener, sizeof listener);
	if (sendmsg(gate, &m, 0) != 1)
		_exit(127);
}

/* Every call asks, but for the one that tells our parent whom to ask. */
static void run(int gate, char **argv)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GATE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog p = { sizeof f / sizeof *f, f };
	int listener;

	if (opt.uid >= 0 && geteuid() == 0 && (setgroups(0, 0) < 0 ||
		setresgid(opt.gid, opt.gid, opt.gid) < 0 ||
		setresuid(opt.uid, opt.uid, opt.uid) < 0))
		die(ABSENT, "change of user");
	if (dup3(gate, GATE, O_CLOEXEC) < 0)
		die(ABSENT, "dup3");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		(listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER, &p)) < 0)
		die(ABSENT, "seccomp user notification");
	hand_over(GATE, listener);
	execv(*argv, argv);
	_exit(127);
}

/* ---- our side ---- */

static int take_over(int gate)
{
	char c, control[CMSG_SPACE(sizeof(int))];
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *h;
	int fd = -1;

	if (recvmsg(gate, &m, MSG_CMSG_CLOEXEC) == 1 && (h = CMSG_FIRSTHDR(&m)))
		memcpy(&fd, CMSG_DATA(h), sizeof fd);
	return fd;
}

static int proc_of(pid_t pid)
{
	int i;

	for (i = 0; i < procs; i++)
		if (pids[i] == pid)
			return i;
	if (procs == PROCS)
		return PROCS - 1;
	pids[procs] = pid;
	return procs++;
}

static void stop_all(const char *reason)
{
	int i;

	if (!strcmp(why, "ok"))
		why = reason;
	for (i = 0; i < procs; i++)
		kill(pids[i], SIGKILL);
}

static void on_signal(int sig)
{
	told = sig;
}

static void step(int proc, int nr)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%d %d\n", proc, nr);

	if (write(opt.out, line, (size_t)n) != n || read(opt.in, line, 1) != 1)
		stop_all("step");
}

/* Linux always lets go of the descriptor, also when close fails. */
static void close_it(int listener, const struct seccomp_notif *q)
{
	struct seccomp_notif_addfd a = { .id = q->id, .srcfd = (uint32_t)null_fd,
		.flags = SECCOMP_ADDFD_FLAG_SETFD, .newfd = (uint32_t)q->data.args[0],
		.newfd_flags = O_CLOEXEC };

	ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &a);
}

/* What becomes of the call: 0 it is done, else its error; DEAD: its process is,
 * NOTHING: it is not done and is no error. */
enum { DEAD = -1, NOTHING = -2 };

static int verdict(int proc, long number, int nr)
{
	if (repeating == nr && (proc || !opt.witness))
		return opt.err;
	if (hit || proc != opt.proc || number < opt.number || (opt.call >= 0 && nr != opt.call))
		return 0;
	hit = 1;
	if (opt.kill)
		return kill(pids[proc], SIGKILL) < 0 ? 0 : DEAD;
	if (opt.zero)
		return NOTHING;
	if (opt.repeat)
		repeating = nr;
	return opt.err;
}

static void serve(int listener)
{
	static struct seccomp_notif q;
	struct seccomp_notif_resp a;
	int proc, v;
	long number;

	memset(&q, 0, sizeof q);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0)
		return;	/* it died meanwhile */
	proc = proc_of((pid_t)q.pid);
	number = count[proc]++;
	if (++calls > opt.calls)
		stop_all("calls");
	if (trace && opt.all)
		fprintf(trace, "%d %d\n", proc, q.data.nr);
	if (opt.out >= 0)
		step(proc, q.data.nr);
	if (opt.kind)
		number = q.data.nr == opt.call ? same[proc]++ : -1;
	v = verdict(proc, number, q.data.nr);
	if (v == DEAD)
		return;
	if (v && q.data.nr == SYS_close)
		close_it(listener, &q);
	memset(&a, 0, sizeof a);
	a.id = q.id;
	a.error = v == NOTHING ? 0 : -v;
	a.flags = v ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &a);
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the last descendant is gone. Returns the program's status. */
static int watch(int listener, pid_t child)
{
	struct pollfd p[2] = { { .fd = listener, .events = POLLIN }, { .events = POLLIN } };
	long end = now() + opt.secs * 1000L;
	int status = -1, s, r;
	struct signalfd_siginfo info;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	p[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		while ((pid = waitpid(-1, &s, WNOHANG)) > 0)
			if (pid == child)
				status = WIFEXITED(s) ? WEXITSTATUS(s) : 256 + WTERMSIG(s);
		if (pid < 0 && errno == ECHILD)
			return status;
		r = poll(p, 2, 1000);
		if (told || now() > end) {
			stop_all(told ? "signal" : "time");
			end = now() + 1000;
		}
		if (r > 0 && p[1].revents)
			while (read(p[1].fd, &info, sizeof info) > 0)
				;
		if (r > 0 && p[0].revents & POLLIN)
			serve(listener);
		else if (r > 0 && p[0].revents)
			p[0].fd = -1;
	}
}

static int number(const char **s)
{
	char *end;
	long n = strtol(*s, &end, 10);

	*s = *end ? end + 1 : end;
	return (int)n;
}

static void options(int argc, char **argv)
{
	const char *s;
	int c;

	while ((c = getopt(argc, argv, "+u:t:m:l:as:p:n:c:ike:zrw")) != -1) {
		s = optarg;
		switch (c) {
		case 'u': opt.uid = number(&s); opt.gid = number(&s); break;
		case 't': opt.secs = number(&s); break;
		case 'm': opt.calls = number(&s); break;
		case 'l': opt.log = s; break;
		case 'a': opt.all = 1; break;
		case 's': opt.out = number(&s); opt.in = number(&s); break;
		case 'p': opt.proc = number(&s); break;
		case 'n': opt.number = number(&s); break;
		case 'c': opt.call = number(&s); break;
		case 'i': opt.kind = 1; break;
		case 'k': opt.kill = 1; break;
		case 'e': opt.err = number(&s); break;
		case 'z': opt.zero = 1; break;
		case 'r': opt.repeat = 1; break;
		case 'w': opt.witness = 1; break;
		default: _exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	int gate[2], listener, status, s;
	sigset_t set;
	pid_t child;

	options(argc, argv);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) < 0 ||
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die(2, "set-up");
	if ((child = fork()) < 0)
		die(2, "fork");
	if (child == 0)
		run(gate[1], argv + optind);
	close(gate[1]);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGHUP, on_signal);
	signal(SIGPIPE, SIG_IGN);
	/* Only now: the program must not inherit it blocked. */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, 0);
	proc_of(child);
	if ((listener = take_over(gate[0])) < 0) {
		waitpid(child, &s, 0);
		return ABSENT;
	}
	if (opt.log && !(trace = fopen(opt.log, "we")))
		die(2, opt.log);
	status = watch(listener, child);
	if (trace) {
		fprintf(trace, "end %d %ld %d %s\n", status, calls, hit, why);
		fclose(trace);
	}
	return 0;
}
