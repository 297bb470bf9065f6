/* qqmqpc.c: qmail-qmqpc, a queue program (message on descriptor 0, envelope on 1, answer
 * in the exit number) without a queue: each message goes to a QMQP server at once. It
 * has its caller's rights and no others. It also answers to the name qmail-queue where
 * that is a link to it, or where nothing else could.
 *
 * What a server says to a refusal is told in one place: on descriptor 6 when the caller
 * has made a pipe of it (then the exit number is 82), else in a line on descriptor 2. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../applet.h"
#include "../base/control.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "envelope.h"
#include "submit.h"
#include "viaqmqp.h"

enum { WORDS_FD = 6, OTHER_ENVELOPE = 79, OTHER_CUSTOM = 88 };	/* IndiMail's numbers */

static struct submit mail;
static char window[WINDOW];

static int copy_message(void)
{
	ssize_t n;
	int r;

	if (mail.way == BY_QMQP)
		return viaqmqp_take(0);
	while ((n = io_read(0, window, sizeof window)) > 0)
		if ((r = submit_data(&mail, window, (size_t)n)) != 0)
			return r;
	return n < 0 ? QQ_READ : 0;
}

static int take(int letter, const char *s, size_t n)
{
	return letter == 'F' ? submit_sender(&mail, s, n) : submit_rcpt(&mail, s, n);
}

/* 1 when somebody listens on it, and has got these n bytes. */
static int is_told(int fd, size_t n)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
		io_write(fd, mail.text, n) == 0;
}

/* 1 by control/conf-exitcodes; what else may stand there means the family's. */
static int is_indimail(void)
{
	char line[64];
	struct buf b = BUF_OVER(line);

	return control_line(&b, "conf-exitcodes") > 0 && !strcmp(line, "indimail");
}

/* Where IndiMail's programs expect words: $ERROR_FD, or their standard error. -1: nowhere. */
static int error_fd(void)
{
	const char *e = getenv("ERROR_FD");
	uint64_t v = 2;

	if (e && !text_is_u64(e, strlen(e), &v))
		return -1;
	return v < 1024 ? (int)v : -1;
}

/* The exit number for a message that did not go out; whatever is to be said is said. */
static int refuse(int code)
{
	int other = is_indimail(), fd = other ? error_fd() : WORDS_FD;
	size_t n;
	int plain = mail.plain ? mail.plain : code;	/* none: a queue program's own words */

	if (code == QQ_ENVELOPE && other)
		return OTHER_ENVELOPE;
	if (code != QQ_CUSTOM)
		return code;
	n = mail.plain && !mail.said ? 0 : strlen(mail.text);
	if (!is_told(fd, n)) {
		say("qmail-qmqpc", "%s", mail.text + 1);
		return plain;
	}
	return !n ? plain : other ? OTHER_CUSTOM : QQ_CUSTOM;
}

int qmqpc_main(int argc, char **argv)
{
	struct in envelope = IN_OVER(1, window);
	int r;

	if (proc_is_setid() && proc_drop_setid() < 0)
		return QQ_CONFIG;
	proc_signal(SIGPIPE, SIG_IGN);
	proc_signal(SIGXFSZ, SIG_IGN);
	proc_signal(SIGCHLD, SIG_DFL);
	control_snapshot(1);
	submit_qmqp(&mail, PUT_UID, argc > 1 ? argv + 1 : 0);
	if ((r = copy_message()) == 0)
		r = envelope_read(&envelope, take);
	if (r)
		submit_abort(&mail);
	else
		r = submit_end(&mail);
	return r ? refuse(r) : 0;
}

/* The kernel tells by which path we were run; argv has no more than the name. */
int queue_main(int argc, char **argv)
{
	const char *path = (const char *)getauxval(AT_EXECFN);

	if (CFG_QUEUE && !(path && submit_link(path) > 0))
		return qqueue_main(argc, argv);
	return qmqpc_main(argc, argv);
}
