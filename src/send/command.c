/* command.c: carries out what somebody with his hands on the queue wants done, in
 * the one process that may write there, so nothing is ever done to files that are
 * at work: a message in delivery is left alone until its turn is over. Refuses,
 * silently, lines about messages that are gone: done is done. */
#include <string.h>
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "command.h"
#include "order.h"
#include "pass.h"
#include "remove.h"
#include "report.h"
#include "settle.h"

static const char verbs[][8] = { [RETRY] = "retry", [HOLD] = "hold",
	[RELEASE] = "release", [REMOVE] = "remove", [TELL] = "bounce", [OVER] = "over" };
enum { VERBS = sizeof verbs / sizeof *verbs };

static int with_loop;		/* a runner's loop is behind us; else nobody reads a log */
/* Messages that lines had to stay for. Those that find no place wait for these. */
static uint64_t waits[16];
static unsigned waiting;

/* ---- reading them ---- */

/* Cuts the next word off the line. */
static const char *word(const char **s, size_t *n, size_t *len)
{
	const char *w = *s, *blank = memchr(w, ' ', *n);

	*len = blank ? (size_t)(blank - w) : *n;
	*s += *len + !!blank;
	*n -= *len + !!blank;
	return w;
}

int command_parse(struct command *c, const char *line, size_t n)
{
	size_t len;
	const char *w = word(&line, &n, &len);
	int v = 0;

	while (v < VERBS && !(strlen(verbs[v]) == len && !memcmp(verbs[v], w, len)))
		v++;
	if (v == VERBS)
		return 0;
	c->verb = (enum verb)v;
	c->id = c->stamp = 0;
	c->rest = line;
	c->len = n;
	if (v == OVER)
		return n > 0;
	w = word(&line, &n, &len);
	if (len == 3 && !memcmp(w, "all", 3))
		return v <= RELEASE;
	return text_is_u64(w, len, &c->id) && c->id && text_is_u64(line, n, &c->stamp);
}

/* ---- one message ---- */

/* Settled, and not in work: due now, in each channel that is left. */
static void due_now(uint64_t id)
{
	int64_t due;
	int c;

	plan_forget(id);
	for (c = LOCAL; c <= REMOTE; c++) {
		if (queue_due(&queue, id, (enum qchan)c, &due) == 0 || pass_of(id, c))
			continue;
		if (queue_set_due(&queue, id, (enum qchan)c, clock_wall()) < 0)
			report_trouble("write the retry time of", id);
		plan_add((enum plan_heap)c, id, clock_mono(), 0, 0);
	}
}

static void retry(uint64_t id)
{
	struct qinfo i;
	int64_t due;

	/* A fresh one is tried as soon as there is room; a held one is not tried; and
	 * one whose recipients are all done has its place already. */
	if (queue_info(&queue, id, SETTLED, &i) > 0 && !i.held &&
		queue_info(&queue, id, FRESH, &i) == 0 &&
		(queue_due(&queue, id, LOCAL, &due) || queue_due(&queue, id, REMOTE, &due)))
		due_now(id);
}

/* A fresh message is settled first: then the mark is on a file of our own. One in
 * delivery takes it along when it is settled. 1 done, 0 wait. */
static int hold(uint64_t id)
{
	struct pass *p;
	struct qinfo i;
	int r, c;

	for (c = LOCAL; c <= REMOTE; c++)
		if ((p = pass_of(id, c)))
			p->info.held = 1;
	if ((r = queue_hold(&queue, id, 1)) == 0) {
		if (pass_of(id, -1))
			return 0;
		if (queue_info(&queue, id, FRESH, &i) <= 0)
			return 1;
		if (with_loop && !fresh_known(id))
			report_new(&i);
		plan_forget(id);
		settle_now(&i);
		r = queue_hold(&queue, id, 1);
	}
	if (r <= 0)
		report_trouble("hold", id);
	return 1;
}

