/* notice.c: what a bounce says: in the form of the qmail family (QSBMF), with a
 * Message-ID and Auto-Submitted (RFC 3834) so that no robot answers it; on request
 * with the parts that programs read (dsn.c) around it. */
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "../exits.h"
#include "../msg/quote.h"
#include "conf.h"
#include "dsn.h"

/* Null, so that nobody answers; a double bounce that fails is known by its own. */
const char *notice_from(const struct notice *n)
{
	return n->twice ? "#@[]" : "";
}

static void put(struct notice *n, const char *s, size_t len)
{
	if (!n->err)
		n->err = n->put(n->arg, s, len);
}

void notice_flush(struct notice *n)
{
	put(n, n->b.s, n->b.len);
	buf_clear(&n->b);
}

int notice_line(struct notice *n, struct in *in, struct buf *line)
{
	int c;

	buf_clear(line);
	while ((c = in_getc(in)) >= 0 && c != '\n')
		buf_putc(line, c);
	if (c == -2 && !n->err)
		n->err = QQ_READ;
	return c >= 0;
}

void notice_each(struct notice *n, notice_failed *each)
{
	char window[1024], space[2 * ADDR_CAP];
	struct in in = IN_OVER(n->texts, window);
	struct buf line = BUF_OVER(space);
	int first = 1;

	while (notice_line(n, &in, &line)) {
		if (first && line.len > 3 && *space == '<' &&
			!memcmp(space + line.len - 2, ">:", 2)) {
			each(n, &in, &line);
			notice_flush(n);
		}
		first = !line.len;
	}
	if (lseek(n->texts, 0, SEEK_SET) < 0)
		n->err = QQ_READ;
}

static void header(struct notice *n)
{
	struct buf *b = &n->b;
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
	addr_quote(b, n->to.s, n->to.len);
	buf_fmt(b, "\nSubject: %.*s\nMessage-ID: <", 900, n->twice && conf.doublesubject.len ?
		conf.doublesubject.s : conf.bouncesubject.s);
	date_stamp(b, now);
	buf_fmt(b, ".%llu.%08x.qmta@%s>\nAuto-Submitted: auto-replied\n",
		n->number, r, conf.bouncehost.s);
}

static void bounced_field(struct notice *n, struct in *in, struct buf *line)
{
	(void)in;
	buf_fmt(&n->b, "X-Bounced-Address: %.*s\n", (int)line->len - 1, line->s);
}

/* The administrator's own words as they are; whatever they end with, what follows
 * is a new paragraph. */
static void own_words(struct notice *n, const struct buf *text)
{
	size_t len = text->len;

	notice_flush(n);
	put(n, text->s, len);
	if (text->s[len - 1] != '\n')
		buf_putc(&n->b, '\n');
	if (len < 2 || memcmp(text->s + len - 2, "\n\n", 2))
		buf_putc(&n->b, '\n');
}

static void intro(struct notice *n)
{
	const struct buf *own = n->twice ? &conf.doublemessage : &conf.bouncemessage;

	buf_putc(&n->b, '\n');
	if (own->len) {
		own_words(n, own);
		return;
	}
	buf_fmt(&n->b, "Hi. This is the qmta program at %s.\n%s\n\n", conf.bouncehost.s,
		n->twice ? "I tried to deliver a bounce message to this address,"
			" but the bounce bounced!" :
		"Your message could not be delivered to the addresses below."
			" No more tries\nwill be made.");
}

/* At most `most` bytes of fd; 1 when that was not all. */
static int copy(struct notice *n, int fd, uint64_t most)
{
	char window[WINDOW];
	ssize_t r;

	notice_flush(n);
	while (!n->err && (r = io_read(fd, window, sizeof window)) != 0) {
		size_t len = (size_t)r;

		if (r < 0) {
			n->err = QQ_READ;
			return 0;
		}
		if (len > most)
			len = (size_t)most;
		put(n, window, len);
		most -= len;
		if (len < (size_t)r)
			return 1;
	}
	return 0;
}

/* The message's header fields, and at most `most` bytes of them. */
static void copy_header(struct notice *n, uint64_t most)
{
	char window[1024];
	struct in in = IN_OVER(n->message, window);
	int c = 0, last = '\n';

	for (; most && (c = in_getc(&in)) >= 0 && (c != '\n' || last != '\n'); most--) {
		if (n->b.len == n->b.cap)
			notice_flush(n);
		buf_putc(&n->b, last = c);
	}
	if (c == -2)
		n->err = QQ_READ;
	if (last != '\n')
		buf_putc(&n->b, '\n');
}

static void original(struct notice *n, uint64_t most, int headers)
{
	const char *sender = n->about->sender;

	buf_puts(&n->b, "Return-Path: <");
	addr_quote(&n->b, sender, strlen(sender));
	buf_puts(&n->b, ">\n");
	if (headers)
		copy_header(n, most);
	else if (copy(n, n->message, most))
		buf_puts(&n->b, "\n\n--- End of message stripped.\n");
}

void notice_write(struct notice *n)
{
	uint64_t most = conf.bouncemaxbytes ? conf.bouncemaxbytes : UINT64_MAX;
	int cut = n->about->wish[0] && n->about->wish[1] == 'H';

	header(n);
	notice_each(n, bounced_field);
	if (conf.dsn)
		dsn_head(n);
	intro(n);
	copy(n, n->texts, UINT64_MAX);
	if (lseek(n->texts, 0, SEEK_SET) < 0)
		n->err = QQ_READ;
	buf_fmt(&n->b, "--- Below this line is %s.\n", n->twice ?
		"the original bounce" : "a copy of the message");
	if (conf.dsn) {
		cut |= n->about->size > most;
		dsn_status(n);
		dsn_original(n, cut);
	} else
		buf_putc(&n->b, '\n');
	original(n, most, cut);
	if (conf.dsn)
		dsn_end(n);
	notice_flush(n);
}
