/* envelope.c: what may be an envelope address. Every door (arguments, header
 * fields, qmail-queue, SMTP) asks here, so that no control byte ever reaches a
 * queue file or an SMTP command line. Refuses, and never repairs. */
#include "envelope.h"
#include "../exits.h"
#include "../limits.h"

int envelope_sender(const char *s, size_t n)
{
	size_t i;

	if (n > ADDR_MAX)
		return QQ_TOOLONG;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c < 32 || c == 127)
			return QQ_TOOLONG;
	}
	return 0;
}

int envelope_rcpt(const char *s, size_t n)
{
	return n ? envelope_sender(s, n) : QQ_TOOLONG;
}

int envelope_put(struct out *o, int letter, const char *s, size_t n)
{
	char c = (char)letter;

	if (out_put(o, &c, 1) < 0 || out_put(o, s, n) < 0)
		return -1;
	return out_put(o, "", 1);
}

/* Reads to the next NUL into addr. Bytes after the room are counted and
 * dropped; an address of that length is refused by its length. */
static int get_address(struct in *in, char *addr, size_t *n)
{
	int c;

	for (*n = 0; (c = in_getc(in)) > 0; ++*n)
		if (*n < ADDR_CAP)
			addr[*n] = (char)c;
	if (*n > ADDR_CAP)
		*n = ADDR_CAP;
	return c < 0 ? QQ_READ : 0;
}

int envelope_read(struct in *in, int (*take)(int letter, const char *s, size_t n))
{
	char addr[ADDR_CAP];
	int c, r, letter = 'F';
	size_t n;

	while ((c = in_getc(in)) == letter) {
		if ((r = get_address(in, addr, &n)) != 0 || (r = take(c, addr, n)) != 0)
			return r;
		letter = 'T';
	}
	if (c < 0)
		return QQ_READ;
	return c || letter == 'F' ? QQ_ENVELOPE : 0;
}
