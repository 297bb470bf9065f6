/* bounce.c: telling the sender that some recipients failed, once a message, in
 * the form of the qmail family (QSBMF), with a Message-ID and Auto-Submitted
 * (RFC 3834) so that no robot answers it. It is put into the queue by this very
 * process. Refuses to answer a bounce of a bounce of a bounce. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../exits.h"
#include "../msg/quote.h"
#include "../queue/submit.h"
#include "bounce.h"
#include "conf.h"

struct letter {
	int err;		/* QQ_ number of the first failure */
	int twice;		/* 1: the failed message was itself a bounce */
	const char *from;	/* its own envelope sender */
	struct buf to;		/* whom it goes to; a C string */
	struct buf b;		/* what is not yet put */
	struct qput put;
};

static void put(struct letter *l, const char *s, size_t n)
{
	if (!l->err)
		l->err = qput_data(&l->put, s, n);
}

static void flush(struct letter *l)
{
	put(l, l->b.s, l->b.len);
	buf_clear(&l->b);
}

/* pre@host-@[] (a list's VERP sender) is pre@host to us. */
static void set_recipient(struct letter *l, const char *sender)
{
	size_t n = strlen(sender);

	l->twice = !n;
	l->from = n ? "" : "#@[]";
	if (n > 4 && !strcmp(sender + n - 4, "-@[]"))
		n -= 4;
	if (n)
		buf_put(&l->to, sender, n);
	else
		buf_fmt(&l->to, "%s@%s", conf.doubleto.s, conf.doublehost.s);
	buf_z(&l->to);
}

static void header(struct letter *l)
{
	struct buf *b = &l->b;
	char from[2 * ADDR_CAP];
	struct buf f = BUF_OVER(from);
	int64_t now = clock_wall();
	unsigned r = 0;

	/* Without randomness the rest is still unique while the clock is right. */
	if (getrandom(&r, sizeof r, GRND_NONBLOCK) < 0)
		r = 0;
	buf_fmt(&f, "%s@%s", conf.bouncefrom.s, conf.bouncehost.s);
	buf_puts(b, "Date: ");
	date_mail(b, now);
	buf_puts(b, "\nFrom: ");
	addr_quote(b, f.s, f.len);
	buf_puts(b, "\nTo: ");
	addr_quote(b, l->to.s, l->to.len);
	buf_fmt(b, "\nSubject: %.*s\nMessage-ID: <", 900, conf.bouncesubject.s);
	date_stamp(b, now);
	buf_fmt(b, ".%llu.%08x.qmta@%s>\nAuto-Submitted: auto-replied\n",
		(unsigned long long)l->put.id, r, conf.bouncehost.s);
}

/* X-Bounced-Address for each failed recipient: the first lines of the paragraphs. */
static void bounced_fields(struct letter *l, int fd)
{
	char window[1024], line[2 * ADDR_CAP];
	struct in in = IN_OVER(fd, window);
	struct buf b = BUF_OVER(line);
	int c, first = 1;

	while ((c = in_getc(&in)) >= 0) {
		if (c != '\n') {
			buf_putc(&b, c);
			continue;
		}
		if (first && b.len > 3 && !memcmp(line + b.len - 2, ">:", 2)) {
			buf_fmt(&l->b, "X-Bounced-Address: %.*s\n", (int)b.len - 1, line);
			flush(l);
		}
		first = !b.len;
		buf_clear(&b);
	}
	if (c == -2 && !l->err)
		l->err = 54;
}

static void intro(struct letter *l)
{
	buf_fmt(&l->b, "\nHi. This is the qmta program at %s.\n%s\n\n", conf.bouncehost.s,
		l->twice ? "I tried to deliver a bounce message to this address,"
			" but the bounce bounced!" :
		"Your message could not be delivered to the addresses below."
			" No more tries\nwill be made.");
}

/* At most `most` bytes of fd; 1 when that was not all. */
static int copy(struct letter *l, int fd, uint64_t most)
{
	char window[WINDOW];
	ssize_t r;

	flush(l);
	while (!l->err && (r = io_read(fd, window, sizeof window)) != 0) {
		size_t n = (size_t)r;

		if (r < 0) {
			l->err = QQ_READ;
			return 0;
		}
		if (n > most)
			n = (size_t)most;
		put(l, window, n);
		most -= n;
		if (n < (size_t)r)
			return 1;
	}
	return 0;
}

static void original(struct letter *l, int fd, const char *sender)
{
	buf_fmt(&l->b, "--- Below this line is %s.\n\nReturn-Path: <", l->twice ?
		"the original bounce" : "a copy of the message");
	addr_quote(&l->b, sender, strlen(sender));
	buf_puts(&l->b, ">\n");
	if (copy(l, fd, conf.bouncemaxbytes ? conf.bouncemaxbytes : UINT64_MAX))
		buf_puts(&l->b, "\n\n--- End of message stripped.\n");
	flush(l);
}

static void body(struct letter *l, struct queue *q, uint64_t id, int texts,
	const char *sender)
{
	int fd;

	header(l);
	bounced_fields(l, texts);
	intro(l);
	fd = queue_message(q, id);
	if (lseek(texts, 0, SEEK_SET) < 0 || fd < 0)
		l->err = QQ_READ;
	copy(l, texts, UINT64_MAX);
	original(l, fd, sender);
	close(fd);
}

static int inject(struct letter *l, struct queue *q, uint64_t id, int texts,
	const char *sender)
{
	l->err = qput_begin(&l->put, q, PUT_BOUNCE);
	if (!l->err)
		body(l, q, id, texts, sender);
	if (l->err || (l->err = qput_sender(&l->put, l->from, strlen(l->from))) ||
		(l->err = qput_rcpt(&l->put, l->to.s, l->to.len)) ||
		(l->err = qput_commit(&l->put))) {
		qput_abort(&l->put);
		return -1;
	}
	return 0;
}

/* Empty or "@": whoever runs this does not want to hear of double bounces. */
static int nobody_asks(const struct letter *l)
{
	return l->twice && (!conf.doubleto.len || *conf.doubleto.s == '@');
}

static int tell(struct queue *q, uint64_t id, int texts, const char *sender)
{
	/* One at a time; too big for a small stack. */
	static char to[2 * ADDR_CAP], text[16 * ADDR_CAP];
	static struct letter l;
	int thrice = !strcmp(sender, "#@[]");

	l.to = BUF_OVER(to);
	l.b = BUF_OVER(text);
	set_recipient(&l, sender);
	if (thrice || nobody_asks(&l)) {
		log_line("%s bounce: discarding bounce/%llu", thrice ? "triple" : "double",
			(unsigned long long)id);
		return 0;
	}
	if (inject(&l, q, id, texts, sender) < 0) {
		log_line("warning: trouble injecting bounce message of msg %llu: %s, will try later",
			(unsigned long long)id, qq_words(l.err));
		return -1;
	}
	log_line("bounce msg %llu qp %d", (unsigned long long)id, (int)getpid());
	return 1;
}

int bounce_send(struct queue *q, uint64_t id)
{
	int texts = queue_bounce_open(q, id), r;
	struct qinfo i;

	if (texts < 0)
		return errno == ENOENT ? 0 : -1;
	r = queue_info(q, id, SETTLED, &i);
	/* Without its sender there is nobody to tell, but it is not ours to drop. */
	r = r > 0 ? tell(q, id, texts, i.sender) : -1;
	close(texts);
	if (r >= 0 && queue_bounce_drop(q, id) < 0)
		r = -1;
	return r;
}
