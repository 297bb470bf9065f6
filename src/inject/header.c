/* header.c: finding the header of a message that any program may have written:
 * with or without a header, with an mbox line in front, with any line ends. The
 * first line that cannot be a field starts the body. */
#include <string.h>
#include "../msg/field.h"
#include "run.h"

/* mbox files and procmail put one of these in front of the header. */
static int is_mbox_line(const char *s, size_t n)
{
	return (n >= 5 && !memcmp(s, "From ", 5)) || (n >= 6 && !memcmp(s, ">From ", 6));
}

/* What the line at r->field.s + mark is, looking at the n bytes that are there. */
enum line { LINE_FIELD, LINE_MORE, LINE_MBOX, LINE_EMPTY, LINE_BODY, LINE_UNSURE };

static enum line line_kind(const char *s, size_t n, int first)
{
	size_t i = 0, colon;
	int name;

	while (i < n && s[i] == '\r')
		i++;
	if (i < n ? s[i] == '\n' : n > 0)
		return LINE_EMPTY;
	if (*s == ' ' || *s == '\t')
		return first ? LINE_BODY : LINE_MORE;
	if (is_mbox_line(s, n))
		return LINE_MBOX;
	name = field_name(s, n, &colon);
	return name > 0 ? LINE_FIELD : name < 0 ? LINE_UNSURE : LINE_BODY;
}

/* Reads one line of the header to the end of r->field, or as much of it as
 * shows that it is none. 1 and *kind, 0 ended. */
static int header_line(struct run *r, enum line *kind)
{
	size_t mark = r->field.len;
	int e;

	do {
		e = reader_line(&r->in, &r->field);
		if (e == -1)
			return end_read(r);
		if (e == -2)
			return end_full(r, &r->field);
		if (r->field.len == mark) {
			*kind = LINE_EMPTY;
			return 1;
		}
		*kind = line_kind(r->field.s + mark, r->field.len - mark, !mark);
		if (*kind == LINE_BODY)
			return 1;
	} while (e == 2);
	if (*kind == LINE_UNSURE)
		*kind = LINE_BODY;
	if (*kind == LINE_EMPTY || *kind == LINE_BODY)
		return 1;
	e = reader_repair(&r->field, mark);
	if (e == 0)
		return end_shown(r, FATE_DATA, "a NUL byte in the header: ", r->field.s + mark,
			r->field.len - mark);
	return e > 0 || end_full(r, &r->field);
}

/* The field before `mark` is complete; what is behind it moves to the front. */
static int next_field(struct run *r, size_t mark)
{
	if (!take_field(r, mark))
		return 0;
	memmove(r->field.s, r->field.s + mark, r->field.len - mark);
	r->field.len -= mark;
	return 1;
}

static int mbox_line(struct run *r)
{
	static const char name[] = "MBOX-Line: ";
	size_t n = sizeof name - 1;

	if (!buf_room(&r->field, n))
		return end_full(r, &r->field);
	memmove(r->field.s + n, r->field.s, r->field.len);
	memcpy(r->field.s, name, n);
	r->field.len += n;
	return 1;
}

int header_read(struct run *r)
{
	enum line kind = LINE_BODY;

	for (;;) {
		size_t mark = r->field.len;

		if (!header_line(r, &kind))
			return 0;
		if (kind == LINE_MORE)
			continue;
		if (!next_field(r, mark))
			return 0;
		if (kind == LINE_MBOX && !mbox_line(r))
			return 0;
		if (kind == LINE_FIELD || kind == LINE_MBOX)
			continue;
		if (kind == LINE_EMPTY && !r->field.len)
			return 1;	/* end of input */
		if (kind == LINE_EMPTY)
			r->field.len = 0;
		return buf_putc(&r->out, '\n') || end_full(r, &r->out);
	}
}
