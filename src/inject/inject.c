/* inject.c: the injector: reads a message, rewrites its header, finds its
 * recipients, adds what is missing, and hands it to the queue. The header is in
 * memory (HEADER_MAX), the body goes through one window. Nothing is handed on
 * before the whole header is understood: an address that cannot be read refuses
 * the message, since a recipient left out would be lost mail. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/defaults.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../msg/admin.h"
#include "../msg/quote.h"
#include "../queue/choose.h"
#include "../queue/envelope.h"
#include "run.h"

/* ---- out ---- */

static int put(void *arg, const void *p, size_t n)
{
	struct run *r = arg;

	if (r->o->print)
		return out_put(&r->show, p, n);
	return submit_data(&r->submit, p, n);
}

static int put_body(struct run *r)
{
	struct body b = { .put = put, .arg = r, .last = '\n' };
	const char *p;
	size_t n;
	int e;

	if (body_feed(&b, r->field.s, r->field.len))
		return 1;
	while ((e = reader_get(&r->in, &p, &n)) > 0) {
		if (body_feed(&b, p, n))
			return 1;
		in_used(&r->in.in, n);
	}
	if (e < 0)
		return end_read(r);
	body_end(&b);
	return 1;
}

static int show_end(struct run *r)
{
	if (!out_flush(&r->show))
		return 1;
	r->fate = FATE_IO;
	say(r->o->prog, "unable to write the output:");
	return 0;
}

/* All of the message. 1, 0 ended; errors of put() are found at its end. */
static int put_all(struct run *r)
{
	put(r, r->head.s, r->head.len);
	put(r, r->out.s, r->out.len);
	return put_body(r);
}

static int show(struct run *r)
{
	struct buf *b = &r->show.b;

	buf_puts(b, "Return-Path: <");
	addr_quote(b, r->sender.s, r->sender.len);
	buf_puts(b, ">\n");
	return put_all(r) && show_end(r);
}

/* A message that was sent on goes to those it is sent on to, not to those of
 * its first journey. */
static const struct buf *header_rcpts(const struct run *r)
{
	return r->resent ? &r->again : &r->rcpts;
}

static void put_rcpts(struct run *r, const struct buf *to)
{
	size_t i, n;

	for (i = 0; i < to->len; i += n + 1) {
		n = strlen(to->s + i);
		if (submit_rcpt(&r->submit, to->s + i, n))
			return;		/* the error stays until submit_end */
	}
}

static int queue(struct run *r)
{
	int code = submit_begin(&r->submit, PUT_UID);

	if (code)
		return end_queue(r, code);
	r->submit.ready = 1;
	if (!put_all(r)) {
		submit_abort(&r->submit);
		return 0;
	}
	submit_sender(&r->submit, r->sender.s, r->sender.len);
	put_rcpts(r, &r->args);
	put_rcpts(r, header_rcpts(r));
	code = submit_end(&r->submit);
	return code ? end_queue(r, code) : 1;
}

/* ---- all of it ---- */

/* What a caller ignores stays ignored (a background shell's INT, nohup's HUP),
 * but for CHLD: the queue program's answer would be lost. A file size limit is
 * to be an error of write(2) that the queue can clean up after. */
static void set_signals(void)
{
	proc_signal(SIGXFSZ, SIG_IGN);
	proc_signal(SIGCHLD, SIG_DFL);
	proc_unblock();
}

static int verify(struct run *r)
{
	size_t i;

	for (i = 0; i < r->args.len; i++)
		if (!r->args.s[i])
			r->args.s[i] = '\n';
	out_put(&r->show, r->args.s, r->args.len);
	return show_end(r);
}

/* Arguments and sender: before a byte of the message is read. */
static int take_args(struct run *r)
{
	const struct inject *o = r->o;
	int i;

	if (admin_load() < 0)
		return end_text(r, FATE_LATER, control_error());
	r->from_header = o->rcpts == RCPT_HEADER || o->rcpts == RCPT_BOTH ||
		(o->rcpts == RCPT_EITHER && !o->nargs);
	for (i = 0; o->rcpts != RCPT_HEADER && i < o->nargs; i++)
		if (!take_arg(r, o->args[i]))
			return 0;
	if (!r->from_header && !r->args.len && !o->print)
		return end_text(r, FATE_USAGE, "no recipients: give addresses as arguments");
	return take_sender(r);
}

