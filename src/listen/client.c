/* client.c: what the listener's child does before its program begins: descriptors, signals,
 * the host's name, the rule for this client, and the variables. Nothing of it holds the
 * listener up. A client whose rule cannot be read is sent away for now. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include "../base/env.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/proc.h"
#include "../exits.h"
#include "client.h"
#include "host.h"
#include "peer.h"
#include "rules.h"

/* They live as long as the process. */
static NEAR(1) char space[2 * ADDR_TEXT + NAME_CAP + 128];
static NEAR_SET struct buf vars = BUF_STATIC(space), rule = BUF_HEAP(RULES_MAX);
static char host[NAME_CAP];

void client_prepare(void)
{
	static char names[] = "TCPLOCALIP\0TCPLOCALPORT\0TCPLOCALHOST\0TCPREMOTEIP\0"
		"TCPREMOTEPORT\0TCPREMOTEHOST\0TCPREMOTEINFO\0PROTO=TCP";
	struct buf list = BUF_AT(names, sizeof names, sizeof names);

	env_put_all(&list);
}

static void end(const struct server *s, const char *why, int code)
{
	if (s->verbose)
		say(s->name, "deny %d %s", (int)getpid(), why);
	_exit(code);
}

/* 0 / -1: no memory. */
static int put_vars(const char *us, unsigned port, const char *them, unsigned from)
{
	buf_fmt(&vars, "TCPLOCALIP=%s%cTCPLOCALPORT=%u%cTCPREMOTEIP=%s%cTCPREMOTEPORT=%u%c",
		us, 0, port, 0, them, 0, from, 0);
	if (*host)
		buf_fmt(&vars, "TCPREMOTEHOST=%s%c", host, 0);
	return env_put_all(&vars);
}

static int ask_rules(const struct server *s, const struct addr *from)
{
	int r = rules_find(s->rules, from, *host ? host : 0, &rule);

	if (r >= 0)
		r = rules_apply(&rule);
	if (r >= 0)
		return r;
	say(s->name, errno == EINVAL ? "warning: %s sets a variable that it may not set; "
		"nobody is served whom it is for" : "warning: unable to read %s, nobody is served:",
		s->rules);
	if (s->refusal && write(1, s->refusal, strlen(s->refusal)) < 0)
		_exit(EXIT_TEMP);
	return -1;
}

void client_run(const struct server *s, int fd, const struct addr *from)
{
	char ip[ADDR_TEXT], local[ADDR_TEXT], who[2 * ADDR_TEXT + NAME_CAP + 32];
	unsigned port = ntohs(from->u.v4.sin_port);
	struct addr us = { 0 };
	socklen_t n = sizeof us.u;
	int r;

	if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		_exit(EXIT_TEMP);
	proc_close_from(3);
	proc_signals_reset();
	getsockname(0, &us.u.sa, &n);
	peer_plain(&us);
	addr_text(&us, local);
	addr_text(from, ip);
	if (s->verbose)
		say(s->name, "pid %d from %s", (int)getpid(), ip);
	if (s->hosts && !host_of(from, s->patience, host))
		*host = 0;
	buf_text(who, sizeof who, ":%s:%u %s:%s::%u", local, ntohs(us.u.v4.sin_port), host, ip, port);
	if (put_vars(local, ntohs(us.u.v4.sin_port), ip, port) < 0)
		_exit(EXIT_TEMP);
	if (s->rules && (r = ask_rules(s, from)) <= 0)
		end(s, who, r ? EXIT_TEMP : EXIT_PERM);
	if (s->verbose)
		say(s->name, "ok %d %s", (int)getpid(), who);
	_exit(s->serve(s->arg));
}
