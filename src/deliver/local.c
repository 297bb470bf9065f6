/* local.c: one local delivery, in a process that exists for it alone.
 *
 * The runner has routed the address here; this process finds the user, becomes
 * him for good, finds his instructions and carries them out, and says K, Z or D
 * once. Nothing of the user's is opened before his rights are taken on. Refuses:
 * to deliver as root, a home that others may write, a message that loops, and
 * for now every instruction but a Maildir: such mail waits, it is not lost. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "dotqmail.h"
#include "letter.h"
#include "local.h"
#include "maildir.h"
#include "who.h"

#define DAY 86400		/* no delivery takes longer; an alarm ends it */

static int64_t day_end;		/* clock_mono() */

struct visit {
	const struct job *job;
	const char *dflt;		/* default instructions */
	char local[ADDR_CAP];
	const char *host;		/* after the last '@' of the recipient */
	struct who who;
	struct letter letter;
	char fate;			/* the answer: K, Z or D, and its words */
	struct buf text;
	char store[REPORT_MAX];
};

static int over(struct visit *v, char fate, const char *text)
{
	v->fate = fate;
	buf_fmt(&v->text, "%s\n", text);
	return 0;
}

/* The alarm may come early: SIGALRM tells a runner to try everything now, and
 * whoever sends it by the program's name reaches us too. */
static void day_over(int sig)
{
	(void)sig;
	if (clock_mono() >= day_end)
		_exit(EXIT_TEMP);
}

/* The spawner has left us nothing but its log, our socket and the message, and
 * ignores the signals meant for the runner. */
static void settle(void)
{
	day_end = clock_mono() + (DAY - 1) * 1000;
	signal(SIGALRM, day_over);
	signal(SIGXFSZ, SIG_IGN);	/* a file too big is an error, not a death */
	alarm(DAY);
	umask(077);
}

/* ---- who ---- */

/* Takes the recipient apart. Steps return 1 to go on, 0 when all is said. */
static int split(struct visit *v)
{
	const char *rcpt = v->job->rcpt;
	size_t n = strlen(rcpt), at = text_rchr(rcpt, n, '@');

	if (at == n)
		return over(v, 'D', "Sorry, this address has no @. (#5.1.3)");
	if (at >= sizeof v->local)
		return over(v, 'D', "Sorry, this address is too long. (#5.1.3)");
	if (!at) {
		/* Classic: an empty local part is nobody, and nobody misses the mail. */
		v->fate = 'K';
		return 0;
	}
	memcpy(v->local, rcpt, at);
	v->local[at] = 0;
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
		return over(v, 'D', "Sorry, no mailbox here by that name. (#5.1.1)");
	}
	return over(v, 'Z', why);
}

/* From here on with the user's rights, where root's were. */
static int become(struct visit *v)
{
	if (geteuid() != 0)
		return 1;
	if (v->who.uid == 0)
		return over(v, 'Z', "Not allowed to perform deliveries as root. (#4.3.0)");
	if (proc_become(v->who.uid, v->who.gid) == 0)
		return 1;
	buf_fmt(&v->text, "Unable to set proper uid, gid for %s. (#4.3.0)\n", v->who.user);
	return 0;
}

static int go_home(struct visit *v)
{
	struct stat st;

	if (chdir(v->who.home) < 0) {
		buf_fmt(&v->text, "Unable to switch to %s. (#4.3.0)\n", v->who.home);
		return 0;
	}
	if (stat(".", &st) < 0)
		return over(v, 'Z', "Unable to stat home directory. (#4.3.0)");
	if (st.st_mode & S_IWOTH)
		return over(v, 'Z', "Uh-oh: home directory is writable. (#4.7.0)");
	if (st.st_mode & S_ISVTX)
		return over(v, 'Z', "Home directory is sticky: user is editing"
			" his .qmail file. (#4.2.1)");
	return 1;
}

/* ---- what ---- */

