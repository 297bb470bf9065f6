/* logger.c: where the log goes besides standard error. splogger is built in: a
 * line is a datagram to /dev/log (RFC 3164 form, facility mail), so a board needs
 * no second process for it. Refuses nothing: without a syslog the lines go to
 * standard error, and mail goes on. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../base/exec.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "logger.h"

enum { FACILITY_MAIL = 2, ALERT = 1, WARNING = 4, INFO = 6, LINE_CUT = 800 };

/* A sockaddr_un without the 99 bytes behind its path. */
static const struct { sa_family_t family; char path[9]; } syslog_at = {
	AF_UNIX, "/dev/log" };
static const char *tag = "splogger";
static uint64_t facility = FACILITY_MAIL;
static int sock = -1;

static int priority(const char *s, size_t n)
{
	if (text_casestarts(s, n, "alert:"))
		return ALERT;
	return text_casestarts(s, n, "warning:") ? WARNING : INFO;
}

static int datagram(const char *s, size_t n)
{
	/* syslogd may have been restarted: connect anew each time it refused. */
	if (sock < 0)
		sock = (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return sendto(sock, s, n, MSG_NOSIGNAL, (const void *)&syslog_at,
		sizeof syslog_at) < 0 ? -1 : 0;
}

/* A line longer than LINE_CUT goes on in the next datagram, marked '+'. */
static void to_syslog(const char *s, size_t n)
{
	char text[LINE_CUT + 200];
	int prio = priority(s, n);
	const char *more = "";

	do {
		size_t part = n > LINE_CUT ? LINE_CUT : n;
		struct buf b = BUF_OVER(text);

		buf_fmt(&b, "<%u>%s: %s", (unsigned)facility * 8 + (unsigned)prio, tag, more);
		buf_put(&b, s, part);
		if (datagram(text, b.len) < 0) {
			log_stderr(s, n);
			return;
		}
		s += part;
		n -= part;
		more = "+";
	} while (n);
}

static void run_program(char **argv, uid_t uid, gid_t gid)
{
	struct user u;

	if (passwd_name(&u, "qmaill") > 0) {
		uid = u.uid;
		gid = u.gid;
	}
	if (geteuid() != 0 || proc_become(uid, gid) == 0) {
		proc_signals_reset();
		exec_path(argv);
	}
	say("qmta-send", "unable to run the logger %s:", *argv);
	_exit(EXIT_TEMP);
}

static int other_program(char **argv, uid_t uid, gid_t gid)
{
	int fd[2];
	pid_t pid;

	if (proc_pipe(fd) < 0 || (pid = proc_fork()) < 0)
		return -1;
	if (pid == 0) {
		dup2(fd[0], 0);
		run_program(argv, uid, gid);
	}
	close(fd[0]);
	log_to(fd[1]);
	return 0;
}

int logger_start(char **argv, uid_t uid, gid_t gid)
{
	if (!*argv)
		return 0;
	if (strcmp(*argv + text_dir(*argv), "splogger"))
		return other_program(argv, uid, gid);
	if (argv[1]) {
		tag = argv[1];
		if (argv[2])
			text_u64(argv[2], strlen(argv[2]), &facility);
	}
	log_sink(to_syslog);
	return 0;
}
