/* make.c: the fields that RFC 5322 3.6 demands, made for a message that comes
 * without them. A full name is free text: control bytes in it become blanks,
 * so that it can never start a field of its own. */
#include <string.h>
#include <sys/random.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "make.h"
#include "quote.h"

int make_date(struct buf *b, const char *prefix, int64_t now)
{
	buf_fmt(b, "%sDate: ", prefix);
	date_mail(b, now);
	buf_putc(b, '\n');
	return !b->full;
}

int make_message_id(struct buf *b, const char *prefix, int64_t now, pid_t pid,
	uint32_t salt, const char *idhost)
{
	buf_fmt(b, "%sMessage-ID: <", prefix);
	date_stamp(b, now);
	buf_fmt(b, ".%d", (int)pid);
	if (salt)
		buf_fmt(b, ".%08x", (unsigned)salt);
	buf_fmt(b, ".qmail@%s>\n", idhost);
	return !b->full;
}

uint32_t make_salt(void)
{
	uint32_t r = 0;

	/* An early boot without entropy must not hold mail up: then microseconds. */
	if (!clock_is_set() && getrandom(&r, sizeof r, GRND_NONBLOCK) != sizeof r)
		r = (uint32_t)clock_wall_usec() ^ (uint32_t)clock_mono() << 12;
	return r;
}

/* The name with a backslash before the bytes of `escape`. */
static void put_name(struct buf *b, const char *name, const char *escape)
{
	for (; *name; name++) {
		unsigned char c = *name;

		if (strchr(escape, c))
			buf_putc(b, '\\');
		buf_putc(b, c < 32 || c == 127 ? ' ' : c);
	}
}

int make_from(struct buf *b, const char *prefix, const char *name, int comment,
	const char *addr, size_t n)
{
	const char *end = "\n";

	buf_fmt(b, "%sFrom: ", prefix);
	if (!name || !*name)
		comment = 0;
	else if (!comment) {
		buf_putc(b, '"');
		put_name(b, name, "\"\\");
		buf_puts(b, "\" <");
		end = ">\n";
	}
	addr_quote(b, addr, n);
	if (comment) {
		buf_puts(b, " (");
		put_name(b, name, "()\\");
		end = ")\n";
	}
	buf_puts(b, end);
	return !b->full;
}