static void release(uint64_t id)
{
	struct pass *p;
	int c;

	for (c = LOCAL; c <= REMOTE; c++)
		if ((p = pass_of(id, c)))
			p->info.held = 0;
	if (queue_hold(&queue, id, 0) < 0)
		report_trouble("release", id);
	else
		plan_unpark(id, clock_mono());
}

/* ---- all of them, and the log ---- */

static void each(enum qstate state, enum verb v)
{
	struct qwalk w;
	uint64_t id;

	if (qwalk_open(&w, &queue, state) < 0)
		return;
	while (qwalk_next(&w, &id) > 0) {
		if (v == HOLD)
			hold(id);
		else if (v == RETRY)
			retry(id);
		else if (queue_hold(&queue, id, 0) < 0)
			report_trouble("release", id);
	}
	qwalk_close(&w);
}

static void all(enum verb v)
{
	size_t i;

	if (v == RETRY && with_loop) {
		order_all();
		return;
	}
	if (v == HOLD)
		each(FRESH, v);
	each(SETTLED, v);
	if (v != RELEASE)
		return;
	for (i = 0; i < SLOTS_MAX; i++)
		passes[i].info.held = 0;
	plan_unpark(0, clock_mono());
}

/* "sendermax 100 kim@a.example": who is a stranger's word. */
static void over(const char *s, size_t n)
{
	size_t name, max;
	const char *what = word(&s, &n, &name), *limit = word(&s, &n, &max);
	char text[2 * ADDR_CAP];
	struct buf who = BUF_OVER(text);

	log_safe(&who, s, n);
	if (n)
		log_line("warning: %.*s: %.*s sent more than %.*s messages within an hour;"
			" further ones are refused for now", (int)name, what,
			(int)who.len, text, (int)max, limit);
	else
		log_line("warning: %.*s: the queue has reached %.*s; new mail is refused"
			" for now", (int)name, what, (int)max, limit);
}

/* ---- the file ---- */

/* 1 it is done, 0 it stays. */
static int carry_out(const struct command *c)
{
	uint64_t stamp;

	if (c->verb == OVER) {
		if (with_loop)
			over(c->rest, c->len);
		return with_loop;
	}
	if (!c->id) {
		all(c->verb);
		return 1;
	}
	if (queue_stamp(&queue, c->id, &stamp) <= 0 || stamp != c->stamp)
		return 1;
	switch (c->verb) {
	case RETRY: retry(c->id); return 1;
	case RELEASE: release(c->id); return 1;
	case HOLD: return hold(c->id);
	case REMOVE: return remove_silently(c->id, with_loop);
	default: return remove_and_tell(c->id, with_loop);
	}
}

int command_run(int runner)
{
	static struct buf b = BUF_HEAP(COMMANDS_MAX + 1);
	size_t at, n, all, kept = 0;
	struct command c;
	const char *lf;
	int r = queue_command_read(&queue, &b);

	with_loop = runner;
	waiting = 0;
	if (r <= 0)
		return r;
	all = b.len;
	for (at = 0; at < b.len; at += n) {
		lf = memchr(b.s + at, '\n', b.len - at);
		n = lf ? (size_t)(lf - b.s) - at + 1 : b.len - at;
		/* Half a line is being written: it comes again. */
		if (lf && (!command_parse(&c, b.s + at, n - 1) || carry_out(&c)))
			continue;
		if (lf && c.verb != OVER && waiting < sizeof waits / sizeof *waits)
			waits[waiting++] = c.id;
		memmove(b.s + kept, b.s + at, n);
		kept += n;
	}
	b.len = kept;
	r = kept == all ? 0 : queue_command_keep(&queue, all, &b);
	buf_free(&b);
	return r;
}

int command_ready(void)
{
	unsigned i;

	for (i = 0; i < waiting; i++)
		if (!remove_waits(waits[i]))
			return 1;
	return 0;
}
