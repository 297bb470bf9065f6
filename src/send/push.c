/* push.c: how an open message becomes jobs. The cursor of a pass walks the
 * recipients by route, so that all who share one travel in one job, however
 * they are mixed in the file; it needs no list of recipients in memory. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/text.h"
#include "../msg/admin.h"
#include "carry.h"
#include "conf.h"
#include "loop.h"
#include "pass.h"
#include "report.h"
#include "route.h"
#include "settle.h"

static uint32_t serial, number;

/* ---- what the cursor stands on ---- */

struct pick {
	struct qread list;	/* recipients' file, its descriptor goes to the worker */
	struct route via;	/* of the first recipient */
	uint32_t n;
	int left;		/* there are more behind */
};

static int list_open(struct qread *r, const struct pass *p)
{
	return p->fresh ? qread_fresh(r, &queue, p->info.id) :
		qread_chan(r, &queue, p->info.id, p->chan);
}

static int route_of(const struct pass *p, struct route *rt, const struct qrcpt *rc)
{
	return p->fresh ? route_find(rt, rc->addr, rc->len) :
		route_again(rt, p->chan, rc->addr, rc->len);
}

static int is_verp(const char *sender)
{
	size_t n = strlen(sender);

	return n > 4 && !strcmp(sender + n - 4, "-@[]");
}

/* Local deliveries go one by one; so do copies that each need their own sender, which a
 * QMQP server makes by itself. */
static uint32_t job_size(const struct pass *p, const struct route *rt)
{
	return p->chan == LOCAL || (is_verp(p->info.sender) && *rt->via != 'Q') ? 1 : JOB_RCPTS;
}

static int behind_cursor(const struct pass *p, uint64_t key, uint32_t off)
{
	return p->begun && (key < p->key || (key == p->key && off <= p->off));
}

/* Takes the recipients of the smallest route behind the cursor into off[]. */
static void consider(struct pass *p, struct pick *k, struct route *rt,
	uint32_t off, uint32_t *offs)
{
	if (behind_cursor(p, rt->hash, off))
		return;
	if (k->n && rt->hash == k->via.hash && strcmp(rt->via, k->via.via)) {
		p->later++;	/* two routes with one hash: somebody made it so */
		return;
	}
	if (k->n && rt->hash > k->via.hash) {
		k->left = 1;
		return;
	}
	if (k->n && rt->hash < k->via.hash) {
		k->n = 0;
		k->left = 1;
	}
	if (k->n == job_size(p, rt)) {
		k->left = 1;
		return;
	}
	if (!k->n)
		k->via = *rt;
	offs[k->n++] = off;
}

/* 1 there is something, 0 nothing is left, -1 trouble with the file. The caller
 * closes k->list unless 0 or -1. */
static int pick(struct pass *p, struct pick *k, uint32_t *offs)
{
	struct qrcpt rc;
	struct route rt;
	int r = list_open(&k->list, p);

	k->n = 0;
	k->left = 0;
	if (r <= 0)
		return r;
	route_sender(p->info.sender);
	while ((r = qread_next(&k->list, &rc)) > 0) {
		if (rc.done)
			continue;
		if (route_of(p, &rt, &rc) == 0)
			consider(p, k, &rt, rc.off, offs);
		else	/* smtproutes has a line nobody can use: wait for its repair */
			p->later++;
	}
	if (r == 0 && !k->list.off) {	/* empty: damaged, not finished */
		errno = EBADMSG;
		r = -1;
	}
	if (r < 0 || !k->n)
		qread_close(&k->list);
	return r < 0 ? -1 : k->n > 0;
}

/* ---- jobs ---- */

/* list-@host-@[] and box@dom give list-box=dom@host (what list managers of the family
 * expect). Anything that does not fit the form stays as it is. */
static const char *verp(struct buf *b, const char *sender, const char *rcpt)
{
	size_t n = strlen(sender) - 4, at = text_rchr(sender, n, '@');
	size_t m = strlen(rcpt), rat = text_rchr(rcpt, m, '@');

	if (at == n || rat == m)
		return sender;
	if (!buf_fmt(b, "%.*s%.*s=%s@%.*s", (int)at, sender, (int)rat, rcpt,
		rcpt + rat + 1, (int)(n - at - 1), sender + at + 1) || b->len > ADDR_MAX ||
		!buf_z(b))
		return sender;
	return b->s;
}

static int send_job(struct slot *s, struct pick *k, const struct pass *p)
{
	char text[3 * ADDR_CAP];
	struct buf b = BUF_OVER(text);
	struct job j = { .serial = s->serial, .n = s->n, .off = s->off,
		.size = p->info.size, .limit = loop_left(),
		.sender = p->info.sender, .route = k->via.via, .rcpt = "",
		.wish = p->info.wish,
		.list = k->list.in.fd };
	int r, e;

	if (p->chan == LOCAL) {
		j.limit = (uint32_t)conf.timeoutlocal;
		j.rcpt = k->via.addr;
		j.list = -1;
		j.n = 0;
	}
	if (is_verp(p->info.sender) && *k->via.via != 'Q')
		j.sender = verp(&b, p->info.sender, k->via.addr);
	if (p->chan == REMOTE && admin_sender(j.sender))
		j.sender = admin_sender(j.sender);
	if ((j.msg = queue_message(&queue, p->info.id)) < 0)
		return -1;
	r = job_send(s->by->sock, &j);
	e = errno;
	close(j.msg);
	errno = e;
	return r;
}

