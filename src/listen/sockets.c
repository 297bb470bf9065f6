/* sockets.c: the sockets that clients come to: opened by us, or by somebody before us. All
 * of them are non-blocking, as a client may go before it is taken, and close-on-exec.
 * Refuses what is no address of IP: a name could be any host's tomorrow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../base/env.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/text.h"
#include "peer.h"
#include "server.h"

enum { BACKLOG = 128, FIRST_FD = 3 };

static int wrong(const struct server *s, const char *where, const char *why)
{
	say(s->name, "unable to listen on %s: %s", where, why);
	return -1;
}

static void on(int fd, int level, int option)
{
	int one = 1;

	setsockopt(fd, level, option, &one, sizeof one);
}

/* Connections have these from the socket that they came to: answers that do not wait for
 * the peer's delayed ACK, and an end for peers that are gone without a word. */
static void set_up(int fd)
{
	on(fd, IPPROTO_TCP, TCP_NODELAY);
	on(fd, SOL_SOCKET, SO_KEEPALIVE);
}

/* 0 / -1 errno. */
static int open_at(struct server *s, int family, const void *ip, unsigned port)
{
	struct addr a;
	int fd;

	if (s->n == SERVER_SOCKETS) {
		errno = EMFILE;
		return -1;
	}
	fd = (int)syscall(SYS_socket, family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	addr_set(&a, family, ip);
	addr_port(&a, port);
	on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (family == AF_INET6)
		on(fd, IPPROTO_IPV6, IPV6_V6ONLY);	/* IPv4 has its own */
	set_up(fd);
	if (bind(fd, &a.u.sa, addr_len(&a)) || listen(fd, s->backlog ? s->backlog : BACKLOG))
		return io_close(fd);
	s->fd[s->n++] = fd;
	return 0;
}

static int port_of(const char *s, unsigned *port)
{
	static const char names[] = "smtp\0submission\0submissions\0";
	static const unsigned short ports[] = { 25, 587, 465 };
	size_t n = strlen(s), i = text_index(names, s, n);
	uint64_t v;

	if (i)
		v = ports[i - 1];
	else if (!text_is_u64(s, n, &v) || v > 65535)
		return 0;
	*port = (unsigned)v;
	return 1;
}

/* A machine may have only one of the two. */
static int open_all(struct server *s, unsigned port)
{
	static const unsigned char any[16];
	int four = open_at(s, AF_INET, any, port), e = errno;

	if (four && e != EAFNOSUPPORT && e != EADDRNOTAVAIL)
		return -1;
	if (!open_at(s, AF_INET6, any, port))
		return 0;
	return errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL ? -1 : four;
}

int server_listen(struct server *s, const char *where)
{
	const char *colon = strrchr(where, ':');
	unsigned port;
	size_t n;
	struct addr a;
	int r;

	if (!port_of(colon ? colon + 1 : where, &port))
		return wrong(s, where, "the port is neither a number nor smtp, submission, submissions");
	if (colon && colon != where) {
		if (!addr_parse(&a, where, (size_t)(colon - where)) ||
			(*where != '[' && a.u.sa.sa_family == AF_INET6))
			return wrong(s, where, "write ADDRESS:PORT, [IPV6]:PORT or PORT");
		r = open_at(s, a.u.sa.sa_family, addr_ip(&a, &n), port);
	} else
		r = open_all(s, port);
	return r ? wrong(s, where, err_text(errno)) : 0;
}

/* One of systemd's: 0, or -1 it is no listening socket of IP. */
static int take_over(struct server *s, int fd)
{
	int listens = 0, on = 1;
	struct addr us;
	socklen_t n = sizeof listens, m = sizeof us.u;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) || !listens ||
		getsockname(fd, &us.u.sa, &m) ||
		(us.u.sa.sa_family != AF_INET && us.u.sa.sa_family != AF_INET6))
		return -1;
	ioctl(fd, FIOCLEX);
	ioctl(fd, FIONBIO, &on);
	set_up(fd);
	s->fd[s->n++] = fd;
	return 0;
}

/* With Accept=yes systemd has taken the connection itself, and hands it over, be it on
 * descriptor 0 as well (StandardInput=socket) or not. 1 it was so. */
static int take_connection(void)
{
	struct addr them;
	socklen_t n = sizeof them.u;

	if (getpeername(FIRST_FD, &them.u.sa, &n))
		return 0;
	n = sizeof them.u;
	if (getpeername(0, &them.u.sa, &n) && errno == ENOTSOCK) {
		dup2(FIRST_FD, 0);
		dup2(FIRST_FD, 1);
	}
	close(FIRST_FD);
	return 1;
}

int server_inherit(struct server *s)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t v = 0, n = 0, i;

	/* Whoever else finds the variables in his environment is not meant. */
	if (!pid || !text_is_u64(pid, strlen(pid), &v) || v != (uint64_t)getpid() || !fds)
		return 0;
	if (!text_is_u64(fds, strlen(fds), &n) || n > SERVER_SOCKETS - s->n)
		return wrong(s, "$LISTEN_FDS", "too many sockets, or this is no number");
	if (n == 1 && take_connection())
		n = 0;
	for (i = 0; i < n; i++)
		if (take_over(s, FIRST_FD + (int)i))
			return wrong(s, "$LISTEN_FDS", "a descriptor is no listening socket of TCP");
	env_put((char[]){ "LISTEN_PID" });
	env_put((char[]){ "LISTEN_FDS" });
	env_put((char[]){ "LISTEN_FDNAMES" });
	return (int)n;
}