/* control/allmailfrom: whoever sends, the envelope names one sender. */
static void one_sender(struct run *r)
{
	const char *from = buf_z(&r->sender) ? admin_sender(r->sender.s) : 0;

	if (from) {
		buf_clear(&r->sender);
		buf_puts(&r->sender, from);
	}
}

static int deliver(struct run *r)
{
	enum addr_result e;

	if (!header_read(r))
		return 0;
	if (!r->args.len && !header_rcpts(r)->len && !r->o->print)
		return end_text(r, FATE_USAGE, "no recipients: neither the arguments nor "
			"the header's To, Cc and Bcc name one");
	e = compose_fields(r);
	if (e == ADDR_OK && !r->o->sender)
		e = compose_sender(r);
	r->into = 0;
	if (!end_addr(r, e, "unable to use this user or host name: ", r->sender.s, r->sender.len))
		return 0;
	one_sender(r);
	if (r->o->print)
		return show(r);
	if (CFG_QUEUE && choose_program(&r->sender, &r->args, header_rcpts(r)) < 0)
		return end_text(r, FATE_LATER, control_error());
	return queue(r);
}

/* A buffer over its place; max 0: that is all it gets, else then on the heap. */
__attribute__((noinline))	/* 8 times the same stores */
static void lay(struct buf *b, char *s, size_t cap, size_t max)
{
	b->s = s;
	b->cap = cap;
	b->max = max;
	b->lent = max > 0;
}

/* The letters in $QMAILINJECT. */
static unsigned letters(void)
{
	const char *e = getenv("QMAILINJECT"), *c;
	unsigned found = 0, bit = LETTER_C;

	for (c = "csfirm"; e && *c; c++, bit *= 2)
		if (strchr(e, *c))
			found |= bit;
	return found;
}

/* Terminals are the only character devices that anybody sends a message from. */
static int is_terminal(void)
{
	struct stat st;

	return !fstat(0, &st) && S_ISCHR(st.st_mode);
}

struct in *inject_input;

int inject_run(const struct inject *o)
{
	static struct run r;	/* too large for a small stack */
	off_t start = lseek(0, 0, SEEK_CUR);

	r.o = o;
	control_snapshot(1);
	if (defaults_load(o->prog) < 0)
		return fate_exit(FATE_LATER, o->sysexits);
	r.now = clock_wall();
	r.rules = (struct addr_rules){ ident_name, &r.id };
	lay(&r.field, r.field_space, sizeof r.field_space, HEADER_MAX);
	lay(&r.out, r.out_space, sizeof r.out_space, HEADER_MAX);
	lay(&r.head, r.head_space, sizeof r.head_space, HEADER_MAX);
	lay(&r.args, r.args_space, sizeof r.args_space, ENVELOPE_MAX);
	lay(&r.rcpts, r.rcpts_space, sizeof r.rcpts_space, ENVELOPE_MAX);
	lay(&r.sender, r.sender_space, sizeof r.sender_space, 0);
	lay(&r.show.b, r.show_window, sizeof r.show_window, 0);
	r.again.max = r.to_cc.max = r.more.max = ENVELOPE_MAX;
	r.path.max = ADDR_CAP;
	r.show.fd = 1;
	r.letters = o->letters | letters();
	r.follow = getenv("QMAILMFTFILE") != 0;
	set_signals();
	reader_open(&r.in, 0, o->dots && is_terminal());
	if (inject_input)
		r.in.in = *inject_input;
	if (take_args(&r)) {
		if (o->verify)
			verify(&r);
		else
			deliver(&r);
	}
	/* bsd-mailx keeps a letter that was refused by reading on in the same open
	 * file: it shall find there what it gave us. */
	if (r.fate && start >= 0)
		lseek(0, start, SEEK_SET);
	return fate_exit(r.fate, o->sysexits);
}
