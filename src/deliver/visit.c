/* visit.c: what is done in a user's home for one message.
 *
 * The process has the user's rights, and no others. It enters the home, looks
 * whether the message was here before, finds the instructions and carries them out
 * from top to bottom; what is to be forwarded goes last, in one message, when all
 * else is done and on disk. Refuses: a home or a .qmail that others may write, a
 * home whose owner is at work on it, a message that loops. */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../exits.h"
#include "../msg/dotqmail.h"
#include "forward.h"
#include "maildir.h"
#include "mbox.h"
#include "program.h"
#include "vars.h"
#include "visit.h"

struct tally { unsigned files, forwards, programs; };

const char visit_no_mailbox[] = "Sorry, no mailbox here by that name. (#5.1.1)";
static const char unreadable[] = "Unable to read message. (#4.3.0)";
const char visit_too_long[] = "Program or file system took too long"
	" (control/timeoutlocal). (#4.3.0)";

void visit_init(struct visit *v)
{
	v->fate = 'Z';
	v->text = BUF_OVER(v->store);
}

int visit_over(struct visit *v, char fate, const char *text)
{
	v->fate = fate;
	buf_fmt(&v->text, "%s\n", text);
	return 0;
}

/* ---- before ---- */

static int sticky(struct visit *v)
{
	static const char text[] = "Home directory is sticky: user is editing"
		" his .qmail file. (#4.2.1)";

	if (!v->show)
		return visit_over(v, 'Z', text);
	out_fmt(v->show, "warning: %s\n", text);
	return 1;
}

static int go_home(struct visit *v)
{
	struct stat st;

	if (chdir(v->who.home) < 0) {
		buf_fmt(&v->text, "Unable to switch to %s. (#4.3.0)\n", v->who.home);
		return 0;
	}
	if (stat(".", &st) < 0)
		return visit_over(v, 'Z', "Unable to stat home directory. (#4.3.0)");
	if (st.st_mode & S_IWOTH)
		return visit_over(v, 'Z', "Uh-oh: home directory is writable. (#4.7.0)");
	return st.st_mode & S_ISVTX ? sticky(v) : 1;
}

static int look_at(struct visit *v)
{
	int r;

	if (letter_open(&v->letter, v->msg, v->size, v->sender, v->local, v->host) < 0 ||
		(r = letter_loops(&v->letter, v->local, v->host)) < 0)
		return visit_over(v, 'Z', unreadable);
	v->letter.until = v->until;
	if (r)
		return visit_over(v, 'D', "This message is looping: it already has my"
			" Delivered-To line, or too many hops. (#5.4.6)");
	return 1;
}

static int open_lines(struct visit *v, struct dot *d)
{
	const struct who *w = &v->who;
	const char *why;
	int r = 1;

	memset(d, 0, sizeof *d);
	if (w->self || !w->lines)
		r = w->lines ? dot_open(d, "", "", v->dflt, &why) :
			dot_open(d, w->dash, w->ext, v->dflt, &why);
	if (r > 0 && w->lines)
		r = dot_text(d, w->lines, &why);
	if (r < 0)
		return visit_over(v, 'Z', why);
	return r ? 1 : visit_over(v, 'D', visit_no_mailbox);
}

/* All lines are looked at before the first is carried out: one that is in error
 * would else bring the mail of the lines above it again at every try. */
static int check(struct visit *v, struct dot *d)
{
	struct dot_line l;
	const char *why;
	int r;

	while ((r = dot_next(d, &l, &why)) == 1)
		;
	dot_rewind(d);
	return r < 0 ? visit_over(v, 'Z', why) : 1;
}

/* ---- the lines: each 1 go on, 0 all is said, -1 stop here, it is well ---- */

/* The historical list: what a program of sendmail's world says for "never". */
static int is_final(int code)
{
	static const unsigned char codes[] = { 64, 65, 70, 76, 77, 78, 100, 112 };

	return memchr(codes, code, sizeof codes) != 0;
}

static int judge(struct visit *v, int status)
{
	int code = WEXITSTATUS(status);

	if (status == -1)
		return visit_over(v, 'Z', visit_too_long);
	if (!WIFEXITED(status))
		return visit_over(v, 'Z', "Aack, child crashed. (#4.3.0)");
	if (!code || code == 99)
		return code ? -1 : 1;
	v->fate = is_final(code) ? 'D' : 'Z';
	if (!v->text.len)
		buf_fmt(&v->text, "Program ended with exit %d. (#%d.3.0)\n", code,
			v->fate == 'D' ? 5 : 4);
	return 0;
}

static int run_program(struct visit *v, struct dot *d, const char *command)
{
	char *argv[] = { "/bin/sh", "-c", (char *)(uintptr_t)command, 0 };
	struct vars vars;
	int r;

	if (!vars_make(&vars, v, d->given))
		return visit_over(v, 'Z', "Out of memory. (#4.3.0)");
	r = judge(v, program_run(*argv, argv, vars.envp, v->msg, v->until, &v->text));
	vars_free(&vars);
	return r;
}

static int show(struct visit *v, const struct dot_line *l)
{
	static const char words[][9] = { "maildir ", "mbox ", "program ", "forward " };

	out_puts(v->show, words[l->kind]);
	out_puts(v->show, l->s);
	out_puts(v->show, "\n");
	return 1;
}

static int do_line(struct visit *v, struct dot *d, const struct dot_line *l)
{
	const char *why = 0;

	if (v->show)
		return show(v, l);
	if (clock_mono() >= v->until)
		return visit_over(v, 'Z', visit_too_long);
	switch (l->kind) {
	case DOT_MAILDIR:
		if ((why = maildir_put(l->s, &v->letter, l->dflt)) != 0)
			buf_fmt(&v->text, "%.*s: ", 160, l->s);
		break;
	case DOT_MBOX:
		why = mbox_put(l->s, &v->letter);
		break;
	case DOT_PROGRAM:
		return run_program(v, d, l->s);
	case DOT_FORWARD:	/* at the end, all together */
		break;
	}
	return why ? visit_over(v, 'Z', why) : 1;
}

/* 1 done, 0 all is said. */
static int carry_out(struct visit *v, struct dot *d)
{
	struct tally t = { 0 };
	char words[512];
	struct buf qp = BUF_OVER(words);
	struct dot_line l;
	const char *why;
	int r = 1;

	while (r > 0 && dot_next(d, &l, &why) == 1) {
		if ((r = do_line(v, d, &l)) == 0)
			return 0;
		t.forwards += l.kind == DOT_FORWARD;
		t.programs += l.kind == DOT_PROGRAM;
		t.files += l.kind == DOT_MBOX || l.kind == DOT_MAILDIR;
		/* A user's 99 is not said of the other targets of his alias. */
		if (r < 0)
			r = dot_stop(d);
	}
	if (t.forwards && !v->show && !forward_send(v, d, &qp))
		return 0;
	v->fate = 'K';
	buf_fmt(&v->text, "did %u+%u+%u\n", t.files, t.forwards, t.programs);
	if (qp.len)
		buf_fmt(&v->text, "qp %.*s\n", (int)qp.len, qp.s);
	return 1;
}

void visit_run(struct visit *v)
{
	struct dot d;

	if (!go_home(v) || !look_at(v) || !open_lines(v, &d))
		return;
	if (check(v, &d) && forward_sender(v))
		carry_out(v, &d);
	dot_close(&d);
}
