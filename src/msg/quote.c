/* quote.c: quoting of local parts. Envelope addresses travel through the
 * queue without any quoting; this is the one place that puts the quotes back
 * for a reader that parses: a header field, an SMTP command, a Return-Path
 * line. It judges nothing: bytes that may not stand in an address at all are
 * refused where addresses come in. */
#include <string.h>
#include "quote.h"
#include "../base/text.h"

/* 1 when the bytes cannot stand as a dot-atom, which may be UTF-8 (RFC 6532 3.2). */
static int needs_quotes(const char *s, size_t n)
{
	unsigned char c, was = '.';	/* no dot at an end, nor beside another */

	for (; n; n--, was = c) {
		c = *s++;
		if (c < 32 || c == 127 || strchr(" \"(),:;<>@[\\]", c) ||
			(c == '.' && was == '.'))
			return 1;
	}
	return was == '.';
}

int addr_quote(struct buf *out, const char *addr, size_t n)
{
	size_t local = text_rchr(addr, n, '@'), was = out->len, i;
	int full = out->full, ok;

	if (!n)
		return 1;
	if (!needs_quotes(addr, local))
		return buf_put(out, addr, n);
	out->full = 0;
	buf_putc(out, '"');
	for (i = 0; i < local; i++) {
		if (memchr("\r\n\"\\", addr[i], 4))
			buf_putc(out, '\\');
		buf_putc(out, addr[i]);
	}
	buf_putc(out, '"');
	buf_put(out, addr + local, n - local);
	ok = !out->full;
	out->full |= full;
	if (!ok)
		out->len = was;
	return ok;
}
