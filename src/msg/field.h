/* field.h: header fields, RFC 5322 section 3.6: which they are and what an
 * injector does with them. */
#ifndef MSG_FIELD_H
#define MSG_FIELD_H
#include <stddef.h>

enum field {
	FIELD_OTHER, FIELD_TO, FIELD_CC, FIELD_BCC, FIELD_SENDER, FIELD_FROM,
	FIELD_REPLY_TO, FIELD_DATE, FIELD_MESSAGE_ID,
	FIELD_APPARENTLY_TO, FIELD_RETURN_PATH, FIELD_RECEIPT_TO, FIELD_ERRORS_TO,
	FIELD_CONTENT_LENGTH, FIELD_FOLLOWUP_TO, FIELD_COUNT,
	/* Added to one of FIELD_TO to FIELD_MESSAGE_ID: its Resent- form. Among the
	 * flags: makes the message a resent one. */
	FIELD_RESENT = 16
};
enum {
	FIELD_RCPT = 1,		/* its addresses are recipients */
	FIELD_FROMS = 2,	/* its addresses are senders; it must be readable */
	FIELD_DROP = 4,		/* is never passed on */
	FIELD_LIST = 8		/* To and Cc: what Mail-Followup-To is made of */
};

/* Looks at the start of a line. Returns the length of the field's name when
 * the line starts with one and a colon (*colon: offset of the colon), 0 when
 * it can not be a field, -1 when n bytes are too few to tell. A name is 1 or
 * more bytes 33..126 without a colon; blanks may stand before the colon. */
int field_name(const char *s, size_t n, size_t *colon);
/* Which field has this name, case-blind. */
enum field field_find(const char *name, size_t n);
/* FIELD_ bits. */
unsigned field_flags(enum field f);

#endif
