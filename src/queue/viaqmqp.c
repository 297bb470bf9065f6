/* viaqmqp.c: one message to a QMQP server: spooled until its envelope is there, given
 * the names that the rest of the world knows (msg/admin.h, msg/outgoing.h), sent, and put
 * into a queue when that failed for now. That queue gets the names that are known here:
 * its runner changes them as for all that leaves. Refuses what the queue would refuse;
 * a message that may have arrived is as late as any other, never taken for safe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../msg/admin.h"
#include "../msg/generic.h"
#include "../msg/outgoing.h"
#include "../net/qmqp.h"
#include "envelope.h"
#include "spool.h"
#include "viaqmqp.h"

enum part { HEAD, BODY, TAIL, RCPTS, END };

static struct {
	int err;		/* of the settings: QQ_CONFIG */
	const char *why;	/* words for it */
	struct queue look;	/* the fallback's directory alone; dir -1: there is none */
	enum part part;		/* of the request, which comes next */
	unsigned splice;
	uint64_t at;
	struct buf sender;
	struct buf rcpts;	/* netstrings */
	struct buf head, tail;	/* around the message */
	struct qmqp qmqp;
	struct outgoing out;
	struct spool message;
	char queue[512];	/* the fallback's directory, "" none */
	char sender_space[ADDR_CAP + 8], rcpts_space[1024];
	char head_space[24], tail_space[ADDR_CAP + 16];
} via;

/* ---- begin ---- */

static int config_error(void)
{
	via.err = QQ_CONFIG;
	via.why = control_error();
	return -1;
}

