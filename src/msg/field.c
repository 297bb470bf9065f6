/* field.c: recognising header fields. A line that is not a field ends the
 * header, so this decides where a message without a header begins. */
#include <string.h>
#include "../base/text.h"
#include "field.h"

#define FIELD_NAME_MAX 998	/* no longer than a line may be, RFC 5322 2.1.1 */

/* FIELD_OTHER, then in the order of enum field; those that may have Resent- in
 * front come first. */
static const struct { char name[18]; unsigned char flags; } fields[FIELD_COUNT] = {
	[FIELD_TO] = { "To", FIELD_RCPT | FIELD_LIST },
	[FIELD_CC] = { "Cc", FIELD_RCPT | FIELD_LIST },
	[FIELD_BCC] = { "Bcc", FIELD_RCPT | FIELD_DROP },
	[FIELD_SENDER] = { "Sender", FIELD_FROMS },
	[FIELD_FROM] = { "From", FIELD_FROMS },
	[FIELD_REPLY_TO] = { "Reply-To", FIELD_FROMS },
	[FIELD_DATE] = { "Date", 0 },
	[FIELD_MESSAGE_ID] = { "Message-ID", 0 },
	[FIELD_APPARENTLY_TO] = { "Apparently-To", FIELD_RCPT },
	[FIELD_RETURN_PATH] = { "Return-Path", FIELD_FROMS | FIELD_DROP },
	[FIELD_RECEIPT_TO] = { "Return-Receipt-To", FIELD_FROMS },
	[FIELD_ERRORS_TO] = { "Errors-To", FIELD_FROMS },
	[FIELD_CONTENT_LENGTH] = { "Content-Length", FIELD_DROP },
	[FIELD_FOLLOWUP_TO] = { "Mail-Followup-To", 0 },
};

_Static_assert(FIELD_COUNT <= FIELD_RESENT, "sets of fields are kept in 32 bits");

int field_name(const char *s, size_t n, size_t *colon)
{
	size_t i = 0, len;

	for (; i < n && i <= FIELD_NAME_MAX; i++) {
		unsigned char c = s[i];

		if (c < 33 || c > 126 || c == ':')
			break;
	}
	len = i;
	if (!len || len > FIELD_NAME_MAX)
		return len || n ? 0 : -1;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	if (i == n)
		return -1;
	*colon = i;
	return s[i] == ':' ? (int)len : 0;
}

enum field field_find(const char *name, size_t n)
{
	int f, last = FIELD_COUNT, resent = 0;

	if (text_casestarts(name, n, "Resent-")) {
		resent = FIELD_RESENT;
		last = FIELD_APPARENTLY_TO;
		name += 7;
		n -= 7;
	}
	for (f = FIELD_OTHER + 1; f < last; f++)
		if (text_caseeq(name, n, fields[f].name, strlen(fields[f].name)))
			return (enum field)(f + resent);
	return FIELD_OTHER;
}

unsigned field_flags(enum field f)
{
	return fields[f % FIELD_RESENT].flags | (f & FIELD_RESENT);
}
