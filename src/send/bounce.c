/* bounce.c: telling the sender that some recipients failed, once a message. The
 * plain bounce is put into the queue by this very process. When the administrator
 * wants a program in between, a child does it, for the loop must not wait.
 * Refuses to answer a bounce of a bounce of a bounce. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/envrules.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../exits.h"
#include "../queue/limit.h"
#include "../queue/submit.h"
#include "bounce.h"
#include "conf.h"
#include "notice.h"
#include "plan.h"
#include "viaprog.h"
#include "report.h"

/* Children, and the messages they bounce. */
static struct { pid_t pid; uint64_t id; } children[BOUNCE_CHILDREN];

int bounce_running(void)
{
	int n = 0, i;

	for (i = 0; i < BOUNCE_CHILDREN; i++)
		n += children[i].pid > 0;
	return n;
}

int bounce_room(void)
{
	return bounce_running() < BOUNCE_CHILDREN;
}

int bounce_busy(uint64_t id)
{
	int i;

	for (i = 0; i < BOUNCE_CHILDREN; i++)
		if (children[i].pid > 0 && children[i].id == id)
			return 1;
	return 0;
}

/* pre@host-@[] (a list's VERP sender) is pre@host to us. */
static void set_recipient(struct notice *n, const char *sender)
{
	size_t len = strlen(sender);

	n->twice = !len;
	if (len > 4 && !strcmp(sender + len - 4, "-@[]"))
		len -= 4;
	if (len)
		buf_put(&n->to, sender, len);
	else
		buf_fmt(&n->to, "%s@%s", conf.doubleto.s, conf.doublehost.s);
	buf_z(&n->to);
}

static int to_queue(void *put, const void *p, size_t n)
{
	return qput_data(put, p, n);
}

/* In this process. 0, or the QQ_ number. */
static int inject(struct notice *n, struct queue *q)
{
	static struct qput put;
	const char *from = notice_from(n);

	if (!(n->err = qput_begin(&put, q, PUT_BOUNCE))) {
		n->number = put.id;
		n->put = to_queue;
		n->arg = &put;
		notice_write(n);
	}
	if (n->err || (n->err = qput_sender(&put, from, strlen(from))) ||
		(n->err = qput_rcpt(&put, n->to.s, n->to.len)) ||
		(n->err = qput_commit(&put)))
		qput_abort(&put);
	return n->err;
}

/* A child for it. BOUNCE_WAITS, or -1. */
static int delegate(struct notice *n, char *vars)
{
	int i = 0;

	while (i < BOUNCE_CHILDREN - 1 && children[i].pid > 0)
		i++;
	if (children[i].pid > 0 || (children[i].pid = viaprog_start(n, vars)) < 0)
		return -1;
	children[i].id = n->about->id;
	return BOUNCE_WAITS;
}

/* Over the limit of an hour: planned for when that is over. */
static int too_many(struct queue *q, uint64_t id)
{
	uint64_t wait;
	enum limit l = limit_ask(q, "bounce", conf.bouncemax, &wait);

	if (l == LIMIT_ON)
		return 0;
	if (l == LIMIT_FIRST)
		log_line("warning: more than %llu bounces an hour (control/bouncemax): "
			"those that follow wait for %llu seconds",
			(unsigned long long)conf.bouncemax, (unsigned long long)wait);
	plan_add(PLAN_DONE, id, clock_mono() + (int64_t)wait * 1000, 0, 0);
	return 1;
}

/* Empty or "@": whoever runs this does not want to hear of double bounces. */
static int nobody_asks(const struct notice *n)
{
	return n->twice && (!conf.doubleto.len || *conf.doubleto.s == '@');
}

/* The sender wants to hear of other things, or of nothing (RFC 3461 4.1). */
static int unwanted(const struct notice *n)
{
	unsigned bits = wish_notify(n->about->wish);

	return bits && !(bits & WISH_FAILURE);
}

static int tell(struct notice *n, struct queue *q)
{
	unsigned long long id = n->about->id;
	int thrice = !strcmp(n->about->sender, "#@[]");
	char *vars;

	set_recipient(n, n->about->sender);
	if (thrice || nobody_asks(n) || unwanted(n)) {
		log_line("%s bounce: discarding bounce/%llu", thrice ? "triple" :
			n->twice ? "double" : "unwanted", id);
		return 0;
	}
	if (too_many(q, n->about->id))
		return BOUNCE_WAITS;
	vars = envrules_find(&conf.bouncerules, n->to.s, n->to.len);
	if (vars || viaprog_wanted())
		return delegate(n, vars);
	if (inject(n, q)) {
		if (report_may("bounce", n->err))
			log_line("warning: trouble injecting bounce message of msg %llu: %s, "
				"will try later", id, qq_words(n->err));
		return -1;
	}
	log_line("bounce msg %llu qp %d", id, (int)getpid());
	return 1;
}

/* With the message's own files open. */
static int send_open(struct queue *q, uint64_t id, int texts)
{
	/* One at a time; too big for a small stack. */
	static char to[2 * ADDR_CAP], text[16 * ADDR_CAP];
	static struct qinfo about;
	struct notice n = { .about = &about, .texts = texts, .number = id };
	int r = queue_info(q, id, SETTLED, &about);

	/* Without its sender there is nobody to tell, but it is not ours to drop. */
	if (r <= 0 || (n.message = queue_message(q, id)) < 0)
		return -1;
	n.to = BUF_OVER(to);
	n.b = BUF_OVER(text);
	r = tell(&n, q);
	io_close(n.message);
	return r;
}

int bounce_send(struct queue *q, uint64_t id)
{
	int texts, r;

	if (bounce_busy(id))
		return BOUNCE_WAITS;
	texts = queue_bounce_open(q, id);
	if (texts < 0)
		return errno == ENOENT ? 0 : -1;
	r = send_open(q, id, texts);
	io_close(texts);
	if ((r == 0 || r == 1) && queue_bounce_drop(q, id) < 0)
		r = -1;
	return r;
}

/* What is left to do with a message without a text for a bounce is to remove it:
 * the plan comes to that by itself. */
static int over(struct queue *q, pid_t pid, uint64_t id, int status)
{
	int done = WIFEXITED(status) && !WEXITSTATUS(status);

	if (WIFSIGNALED(status)) {
		kill(-pid, SIGKILL);	/* what it was waiting for */
		log_line("warning: trouble injecting bounce message of msg %llu: %s, will try later",
			(unsigned long long)id, WTERMSIG(status) == SIGALRM ?
			"it took too long" : "its process was killed");
	}
	if (done && queue_bounce_drop(q, id) == 0)
		plan_add(PLAN_DONE, id, clock_mono(), 0, 0);
	else
		plan_later(PLAN_DONE, id, 0, 0);
	return done;
}

int bounce_reap(struct queue *q)
{
	int i, status, any = 0;
	pid_t pid;

	for (i = 0; i < BOUNCE_CHILDREN; i++) {
		pid = children[i].pid;
		if (pid > 0 && waitpid(pid, &status, WNOHANG) > 0) {
			children[i].pid = 0;
			any |= over(q, pid, children[i].id, status);
		}
	}
	return any;
}
