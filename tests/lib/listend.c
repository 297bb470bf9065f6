/* listend.c: a program behind the listener, for its tests.
 *   listend [KEY=VALUE...]
 * Keys: listen (may come more than once), inherit, most, peer, minute, user, group, rules,
 * hosts, verbose, refusal.
 * A child shows its variables and what it knows of its peer, then "ready"; waits for a line
 * "exit N", or the end of input, which is exit 0; a line "deaf" makes it ignore TERM.
 * Built into build/test. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../src/base/clock.h"
#include "../../src/base/io.h"
#include "../../src/base/log.h"
#include "../../src/base/proc.h"
#include "../../src/listen/peer.h"
#include "../../src/listen/server.h"
#include "../../src/listen/shared.h"

extern char **environ;
static const char *const shown[] = { "PROTO", "TCP", "RELAYCLIENT", "QMAILQUEUE", "DATABYTES",
	"LISTEN_" };

static void show(struct out *o)
{
	unsigned char key[16] = { 7 };
	int seen = shared_get(1, key);
	struct peer p;
	char **e;
	size_t i;

	for (e = environ; *e; e++)
		for (i = 0; i < sizeof shown / sizeof *shown; i++)
			if (!strncmp(*e, shown[i], strlen(shown[i])))
				out_fmt(o, "%s\n", *e);
	peer_load(&p);
	out_fmt(o, "peer known=%d ip=%s local_ip=%s local=%d host=%s\n", p.known, p.ip,
		p.local_ip, p.local, p.host ? p.host : "-");
	out_fmt(o, "shared %d\n", seen);
	shared_put(1, key, seen + 1, 60);
	for (i = 3; i < 64; i++)
		if (fcntl((int)i, F_GETFD) >= 0)
			out_fmt(o, "open %zu\n", i);
	out_fmt(o, "uid %u gid %u blocking %d\nready\n", (unsigned)getuid(), (unsigned)getgid(),
		!(fcntl(0, F_GETFL) & O_NONBLOCK));
	out_flush(o);
}

static int serve(void *arg)
{
	char space[8192], line[64];
	struct out o = OUT_OVER(1, space);
	ssize_t n;

	(void)arg;
	show(&o);
	while ((n = io_read_by(0, line, sizeof line - 1, clock_mono() + 60000)) > 0) {
		line[n] = 0;
		if (!strncmp(line, "exit ", 5))
			return atoi(line + 5);
		if (!strncmp(line, "deaf", 4)) {
			signal(SIGTERM, SIG_IGN);
			io_write(1, "deaf\n", 5);
		}
	}
	return n < 0;
}

int main(int argc, char **argv)
{
	static struct server s = { .name = "listend", .serve = serve };
	char *v;
	int i;

	proc_deadline(300);	/* whatever becomes of the test */
	for (i = 1; i < argc; i++) {
		if (!(v = strchr(argv[i], '=')))
			return 100;
		*v++ = 0;
		if (!strcmp(argv[i], "listen")) {
			if (server_listen(&s, v) < 0)
				return 111;
		} else if (!strcmp(argv[i], "inherit")) {
			int n = server_inherit(&s);

			if (n < 0)
				return 111;
			say(s.name, "inherited %d", n);
			if (!n && !s.n)
				return serve(0);
		} else if (!strcmp(argv[i], "most"))
			s.most = (unsigned)atoi(v);
		else if (!strcmp(argv[i], "peer"))
			s.per_peer = (unsigned)atoi(v);
		else if (!strcmp(argv[i], "minute"))
			s.per_minute = (unsigned)atoi(v);
		else if (!strcmp(argv[i], "verbose"))
			s.verbose = atoi(v);
		else if (!strcmp(argv[i], "hosts"))
			s.hosts = (s.patience = (unsigned)atoi(v)) > 0;
		else if (!strcmp(argv[i], "user"))
			s.user = v;
		else if (!strcmp(argv[i], "group"))
			s.group = v;
		else if (!strcmp(argv[i], "rules"))
			s.rules = v;
		else if (!strcmp(argv[i], "refusal"))
			s.refusal = v;
		else
			return 100;
	}
	return s.n ? server_run(&s) : 100;
}
