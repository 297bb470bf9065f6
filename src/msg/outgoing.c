/* outgoing.c: finds what changes in a message that leaves. The header is walked
 * field by field through one window. Only the bytes of an address are replaced:
 * names, comments, groups and folding around it stay as they are. A field that is
 * not a list of addresses, is longer than the window, or has more than
 * OUTGOING_MAX addresses to change, is left alone as a whole: half a change would
 * be worse, and refusing old mail helps nobody. */
#include <errno.h>
#include <string.h>
#include "config.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/io.h"
#include "addrlist.h"
#include "datefix.h"
#include "field.h"
#include "generic.h"
#include "outgoing.h"
#include "quote.h"

#define FIELD_BYTES 16384

struct walk {
	struct outgoing *o;
	uint64_t at;		/* of the field's text in the message */
	struct addr_list list;
};

/* The text from offset `from` on takes the place of the cut bytes at `at`; it goes
 * behind those that are there. */
static void replace(struct outgoing *o, uint64_t at, size_t cut, size_t from)
{
	struct splice *x = &o->list[o->n++];

	x->at = at;
	x->cut = cut;
	x->from = from;
	x->n = o->text.len - from;
}

/* For addr_list: one address of the field. */
static int each(void *arg, const char *addr, size_t n)
{
	struct walk *w = arg;
	struct outgoing *o = w->o;
	size_t from = o->text.len;
	char space[2 * ADDR_CAP];
	struct buf b = BUF_OVER(space);

	if (!generic_map(&b, addr, n))
		return 1;
	if (o->n >= OUTGOING_MAX)	/* a copy of a From may have filled the last place */
		return 0;
	addr_quote(&o->text, b.s, b.len);
	replace(o, w->at + w->list.from, w->list.to - w->list.from, from);
	return 1;
}

/* One field: n bytes at s, its LF the last of them, at offset `at` of the message. */
static void field(struct outgoing *o, uint64_t at, const char *s, size_t n, size_t name,
	size_t colon)
{
	struct walk w = { .o = o, .at = at + colon + 1, .list = { .each = each, .arg = &w } };
	enum field f = field_find(s, name), plain = f % FIELD_RESENT;
	unsigned was = o->n;
	size_t from = o->text.len;

	if (plain != FIELD_FROM && plain != FIELD_SENDER && plain != FIELD_REPLY_TO)
		return;
	if (addr_list(&w.list, s + colon + 1, n - colon - 1) != ADDR_OK) {
		o->n = was;
		o->text.len = from;
	}
	if (f != FIELD_FROM || o->n == was || !generic_keeps())
		return;
	from = o->text.len;
	buf_puts(&o->text, "X-Original-From");
	buf_put(&o->text, s + colon, n - colon);
	replace(o, at + n, 0, from);
}

/* Length of the field that s begins with, its LF included; 0 when its end is not
 * among the n bytes. last: nothing follows them. */
static size_t field_len(const char *s, size_t n, int last)
{
	const char *p = s, *end = s + n;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		if (++p == end)
			return last ? n : 0;
		if (*p != ' ' && *p != '\t')
			return (size_t)(p - s);
	}
	return 0;
}

/* 0, or -1 when the message cannot be read. */
static int header(struct outgoing *o, int fd, off_t start, uint64_t size)
{
	static char s[FIELD_BYTES];
	uint64_t at = 0;
	int skip = 0, last, name;
	size_t i, k, n, colon;
	ssize_t r;

	do {
		n = size - at < sizeof s ? (size_t)(size - at) : sizeof s;
		if ((r = io_read_at(fd, s, n, start + (off_t)at)) < 0)
			return -1;
		n = (size_t)r;
		last = n < sizeof s;
		for (i = 0; (k = field_len(s + i, n - i, last)); i += k) {
			if (!skip) {
				if ((name = field_name(s + i, k, &colon)) <= 0)
					return 0;
				field(o, at + i, s + i, k, (size_t)name, colon);
			}
			skip = 0;
		}
		/* Too long for us: look for its end. What follows a LF tells, so that
		 * the last byte is looked at again. */
		if (!i && !last) {
			skip = 1;
			i = n - 1;
		}
		at += i;
	} while (!last);
	return 0;
}

/* The present time in place of a date of an unset clock: what was never in a queue was
 * dated a moment ago. Like as not before the
 * others, so it is put among them. */
static void date(struct outgoing *o, int fd, uint64_t size)
{
	char text[DATEFIX_TEXT];
	size_t len, from = o->text.len;
	struct splice x;
	unsigned i;
	off_t at;

	if (!datefix_find(fd, &at, &len, text) || (uint64_t)at + len > size)
		return;
	buf_puts(&o->text, text);
	replace(o, (uint64_t)at, len, from);
	for (i = o->n - 1, x = o->list[i]; i && o->list[i - 1].at > x.at; i--)
		o->list[i] = o->list[i - 1];
	o->list[i] = x;
}

const char *outgoing_find(struct outgoing *o, int fd, off_t start, uint64_t size,
	const char *sender)
{
	struct buf b = BUF_OVER(o->renamed);
	unsigned i;
	int r = generic_load();

	o->n = 0;
	buf_clear(&o->text);
	if (r < 0)
		return control_error();
	o->sender = r && generic_map(&b, sender, strlen(sender)) && buf_z(&b) ?
		o->renamed : sender;
	if (fd >= 0 && r && header(o, fd, start, size) < 0)
		return err_text(errno);
	if (CFG_QUEUE && fd >= 0 && !start)
		date(o, fd, size);
	if (o->text.full)
		return err_text(ENOMEM);
	o->size = size;
	for (i = 0; i < o->n; i++) {
		o->size += o->list[i].n;
		o->size -= o->list[i].cut;
	}
	return 0;
}
