/* server.c: the listener: waits for connections and makes a child of each. It reads not a
 * byte of what clients send, and asks nobody anything that takes time: host names and
 * rules are the child's. Signals are blocked and come as reads, so a child has none of its
 * parent's handlers for even a moment.
 * From the first wait on nothing ends it but TERM and INT: what does not work is said once,
 * and tried again after a pause. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/heap.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../base/trim.h"
#include "../exits.h"
#include "client.h"
#include "crowd.h"
#include "peer.h"
#include "server.h"
#include "shared.h"

enum { MOST = 40, PAUSE_MS = 500, IDLE_MS = 1000, STOP_MS = 60000, TERM_MS = 5000, PAGE = 4096 };

static NEAR(0) struct kid { uint64_t key; pid_t pid; } *kids;
static NEAR(0) unsigned busy;
static NEAR(0) int64_t pause_until;	/* no connection is taken before */
static NEAR(0) int troubled;		/* and why was said */
static NEAR(0) int stopping;		/* TERMs, and ends of patience */
static NEAR(0) int64_t stop_at;		/* when the next one comes by itself */

/* ---- the beginning ---- */

static int no_such(const struct server *s, const char *what, const char *name)
{
	say(s->name, "%s %s: there is none of this name", what, name);
	return EXIT_PERM;
}

/* 0, or the exit code. */
static int become(const struct server *s)
{
	struct user u = { .uid = geteuid(), .gid = getegid() };
	unsigned id;
	int r;

	if (s->user && text_id(s->user, &id)) {
		r = passwd_uid(&u, id);
		u.uid = id;
		if (r <= 0 && !s->group)
			return no_such(s, "group of user", s->user);
	} else if (s->user && passwd_name(&u, s->user) <= 0)
		return no_such(s, "user", s->user);
	if (s->group && text_id(s->group, &id))
		u.gid = id;
	else if (s->group && group_name(&u.gid, s->group) <= 0)
		return no_such(s, "group", s->group);
	if (s->user && !u.uid) {
		say(s->name, "user %s: root does not talk to strangers", s->user);
		return EXIT_PERM;
	}
	if (u.uid == geteuid() && u.gid == getegid())
		return 0;
	if (!proc_become(u.uid, u.gid))
		return 0;
	say(s->name, "unable to become user %u, group %u:", (unsigned)u.uid, (unsigned)u.gid);
	return EXIT_TEMP;
}

