/* smtpd.c: mini-smtpd: the SMTP server for the LAN, the firewall and the programs that
 * speak SMTP to localhost. It serves the one client on descriptors 0 and 1, or listens and
 * makes a child for each. Root only opens the sockets; who it is after that is decided
 * here: somebody who can hand mail on, and as little else as that allows. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/buf.h"
#include "../base/control.h"
#include "../base/defaults.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../listen/server.h"
#include "../queue/role.h"
#include "dnsbl.h"
#include "guest.h"
#include "starttls.h"

enum { NUMBER_MOST = 100000, DNS_SECS = 2, DNS_SECS_MOST = 30 };

static const char usage[] = " [-l address:port] [-c n] [-C n] [-m n] [-b n] [-u user]"
	" [-g group] [-t secs] [-x /rules.cdb] [-r zone] [-a zone] [-vQhH] [checkpassword [argument]]";

/* Under inetd, and systemd unless it is told otherwise, descriptor 2 is the connection:
 * the log is not for the client. */
static void hide_log(void)
{
	struct stat a, b;
	int fd;

	if (fstat(1, &a) < 0 || fstat(2, &b) < 0 || !S_ISSOCK(b.st_mode) ||
		a.st_ino != b.st_ino || a.st_dev != b.st_dev ||
		(fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
		return;
	dup2(fd, 2);
	close(fd);
}

/* 0; -1: it was said why there is nobody. */
static int choose_user(struct server *l)
{
	static char uid[24], gid[24];
	struct user u;

	if (l->user || getuid())
		return 0;
	if (role_server(l->name, &u) < 0)
		return -1;
	l->user = buf_text(uid, sizeof uid, "%u", (unsigned)u.uid) ? uid : 0;
	if (!l->group)
		l->group = buf_text(gid, sizeof gid, "%u", (unsigned)u.gid) ? gid : 0;
	return 0;
}

/* 1, and *n; 0 it is no number. */
static int number(const char *s, unsigned *n)
{
	uint64_t v;

	if (!text_is_u64(s, strlen(s), &v) || v > NUMBER_MOST)
		return 0;
	*n = (unsigned)v;
	return 1;
}

/* 1 it is a setting of the listener. 0 it cannot be. */
static int take_option(struct server *l, int c, const char *arg)
{
	switch (c) {
	case 'c': return number(arg, &l->most) && l->most;
	case 'C': return number(arg, &l->per_peer);
	case 'm': return number(arg, &l->per_minute);
	case 'b': return number(arg, (unsigned *)&l->backlog) && l->backlog;
	case 'u': l->user = arg; return 1;
	case 'g': l->group = arg; return 1;
	case 'x': l->rules = arg; return *arg == '/';	/* we are not where we were */
	case 'v': l->verbose = 1; return 1;
	case 'Q': l->verbose = 0; return 1;
	case 'h': l->hosts = 1; return 1;
	case 'H': l->hosts = 0; return 1;
	case 't': return number(arg, &l->patience) && l->patience && l->patience <= DNS_SECS_MOST;
	case 'r':
	case 'a': return dnsbl_add(arg, c == 'a');
	default: return 0;
	}
}

int smtpd_main(int argc, char **argv)
{
	static struct guest g;
	static struct server l;
	struct opt o = OPT_INIT(argc, argv);
	const char *where[SERVER_SOCKETS];
	int c, n = 0, i;

	l.name = g.name = argv[0];
	l.most = 40;
	l.per_peer = 10;
	l.backlog = 128;
	l.patience = DNS_SECS;
	while ((c = opt_next(&o, "l:c:C:m:b:u:g:t:x:r:a:vQhH")) >= 0)
		if (c == 'l' && n < SERVER_SOCKETS)
			where[n++] = o.arg;
		else if (!take_option(&l, c, o.arg))
			return say_usage(argv[0], usage);
	if (o.at < argc)
		g.program = argv + o.at;
	if (io_fds012() < 0 || chdir("/") < 0)
		return EXIT_TEMP;
	umask(022);
	proc_signals_reset();
	if (server_inherit(&l) < 0)
		return EXIT_TEMP;
	if (!n && !l.n) {
		hide_log();
		return guest_serve(&g);
	}
	l.refusal = "421 4.7.0 not now, try again later\r\n";
	l.serve = guest_serve;
	l.arg = &g;
	g.listens = 1;
	starttls_listen();
	if (defaults_load(argv[0]) < 0)
		return EXIT_TEMP;
	for (i = 0; i < n; i++)
		if (server_listen(&l, where[i]) < 0)
			return EXIT_TEMP;
	return choose_user(&l) < 0 ? EXIT_TEMP : server_run(&l);
}
