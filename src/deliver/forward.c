/* forward.c: the last step of a local delivery: the addresses that it goes on to.
 *
 * All of them share one new message, with our Delivered-To line on top so that a
 * loop is seen when it comes round. Nothing is sent before every other line is
 * done, and the delivery is not called done before the queue has the new message.
 * Refuses nothing by itself: what may be an address is the queue's to say. */
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "../base/proc.h"
#include "../queue/handin.h"
#include "../queue/job.h"
#include "forward.h"

int forward_sender(struct visit *v)
{
	struct buf b = BUF_OVER(v->newsender);
	const struct who *w = &v->who;
	int n = 0;

	if (*v->sender && strcmp(v->sender, "#@[]")) {
		if (w->lines && w->owner)
			buf_puts(&b, w->owner);
		else if (!w->lines && (n = dot_owner(w->dash, w->ext)) < 0)
			return visit_over(v, 'Z', "Unable to look for an -owner file. (#4.3.0)");
		if (n)
			buf_fmt(&b, "%s-owner%s@%s%s", v->local, n > 1 ? "-" : "", v->host,
				n > 1 ? "-@[]" : "");
	}
	if (!b.len)
		buf_puts(&b, v->sender);
	return buf_z(&b) ? 1 : visit_over(v, 'D', "Sorry, this address is too long. (#5.1.3)");
}

static int failed(struct visit *v, char fate, const char *why, size_t n)
{
	v->fate = fate;
	buf_fmt(&v->text, "Unable to forward message: %.*s\n", (int)n, why);
	return 0;
}

/* Asks the runner for somebody who may write the queue. */
static int ask(struct visit *v)
{
	char c;
	int fd = -1, n = 1;

	if (answer_send(v->runner, 'F', v->serial, 0, "", 0) < 0 ||
		io_wait(v->runner, POLLIN, v->until) <= 0 ||
		pass_recv(v->runner, &c, 1, &fd, &n, 0) != 1 || n != 1)
		return -1;
	return fd;
}

static int to_hand(void *h, const void *p, size_t n)
{
	handin_data(h, p, n);
	return 0;
}

int forward_send(struct visit *v, struct dot *d, struct buf *qp)
{
	static const char nobody[] = "nobody there to take it in. (#4.3.0)";
	static const char lost[] = "message is not readable. (#4.3.0)";
	struct letter m = v->letter;
	size_t stop = d->pos;
	int sock = v->runner >= 0 ? ask(v) : -1;
	struct handin h;
	struct dot_line l;
	const char *why;
	char fate;

	if (v->runner >= 0 && sock < 0)
		return failed(v, 'Z', nobody, sizeof nobody - 1);
	handin_begin(&h, sock, v->until);
	/* It gets a Return-Path where it ends. */
	m.head.s += m.rp_len;
	m.head.len -= m.rp_len;
	if (letter_walk(&m, to_hand, &h) < 0) {
		handin_abort(&h);
		return failed(v, 'Z', lost, sizeof lost - 1);
	}
	handin_address(&h, 'S', v->newsender);
	dot_rewind(d);
	while (d->pos < stop && dot_next(d, &l, &why) == 1)
		if (l.kind == DOT_FORWARD)
			handin_address(&h, 'T', l.s);
	fate = handin_end(&h, qp);
	return fate == 'K' ? 1 : failed(v, fate, qp->s, qp->len);
}
