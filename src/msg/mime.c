/* mime.c: the two fields that say how the body of a message or of a part is made. They
 * are read as mail programs read them, not as strictly as RFC 2045 2: what is not
 * understood is one opaque part. Refuses comments within the words. */
#include <string.h>
#include "../base/text.h"
#include "mime.h"

static const char *blanks(const char *s)
{
	return s + text_span(s, " \t");
}

/* Bytes of the first word. */
static size_t word(const char *s)
{
	return strcspn(s, " \t;(");
}

enum mime_type mime_type(const char *s)
{
	size_t n, i;

	s = blanks(s);
	n = word(s);
	i = text_index("message/rfc822\0multipart/digest\0multipart/signed\0"
		"multipart/encrypted\0", s, n);
	if (i)
		return i < MIME_SEALED ? (enum mime_type)i : MIME_SEALED;
	if (text_casestarts(s, n, "multipart/"))
		return MIME_MULTIPART;
	return text_casestarts(s, n, "message/") ? MIME_FIXED : MIME_LEAF;
}

enum mime_code mime_code(const char *s)
{
	size_t i;

	s = blanks(s);
	i = text_index("7bit\0" "8bit\0binary\0quoted-printable\0base64\0", s, word(s));
	if (i > 3)
		return (enum mime_code)(i - 3);
	return i || !*s ? MIME_PLAIN : MIME_CODED;
}

size_t mime_boundary(const char *s, char *to, size_t cap)
{
	int quoted = 0, take = 0;
	const char *p;
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '"') {
			quoted = !quoted;
			if (take && !quoted)
				break;
			continue;
		} else if (!quoted && strchr("; \t(", *s)) {
			if (take)
				break;
			p = blanks(s + 1);
			if (*s != ';' || !text_casestarts(p, 8, "boundary"))
				continue;
			p = blanks(p + 8);
			take = *p == '=';
			s = take ? blanks(p + 1) - 1 : s;
			continue;
		}
		if (!take)
			continue;
		if (n == cap)
			return 0;
		to[n++] = *s;
	}
	return text_trim(to, n);
}

void mime_hex(struct buf *b, int lead, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	buf_putc(b, lead);
	buf_putc(b, hex[c >> 4]);
	buf_putc(b, hex[c & 15]);
}