static int look_at(struct visit *v)
{
	int r;

	if (letter_open(&v->letter, v->job->msg, (off_t)v->job->size, v->job->sender, v->local, v->host) < 0)
		return over(v, 'Z', "Unable to read message. (#4.3.0)");
	if ((r = letter_loops(&v->letter, v->local, v->host)) < 0)
		return over(v, 'Z', "Unable to read message. (#4.3.0)");
	if (r)
		return over(v, 'D', "This message is looping: it already has my"
			" Delivered-To line, or too many hops. (#5.4.6)");
	return 1;
}

/* All lines are looked at before the first is carried out: a line that must
 * wait would else bring the mail of the lines above it again at every try. */
static int check(struct visit *v, struct dot *d)
{
	struct dot_line l;
	const char *why;
	int r;

	while ((r = dot_next(d, &l, &why)) == 1)
		if (l.kind != DOT_MAILDIR) {
			buf_fmt(&v->text, "Delivery instruction is not supported"
				" by this build: %.*s (#4.3.5)\n", 200, l.s);
			return 0;
		}
	dot_rewind(d);
	return r < 0 ? over(v, 'Z', why) : 1;
}

static int carry_out(struct visit *v, struct dot *d)
{
	struct dot_line l;
	const char *why;
	unsigned files = 0;

	while (dot_next(d, &l, &why) == 1) {
		if ((why = maildir_put(l.s, &v->letter, d->dflt)) != 0)
			return over(v, 'Z', why);
		files++;
	}
	v->fate = 'K';
	buf_fmt(&v->text, "did %u+0+0\n", files);
	return 1;
}

static int instructions(struct visit *v)
{
	struct dot d;
	const char *why;
	int r;

	switch (dot_open(&d, v->who.dash, v->who.ext, v->dflt, &why)) {
	case 0:
		return over(v, 'D', "Sorry, no mailbox here by that name. (#5.1.1)");
	case -1:
		return over(v, 'Z', why);
	}
	r = check(v, &d) && carry_out(v, &d);
	dot_close(&d);
	return r;
}

/* ---- the whole ---- */

/* The classic way out of the house: $QMAILLOCAL, which only the administrator can
 * set, in the environment of qmta-send, delivers with qmail-local's arguments. It
 * runs as the recipient already. */
static int by_program(struct visit *v, const char *program)
{
	char *argv[] = { "qmail-local", "--", v->who.user, v->who.home, v->local,
		(char *)v->who.dash, (char *)v->who.ext, (char *)v->host,
		(char *)v->job->sender, (char *)v->dflt, 0 };
	int status = proc_run(program, argv, v->job->msg, 1, &v->text);

	v->text.len = strnlen(v->text.s, v->text.len);	/* NUL ends its words */
	if (!WIFEXITED(status))
		return over(v, 'Z', "Aack, qmail-local crashed. (#4.3.0)");
	switch (WEXITSTATUS(status)) {
	case 0:
		v->fate = 'K';
		break;
	/* 126 and 127: a shell could not run it. */
	case EXIT_TEMP: case 71: case 74: case 75: case 126: case 127:
		if (!v->text.len)
			return over(v, 'Z', "QMAILLOCAL did not run or did not"
				" say why. (#4.3.0)");
		break;
	default:
		v->fate = 'D';
	}
	return 1;
}

static int serve(struct visit *v)
{
	const char *program = getenv("QMAILLOCAL");

	if (!split(v) || !find(v) || !become(v))
		return 0;
	if (program && *program)
		return by_program(v, program);
	return go_home(v) && look_at(v) && instructions(v);
}

void local_worker(const struct worker *w)
{
	static struct visit v;	/* not on the stack: the letter is large */
	const struct buf text = BUF_OVER(v.store);

	v.job = w->job;
	v.dflt = w->defaultdelivery && *w->defaultdelivery ? w->defaultdelivery : "./Maildir/";
	v.fate = 'Z';	/* what is not said is "later" */
	v.text = text;
	settle();
	serve(&v);
	if (answer_send(w->sock, v.fate, v.job->serial, 0, v.text.s, v.text.len) < 0)
		_exit(EXIT_TEMP);
	_exit(EXIT_DONE);
}
