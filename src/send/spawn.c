/* spawn.c: the only process that starts workers, and the only one that may stay
 * root. It knows nothing and decides nothing: it takes one end of a socket and
 * forks a worker that finds its job there. So the runner, which reads what
 * strangers wrote, needs no rights, and what has rights reads nothing. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../base/io.h"
#include "../base/proc.h"
#include "../base/trim.h"
#include "../exits.h"
#include "../queue/job.h"
#include "spawn.h"

enum { SPAWNER_FD = 3 };

static int spawner = -1, can_local = 1;
static uid_t rights;		/* of the first spawner */
static pid_t child;
static struct spawn told;

int spawn_can_local(void)
{
	return can_local;
}

static int drop_root(const struct spawn *s)
{
	return geteuid() ? 0 : proc_become(s->remote_uid, s->remote_gid);
}

/* Who takes mail in for local workers must be able to write the queue. */
static int become_owner(const struct spawn *s)
{
	return geteuid() ? 0 : proc_become(s->owner_uid, s->owner_gid);
}

static void worker(const struct spawn *s, char kind, int sock)
{
	/* Offsets in a job's packet are read in place. */
	static _Alignas(uint32_t) char buf[JOB_PACKET];
	struct worker w = { kind, sock, s->tcpto, 0, s->defaultdelivery };
	uint64_t none[2] = { 0, 0 };
	struct job j;

	close(SPAWNER_FD);
	proc_signal(SIGCHLD, SIG_DFL);
	/* Not setrlimit(): musl's stops all threads first (1 KB). */
	syscall(SYS_prlimit64, 0, RLIMIT_CORE, none, 0);
	if (kind != 'R')
		close(s->tcpto);
	if (kind == 'L') {
		if (job_recv(sock, &j, buf, 0) <= 0)
			_exit(EXIT_TEMP);
		w.job = &j;
	} else if ((kind == 'R' ? drop_root(s) : become_owner(s)) < 0)
		_exit(EXIT_TEMP);
	job_worker(&w);
}

/* What the runner found out after the fork; it goes away without a word when it
 * cannot start. */
static void learn(struct spawn *s)
{
	int n = 1;

	if (pass_recv(SPAWNER_FD, s, sizeof *s, &s->tcpto, &n, 0) != sizeof *s)
		_exit(0);
	if (!n)
		s->tcpto = -1;
	if ((!s->keep_root && drop_root(s) < 0) || chdir("/") < 0)
		_exit(EXIT_TEMP);
}

static void serve(int sock)
{
	struct pollfd wait = { SPAWNER_FD, POLLIN, 0 };
	struct spawn s;
	char kind;
	int n, null = openat(AT_FDCWD, "/dev/null", O_RDWR);

	/* Signals meant for the runner reach the whole group: they must not cut a
	 * delivery short. Workers end when their socket does. */
	proc_signals(SIG_IGN);
	dup2(null, 0);
	dup2(null, 1);
	dup2(sock, SPAWNER_FD);
	proc_close_from(SPAWNER_FD + 1);
	learn(&s);
	for (;;) {
		trim_poll(&wait, 1, -1);
		n = 1;
		if (pass_recv(SPAWNER_FD, &kind, 1, &sock, &n, 0) <= 0)
			_exit(0);
		if (n != 1)
			continue;
		if (proc_fork() == 0)
			worker(&s, kind, sock);
		/* Without a worker the runner sees its end close, and tries later. */
		close(sock);
	}
}

int spawn_open(void)
{
	int fd[2];
	pid_t pid;

	if (pass_pair(fd) < 0)
		return -1;
	if (spawner < 0)
		rights = geteuid();
	if ((pid = proc_fork()) == 0)
		serve(fd[1]);
	close(fd[1]);
	if (pid < 0)
		return io_close(fd[0]);
	child = pid;
	return spawner = fd[0];
}

int spawn_setup(const struct spawn *s)
{
	can_local = geteuid() != 0 || s->keep_root;
	told = *s;
	return pass_send(spawner, s, sizeof *s, &s->tcpto, s->tcpto >= 0);
}

int spawn_again(int tcpto)
{
	int fd, old = spawner;

	if (geteuid() != rights) {
		errno = EPERM;
		return -1;
	}
	if (child > 0)
		proc_wait(child);
	child = -1;
	if ((fd = spawn_open()) < 0)
		return -1;
	io_close(old);
	told.tcpto = tcpto;
	return spawn_setup(&told) < 0 ? -1 : fd;
}

int spawn_worker(char kind)
{
	int fd[2], r;

	if (pass_pair(fd) < 0)
		return -1;
	r = pass_send(spawner, &kind, 1, &fd[1], 1);
	io_close(fd[1]);
	return r < 0 ? io_close(fd[0]) : fd[0];
}
