/* header.c: watching the header go by. The first line that cannot be a field starts
 * the body; in mail that begins here the empty line between them is then added, as by
 * the injector, since programs send texts without a header. */
#include <string.h>
#include "../base/text.h"
#include "../msg/field.h"
#include "header.h"

/* The header is over; what divides it from the body was not put yet. */
static void over(struct header *h)
{
	h->state = HEADER_OVER;
	if (h->complete)
		h->complete(h->arg, h->seen);
}

static void take_field(struct header *h, size_t n)
{
	enum field f = field_find(h->name, n);

	h->fields = 1;
	h->seen |= 1u << f;
	h->drop = h->complete && field_flags(f) & FIELD_DROP;
	h->hops += text_caseeq(h->name, n, "received", 8) ||
		text_caseeq(h->name, n, "delivered-to", 12);
}

/* What is in h->name is the start of a line, as much as tells what it is. */
static void take_line(struct header *h)
{
	size_t colon;
	int n;

	if (!h->fields || (*h->name != ' ' && *h->name != '\t')) {
		n = field_name(h->name, h->n, &colon);
		if (n > 0)
			take_field(h, (size_t)n);
		else {
			over(h);
			if (h->complete && *h->name != '\n')
				h->put(h->arg, "\n", 1);
		}
	}
	if (h->state == HEADER_LINE)
		h->state = h->drop ? HEADER_DROP : HEADER_KEEP;
	if (h->state != HEADER_DROP)
		h->put(h->arg, h->name, h->n);
	h->n = 0;
}

/* One byte of a line's start. */
static void take_byte(struct header *h, int c)
{
	h->name[h->n++] = (char)c;
	if (c == ':' || c == '\n' || h->n == sizeof h->name || (h->n == 1 && c == ' ') ||
		(h->n == 1 && c == '\t'))
		take_line(h);
}

/* Every CR among the n bytes becomes c. */
static void replace(char *s, size_t n, int c)
{
	char *p;

	while (n && (p = memchr(s, '\r', n))) {
		*p = (char)c;
		n -= (size_t)(p - s);
		s = p;
	}
}

void header_put(struct header *h, char *s, size_t n)
{
	const char *lf;
	size_t len;

	for (; n; s += len, n -= len) {
		len = 1;
		if (h->state == HEADER_LINE) {
			take_byte(h, *s == '\r' ? ' ' : *s);
			continue;
		}
		lf = h->state == HEADER_OVER ? 0 : memchr(s, '\n', n);
		len = lf ? (size_t)(lf - s) + 1 : n;
		replace(s, len, h->state == HEADER_OVER ? '\n' : ' ');
		if (h->state != HEADER_DROP)
			h->put(h->arg, s, len);
		if (lf)
			h->state = HEADER_LINE;
	}
}

void header_end(struct header *h)
{
	if (h->n)
		take_line(h);
	if (h->state != HEADER_OVER)
		over(h);
}