/* "starting delivery" for each recipient; numbers are given out in order. */
static void announce(struct slot *s, struct pick *k, const struct pass *p)
{
	struct qrcpt rc;
	struct route rt;
	uint32_t i = 0;

	s->first = number + 1;
	number += s->n;
	if (s->n == 1) {
		report_start(s->first, p->info.id, p->chan, k->via.addr, k->via.len);
		return;
	}
	if (qread_rewind(&k->list) < 0)
		return;
	while (i < s->n && qread_next(&k->list, &rc) > 0) {
		if (rc.off != s->off[i] || route_of(p, &rt, &rc) < 0)
			continue;
		report_start(s->first + i, p->info.id, p->chan, rt.addr, rt.len);
		i++;
	}
}

enum pushed { STARTED, WAIT, TROUBLE };

static uint64_t who_of(const struct pick *k)
{
	return text_hash(k->via.addr, k->via.len);
}

static void advance(struct pass *p, const struct pick *k, uint32_t last)
{
	if (!p->begun)
		p->route = (uint32_t)k->via.hash;
	else if (p->key != k->via.hash)
		p->route = 0;	/* several: it waits for any of them */
	p->begun = 1;
	p->key = k->via.hash;
	p->off = last;
	p->more = k->left;
}

static enum pushed hand_over(struct pass *p, struct slot *s, struct pick *k)
{
	int why = 1;

	s->by = p->chan == LOCAL ? carry_local(who_of(k)) : carry_remote(k->via.hash, &why);
	if (!s->by)
		return why ? TROUBLE : WAIT;
	s->serial = ++serial;
	s->n = k->n;
	if (send_job(s, k, p) < 0) {
		/* Its worker was for this job alone; nothing of it would wake us. */
		if (p->chan == LOCAL) {
			carry_close(s->by);
			return TROUBLE;
		}
		/* Behind, or dead and soon seen to be: either way it wakes us. */
		return errno == EAGAIN || errno == EPIPE || errno == ECONNRESET ?
			WAIT : TROUBLE;
	}
	s->used = 1;
	s->pass = p;
	memset(s->fate, 0, s->n);
	if (!s->by->depth++)
		s->by->moved = clock_mono();
	slots_busy[p->chan]++;
	p->jobs++;
	advance(p, k, s->off[k->n - 1]);
	announce(s, k, p);
	report_status(0);
	return STARTED;
}

/* 1 when the next job may be made; 0: something has changed, and the pass is over or
 * will be when its jobs are. */
static int goes_on(struct pass *p)
{
	if (p->fresh && !p->begun && p->conf != conf_serial && !pass_replan(p))
		return 0;
	/* Held meanwhile: what is with a worker goes on, the rest waits. */
	if (p->info.held && p->fresh && !p->begun) {
		p->used = 0;
		plan_add(PLAN_HELD, p->info.id, clock_mono(), 1, (uint32_t)p->chan);
		return 0;
	}
	if (p->info.held && !p->fresh) {
		p->more = 0;
		p->later++;
		return 0;
	}
	/* The cursor goes by routes: after a change the rest is a pass of its own. What
	 * is held now goes back to the plan: open, it would keep a one-shot run alive. */
	if (!p->begun ? !conf.limit[p->chan] : !p->fresh && p->conf != conf_serial) {
		p->more = 0;
		p->again++;
		p->gained += !p->begun;
		return 0;
	}
	return 1;
}

static enum pushed push_one(struct pass *p)
{
	struct slot *s = slot_new();
	struct pick k;
	enum pushed r;
	int got;

	if (!goes_on(p))
		return STARTED;
	if (!s || slots_busy[p->chan] >= conf.limit[p->chan])
		return WAIT;
	if ((got = pick(p, &k, s->off)) <= 0) {
		p->more = 0;
		return got < 0 ? TROUBLE : STARTED;
	}
	/* The fates of a fresh message live in one job: what needs several (each copy
	 * its own sender; several addresses since an alias is gone) is settled first. */
	if (p->fresh && (k.left || p->later || k.via.chan != p->chan || k.via.copies > 1)) {
		qread_close(&k.list);
		p->used = 0;
		settle_now(&p->info);
		return STARTED;
	}
	if (p->chan == LOCAL && carry_hung(who_of(&k))) {
		advance(p, &k, s->off[0]);
		p->later++;
		r = STARTED;
	} else
		r = hand_over(p, s, &k);
	qread_close(&k.list);
	return r == WAIT && p->chan == REMOTE && pass_put_back(p, (uint32_t)k.via.hash) ?
		STARTED : r;
}

void pass_push_all(void)
{
	struct pass *p;

	for (p = passes; p < passes + SLOTS_MAX; p++) {
		while (p->used && p->more) {
			enum pushed r = push_one(p);

			if (r == WAIT)
				break;
			if (r == TROUBLE) {
				report_trouble("start a delivery of", p->info.id);
				p->more = 0;
				p->later++;
			}
			pass_close_if_over(p);
		}
	}
}
