/* server.h: takes connections and makes a child of each; knows nothing of mail. All of
 * tcpserver that one program needs: addresses, limits, rules, variables, log lines. */
#ifndef LISTEN_SERVER_H
#define LISTEN_SERVER_H
#include <stddef.h>
#include <sys/types.h>

#define SERVER_SOCKETS 16

struct server {
	/* ---- filled by the caller; the rest is 0 ---- */
	const char *name;	/* in messages */
	unsigned most;		/* children at a time; who comes then waits in the backlog */
	unsigned per_peer;	/* of one address (IPv6: one /64); loopback is exempt; 0: no limit */
	unsigned per_minute;	/* connections of one address in a minute, as above; 0: no limit */
	int backlog;		/* of listen(2), before server_listen(); 0: 128 */
	int verbose;		/* 0 errors alone, 1 as tcpserver -v: status, pid, ok, deny, end */
	const char *user, *group;	/* to become after bind, names or numbers; 0: stay who we are */
	const char *rules;	/* cdb of tcprules, opened for each connection; 0 none */
	int hosts;		/* 1: $TCPREMOTEHOST is looked up in the DNS */
	unsigned patience;	/* seconds for each answer of that, 1 to 30 */
	/* The child: the connection, non-blocking, on 0 and 1, its variables (PROTO, TCP*,
	 * those of its rule) in the environment, default signals, SIGPIPE ignored, no other
	 * descriptor but 2. What it returns is the child's exit code. */
	int (*serve)(void *arg);
	/* Said, as it is, to a client that a limit refuses, or that rules which cannot be
	 * read do; 0 nothing. Whom a rule denies hears nothing. */
	const char *refusal;
	void *arg;
	/* ---- private ---- */
	int fd[SERVER_SOCKETS];
	unsigned n;
};

/* Opens a listening socket: "ADDR:PORT", "[IPv6]:PORT", ":PORT" or "PORT" (all addresses,
 * both families), a number or smtp, submission, submissions (465). 0, or -1: said on
 * descriptor 2. */
int server_listen(struct server *s, const char *where);
/* Takes over the sockets of systemd's LISTEN_FDS and LISTEN_PID, and removes the variables.
 * How many; -1 said. A connection that systemd has taken (Accept=yes) is none: it is put
 * on 0 and 1 where it is not there already. */
int server_inherit(struct server *s);
/* Becomes user and group, then takes connections until TERM: no new ones from then on, and
 * the children are waited for, a minute at most; a second TERM ends them. Its exit code.
 * Called with an open socket at least, and with descriptors 0 to 2 open. */
int server_run(struct server *s);

#endif
