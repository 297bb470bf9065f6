/* local.c: one local delivery, in a process that exists for it alone.
 *
 * The runner has routed the address here; this process finds the user, becomes
 * him for good, does in his home what he wants done (visit.c), and says K, Z or D
 * once. Nothing of the user's is opened before his rights are taken on. Refuses to
 * deliver as root. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/proc.h"
#include "../base/sys.h"
#include "../base/text.h"
#include "../exits.h"
#include "local.h"
#include "program.h"
#include "visit.h"

enum { GRACE = 30 };	/* seconds */

static struct visit visit;	/* not on the stack: the letter is large */
static char local[ADDR_CAP];

/* Stuck where no limit of ours reaches, in a file system that does not answer. */
static void stuck(void)
{
	answer_send(visit.runner, 'Z', visit.serial, 0, visit_too_long, strlen(visit_too_long));
	_exit(EXIT_TEMP);
}

/* The spawner has left us nothing but its log, our socket and the message, and
 * ignores the signals meant for the runner. */
static void settle(uint32_t limit)
{
	if (!limit || limit > LOCAL_MAX_SECS)
		limit = LOCAL_MAX_SECS;
	visit.until = clock_mono() + limit * (int64_t)1000;
	proc_limit(limit + GRACE, stuck);
	/* Whoever it is that we become may stop us, and hold one of the few places. */
	proc_deadline(limit + GRACE + GRACE / 2);
	proc_signal(SIGXFSZ, SIG_IGN);	/* a file too big is an error, not a death */
	umask(077);
}

/* ---- who: steps return 1 to go on, 0 when all is said ---- */

/* Takes the recipient apart. */
static int split(struct visit *v, const char *rcpt)
{
	size_t n = strlen(rcpt), at = text_rchr(rcpt, n, '@');

	if (at == n)
		return visit_over(v, 'D', "Sorry, this address has no @. (#5.1.3)");
	if (at >= sizeof local)
		return visit_over(v, 'D', "Sorry, this address is too long. (#5.1.3)");
	if (!at) {
		/* Classic: an empty local part is nobody, and nobody misses the mail. */
		v->fate = 'K';
		return 0;
	}
	memcpy(local, rcpt, at);
	local[at] = 0;
	v->local = local;
	v->host = rcpt + at + 1;
	return 1;
}

static int find(struct visit *v)
{
	const char *why;

	switch (who_find(&v->who, v->local, &why)) {
	case 1:
		return 1;
	case 0:
		return visit_over(v, 'D', visit_no_mailbox);
	}
	return visit_over(v, 'Z', why);
}

/* From here on with the user's rights, where root's were; but what we hold, the
 * runner's socket, he must not reach by tracing us. */
static int become(struct visit *v)
{
	if (geteuid() != 0)
		return 1;
	if (v->who.uid == 0)
		return visit_over(v, 'Z', "Not allowed to perform deliveries as root. (#4.3.0)");
	if (proc_become(v->who.uid, v->who.gid) == 0 &&
		syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		return 1;
	buf_fmt(&v->text, "Unable to set proper uid, gid for %s. (#4.3.0)\n", v->who.user);
	return 0;
}

/* ---- the whole ---- */

/* The classic way out of the house: $QMAILLOCAL, which only the administrator can
 * set, in the environment of qmta-send, delivers with qmail-local's arguments. It
 * runs as the recipient already. */
static int by_program(struct visit *v, const char *program)
{
	char *argv[] = { "qmail-local", "--", v->who.user, v->who.home, local,
		(char *)v->who.dash, (char *)v->who.ext, (char *)v->host,
		(char *)v->sender, (char *)v->dflt, 0 };
	int status = program_run(program, argv, environ, v->msg, v->until, &v->text);

	if (status == -1)
		return visit_over(v, 'Z', visit_too_long);
	if (!WIFEXITED(status))
		return visit_over(v, 'Z', "Aack, qmail-local crashed. (#4.3.0)");
	switch (WEXITSTATUS(status)) {
	case 0:
		v->fate = 'K';
		break;
	/* 126 and 127: a shell could not run it. */
	case EXIT_TEMP: case 71: case 74: case 75: case 126: case 127:
		if (!v->text.len)
			return visit_over(v, 'Z', "QMAILLOCAL did not run or did not"
				" say why. (#4.3.0)");
		break;
	default:
		v->fate = 'D';
	}
	return 1;
}

static void serve(struct visit *v, const char *rcpt)
{
	const char *program = getenv("QMAILLOCAL");

	if (!split(v, rcpt) || !find(v) || !become(v))
		return;
	/* It could look for a .qmail only, and not carry an alias out. */
	if (program && *program && !v->who.lines)
		by_program(v, program);
	else
		visit_run(v);
}

void local_worker(const struct worker *w)
{
	const struct job *j = w->job;

	visit_init(&visit);
	visit.sender = j->sender;
	visit.dflt = w->defaultdelivery && *w->defaultdelivery ? w->defaultdelivery : "./Maildir/";
	visit.msg = j->msg;
	visit.size = (off_t)j->size;
	visit.runner = w->sock;
	visit.serial = j->serial;
	settle(j->limit);
	serve(&visit, j->rcpt);
	_exit(answer_send(visit.runner, visit.fate, visit.serial, 0, visit.text.s,
		visit.text.len) < 0 ? EXIT_TEMP : EXIT_DONE);
}
