/* wish.c: the wishes of a sender as a text. Whoever hands a message in may have written
 * it, so it is looked at wherever it comes in. */
#include <string.h>
#include "../base/text.h"
#include "../msg/mime.h"
#include "wish.h"

const char wish_words[] = "NEVER\0SUCCESS\0FAILURE\0DELAY\0";

int wish_ok(const char *s)
{
	size_t n;

	if (*s < '0' || *s > '0' + 15 || !s[1] || !strchr("-FH", s[1]))
		return 0;
	if (wish_notify(s) & WISH_NEVER && *s != '0' + WISH_NEVER)
		return 0;	/* RFC 3461 4.1: never is alone */
	for (n = 2; s[n] > 32 && s[n] < 127 && s[n] != '='; n++)
		if (s[n] == '+' && text_span(s + n + 1, "0123456789ABCDEF") < 2)
			return 0;	/* a server would refuse the mail for it */
	return !s[n] && n < WISH_CAP;
}

void wish_xtext(struct buf *b, const char *s, size_t n)
{
	for (; n; n--, s++)
		if (*s > 32 && *s < 127 && *s != '+' && *s != '=')
			buf_putc(b, *s);
		else
			mime_hex(b, '+', (unsigned char)*s);
}