/* Blocks the signals that are for us. A descriptor to read them from, or -1. */
static int catch_signals(void)
{
	unsigned long set[_NSIG / 8 / sizeof(long)] = { 0 };

	/* First: a CHLD that is ignored never comes. */
	proc_signals_reset();
	set[0] = 1ul << (SIGTERM - 1) | 1ul << (SIGINT - 1) | 1ul << (SIGCHLD - 1) |
		1ul << (SIGHUP - 1) | 1ul << (SIGALRM - 1);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, set, 0, _NSIG / 8);
	return (int)syscall(SYS_signalfd4, -1, set, _NSIG / 8, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- children ---- */

static void say_status(const struct server *s)
{
	if (s->verbose)
		say(s->name, "status: %u/%u", busy, s->most);
}

static void reap(const struct server *s)
{
	int status;
	unsigned i;
	pid_t pid;

	while (busy && (pid = waitpid(-1, &status, WNOHANG))) {
		if (pid < 0 && errno != EINTR)
			break;
		for (i = 0; i < busy && kids[i].pid != pid;)
			i++;
		if (i == busy)	/* somebody else's, whose parent has died; or none */
			continue;
		kids[i] = kids[--busy];
		if (s->verbose)
			say(s->name, "end %d status %d", (int)pid, status);
		say_status(s);
	}
}

static void trouble(const struct server *s, const char *what)
{
	if (!troubled)
		say(s->name, "warning: unable to %s, will try again:", what);
	troubled = 1;
	pause_until = clock_mono() + PAUSE_MS;
}

/* Why this client is sent away, or 0. */
static const char *over(const struct server *s, uint64_t key)
{
	unsigned i, n = 0;

	if (!key)
		return 0;
	if (s->per_minute && crowd_often(key, s->per_minute, (uint32_t)(clock_mono() / 1000)))
		return "too many connections in a minute";
	for (i = 0; i < busy && s->per_peer; i++)
		n += kids[i].key == key;
	return n && n >= s->per_peer ? "too many connections at a time" : 0;
}

static void refuse(const struct server *s, int fd, const struct addr *from, const char *why)
{
	char ip[ADDR_TEXT];

	addr_text(from, ip);
	if (s->verbose)
		say(s->name, "refuse %s: %s", ip, why);
	/* It does not block, and what it cannot send is not worth a second try. */
	if (s->refusal && write(fd, s->refusal, strlen(s->refusal)) < 0)
		errno = 0;
}

static void take(struct server *s, int sock)
{
	struct addr from = { 0 };
	socklen_t n = sizeof from.u;
	int fd = (int)syscall(SYS_accept4, sock, &from.u, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	const char *why;
	uint64_t key;
	pid_t pid;

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			trouble(s, "take a connection");
		return;
	}
	peer_plain(&from);
	key = crowd_key(&from);
	if ((why = over(s, key)))
		refuse(s, fd, &from, why);
	else if ((pid = proc_fork()) == 0)
		client_run(s, fd, &from);
	else if (pid < 0) {
		trouble(s, "fork");
		refuse(s, fd, &from, "no process for it");
	} else {
		kids[busy++] = (struct kid){ key, pid };
		troubled = 0;
		say_status(s);
	}
	close(fd);
}

/* ---- the end ---- */

/* Once more: no new connections; then TERM to the children, then KILL. */
static void stop(struct server *s)
{
	unsigned i;

	while (s->n)
		close(s->fd[--s->n]);
	for (i = 0; i < busy && stopping; i++)
		kill(kids[i].pid, stopping > 1 ? SIGKILL : SIGTERM);
	stop_at = clock_mono() + (stopping ? TERM_MS : STOP_MS);
	stopping++;
}

static __attribute__((noinline)) void take_signals(struct server *s, int fd)
{
	struct signalfd_siginfo one[4];
	ssize_t r = io_read(fd, one, sizeof one);
	size_t i;

	for (i = 0; r > 0 && i < (size_t)r / sizeof *one; i++)
		if (one[i].ssi_signo == SIGTERM || one[i].ssi_signo == SIGINT)
			stop(s);
	reap(s);
}

static __attribute__((noinline)) void loop(struct server *s, int signals)
{
	struct pollfd p[1 + SERVER_SOCKETS];
	unsigned i, n, idle = 0;
	int64_t at;
	int r;

	while (!stopping || busy) {
		n = busy < s->most && pause_until <= clock_mono() ? s->n : 0;
		at = stopping ? stop_at : !n && busy < s->most ? pause_until : IO_FOREVER;
		p[0] = (struct pollfd){ signals, POLLIN, 0 };
		for (i = 0; i < n; i++)
			p[i + 1] = (struct pollfd){ s->fd[i], POLLIN, 0 };
		if (at == IO_FOREVER && idle)
			r = trim_poll(p, n + 1, -1);
		else
			r = poll(p, n + 1, at == IO_FOREVER ? IDLE_MS : io_timeout(at));
		idle = !r;
		if (stopping && clock_mono() >= stop_at)
			stop(s);
		for (i = 1; r > 0 && i <= n && busy < s->most; i++)
			if (p[i].revents)
				take(s, p[i].fd);
		if (r > 0 && p[0].revents)
			take_signals(s, signals);
	}
}

/* From where a page of the stack begins: what we and a child write of it is then one page,
 * not two by chance, and those of fifty children are 200 KB. */
static void loop_aligned(struct server *s, int signals)
{
	char *volatile rest = __builtin_alloca((uintptr_t)__builtin_frame_address(0) % PAGE);

	(void)rest;
	loop(s, signals);
}

int server_run(struct server *s)
{
	int r, signals;

	if (!s->most)
		s->most = MOST;
	if ((r = become(s)))
		return r;
	shared_open();
	client_prepare();
	kids = heap_grow(0, 0, s->most * sizeof *kids);
	signals = catch_signals();
	if (!kids || signals < 0) {
		say(s->name, "unable to begin:");
		return EXIT_TEMP;
	}
	say_status(s);
	loop_aligned(s, signals);
	return EXIT_DONE;
}