/* control/qmqpfallback: 1 the system's queue, or a directory. */
static void load_fallback(void)
{
	struct buf b = BUF_OVER(via.queue);

	via.look.dir = -1;
	if (control_line(&b, "qmqpfallback") < 0) {
		config_error();
		*via.queue = 0;
	} else if (!b.len || !strcmp(via.queue, "0") || getenv(SUBMIT_ALONE))
		*via.queue = 0;
	else if (!strcmp(via.queue, "1"))
		text_copy(via.queue, sizeof via.queue, queue_dir());
	if (*via.queue)
		via.look.dir = openat(AT_FDCWD, via.queue, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int viaqmqp_begin(char *const *servers)
{
	via.err = 0;
	via.sender = BUF_OVER(via.sender_space);
	via.rcpts = (struct buf)BUF_GROW(via.rcpts_space, ENVELOPE_MAX);
	via.out.text = (struct buf)BUF_HEAP(OUTGOING_TEXT);
	spool_open(&via.message);
	if (CFG_QUEUE)
		load_fallback();
	if (!via.err && qmqp_load(&via.qmqp, servers && *servers ? servers : 0, 0) < 0)
		config_error();
	return via.err || via.qmqp.count;
}

const char *viaqmqp_waits(void)
{
	return via.look.dir >= 0 && queue_wait_marked(&via.look) ? via.queue : 0;
}

int viaqmqp_data(const void *p, size_t n)
{
	return spool_put(&via.message, p, n);
}

int viaqmqp_take(int fd)
{
	return spool_take(&via.message, fd);
}

/* ---- envelope ---- */

static void put_netstring(struct buf *b, const char *s, size_t n)
{
	buf_fmt(b, "%zu:%.*s,", n, (int)n, s);
}

/* The address at *at of the recipients, *at moves behind it; 0: there is none. */
static const char *next_rcpt(size_t *at, size_t *n)
{
	const char *s = via.rcpts.s + *at;
	uint64_t v;

	if (*at >= via.rcpts.len)
		return 0;
	s += text_u64(s, via.rcpts.len - *at, &v) + 1;
	*n = (size_t)v;
	*at = (size_t)(s - via.rcpts.s) + *n + 1;
	return s;
}

static int has_rcpt(const char *a, size_t len)
{
	const char *s;
	size_t at = 0, n;

	while ((s = next_rcpt(&at, &n)))
		if (text_caseeq(s, n, a, len))
			return 1;
	return 0;
}

int viaqmqp_sender(const char *a, size_t n, int ready)
{
	const char *other;

	if (!ready && admin_load() < 0)
		config_error();
	buf_put(&via.sender, a, n);
	if (buf_z(&via.sender) && !ready && (other = admin_sender(via.sender.s))) {
		buf_clear(&via.sender);
		buf_puts(&via.sender, other);
		buf_z(&via.sender);
	}
	return 0;
}

/* A user of this host is somebody else elsewhere; whoever is so twice gets one copy. */
int viaqmqp_rcpt(const char *a, size_t n, int ready)
{
	struct buf more = BUF_HEAP(ENVELOPE_MAX);
	int r = ready ? 0 : admin_expand(&more, a, n, !memchr(a, '@', n), ADMIN_ALIASES);
	size_t i;

	if (!r)
		put_netstring(&via.rcpts, a, n);
	for (i = 0; r > 0 && i < more.len; i += n + 1) {
		n = strlen(more.s + i);
		if (!has_rcpt(more.s + i, n))
			put_netstring(&via.rcpts, more.s + i, n);
	}
	buf_free(&more);
	return r < 0 || via.rcpts.full ? QQ_NOMEM : 0;
}

/* ---- request ---- */

static int request_rewind(void *arg)
{
	(void)arg;
	via.part = HEAD;
	via.splice = 0;
	via.at = 0;
	return 0;
}

/* A piece of the message as it goes out. */
static ssize_t next_body(const char **p)
{
	const struct splice *x = via.out.list + via.splice, *last = via.out.list + via.out.n;
	uint64_t end = via.message.size;
	ssize_t n;

	for (; x < last && x->at == via.at; x++) {
		via.at += x->cut;
		via.splice++;
		if (x->n) {
			*p = via.out.text.s + x->from;
			return (ssize_t)x->n;
		}
	}
	if (x < last)
		end = x->at;
	if (via.at == end)
		return 0;
	n = spool_read(&via.message, via.at, end - via.at, p);
	via.at += n > 0 ? (uint64_t)n : 0;
	return n ? n : -1;
}

static ssize_t request_next(void *arg, const char **p)
{
	const struct buf *b;
	ssize_t n;

	(void)arg;
	if (via.part == BODY) {
		if ((n = next_body(p)) != 0)
			return n;
		via.part++;
	}
	if (via.part == END)
		return 0;
	b = via.part == HEAD ? &via.head : via.part == TAIL ? &via.tail : &via.rcpts;
	via.part++;
	*p = b->s;
	return (ssize_t)b->len;
}

/* What changes on the way out. A VERP sender goes as it is, its server expands it; the
 * rules look at what is in front of the mark. 0, or a number. */
static int rename_all(void)
{
	static const char mark[] = "-@[]";
	struct buf *s = &via.sender;
	size_t n = s->len, len = sizeof mark - 1;
	char *verp = n > len && !memcmp(s->s + n - len, mark, len) ? s->s + n - len : 0;
	int changes = generic_load();

	if (changes > 0 && spool_settle(&via.message) < 0)
		return QQ_WRITE;
	if (verp)
		*verp = 0;
	via.why = changes < 0 ? control_error() :
		outgoing_find(&via.out, changes ? via.message.fd : -1,
			via.message.start, via.message.size, s->s);
	n = via.why ? 0 : strlen(via.out.sender);
	if (verp)
		*verp = *mark;
	if (via.why)
		return via.err = QQ_CONFIG;
	via.head = BUF_OVER(via.head_space);
	buf_fmt(&via.head, "%llu:", (unsigned long long)via.out.size);
	via.tail = BUF_OVER(via.tail_space);
	buf_fmt(&via.tail, ",%zu:%.*s%s,", n + (verp ? len : 0), (int)n, via.out.sender,
		verp ? mark : "");
	return 0;
}

/* 0 or a number; its words are in via.qmqp. */
static int send_it(void)
{
	struct qmqp_source s = { 0, request_rewind, request_next, 0 };
	int code = via.err ? via.err : rename_all();

	*via.qmqp.server = *via.qmqp.text = 0;
	if (via.err)
		buf_text(via.qmqp.text, sizeof via.qmqp.text, "%s", via.why);
	if (code)
		return code;
	s.size = via.head.len + via.out.size + via.tail.len + via.rcpts.len;
	proc_signal(SIGPIPE, SIG_IGN);
	return qmqp_send(&via.qmqp, &s, IO_FOREVER);
}

/* ---- end ---- */

/* For whoever asks later: the number and what was said. */
static int explain(struct submit *s, int code)
{
	const struct qmqp *q = &via.qmqp;
	struct buf b = BUF_OVER(s->text);
	size_t n = strlen(q->text);
	char status[16] = "";

	s->plain = code;
	s->said = code == QQ_REFUSED || code == QQ_ZREFUSED;
	if (!s->said && !n)
		return code;
	if (!s->said)
		buf_text(status, sizeof status, " (#%s)", qq_status(code));
	buf_putc(&b, code == QQ_REFUSED ? 'D' : 'Z');
	if (*q->server)
		buf_fmt(&b, "%.*s%s: ", 100, q->server, s->said ? " says" : "");
	if (!n)
		buf_puts(&b, qq_words(code));
	buf_fmt(&b, "%s%s", q->text, status);
	buf_z(&b);
	return QQ_CUSTOM;
}

/* The message as it came, into the queue that submit has begun. */
static int replay(struct submit *s)
{
	const char *p;
	uint64_t at = 0;
	size_t next = 0, len;
	ssize_t n = 0;

	while (at < via.message.size) {
		n = spool_read(&via.message, at, via.message.size - at, &p);
		if (n <= 0) {
			submit_abort(s);
			return QQ_READ;
		}
		submit_data(s, p, (size_t)n);
		at += (uint64_t)n;
	}
	submit_sender(s, via.sender.s, via.sender.len);
	while ((p = next_rcpt(&next, &len)))
		submit_rcpt(s, p, len);
	return submit_end(s);
}

/* 1: the queue has it. A refusal for good is the sender's to know, and what no queue
 * would take is not put there. */
static int fall_back(struct submit *s, int code)
{
	if (!CFG_QUEUE || !*via.queue || qq_permanent(code) || code == QQ_ENVELOPE)
		return 0;
	return submit_queue(s, via.queue) == 0 && replay(s) == 0;
}

int viaqmqp_end(struct submit *s)
{
	int code = send_it();

	if (!code) {
		if (CFG_QUEUE && viaqmqp_waits() && queue_seem(&via.look) == 0)
			queue_wake(&via.look, TRIGGER_UP);
	} else
		code = fall_back(s, code) ? 0 : explain(s, code);
	viaqmqp_abort();
	return code;
}

void viaqmqp_abort(void)
{
	spool_close(&via.message);
	buf_free(&via.rcpts);
	buf_free(&via.out.text);
	if (CFG_QUEUE)
		via.look.dir = io_close(via.look.dir);
}
