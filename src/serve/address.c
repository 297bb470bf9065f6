/* address.c: the path of an SMTP command becomes an envelope address. Quoting is
 * undone here, once, and put back by whoever writes the address again; so a local part
 * may hold a blank or an @, and the host is always what follows the last @. Refuses,
 * and never repairs: control bytes, a second @, a path without its >, a quoted @
 * without a host (it would become one), a host with anything that ends a command. */
#include <string.h>
#include "address.h"

/* How many bytes of s stand before an unquoted `end`, or before the end of s. */
static size_t unquoted(const char *s, int end)
{
	int quoted = 0;
	size_t i;

	for (i = 0; s[i] && (quoted || s[i] != end); i++) {
		if (s[i] == '"')
			quoted = !quoted;
		else if (s[i] == '\\' && s[i + 1])
			i++;
	}
	return i;
}

/* How many bytes of s are a route and its colon; an address in it has its own. */
static size_t route(const char *s, size_t n)
{
	int literal = 0;
	size_t i;

	for (i = 0; i < n && (literal || s[i] != ':'); i++)
		if (s[i] == '[' || s[i] == ']')
			literal = s[i] == '[';
	return i + 1;
}

/* The n bytes of a local part, into addr without their quoting. */
static int local_part(const char *s, size_t n, struct buf *addr)
{
	int quoted = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (s[i] == '\\')
			i++;
		else if (!quoted && strchr(" (),:;<>[]", s[i]))
			return 0;
		if (i == n)
			return 0;
		buf_putc(addr, s[i]);
	}
	return !quoted && addr->len;
}

/* A name, or an address in brackets: [192.0.2.1], [IPv6:2001:db8::1], []. */
static int is_host(const char *s, size_t n)
{
	int literal = n > 1 && *s == '[' && s[n - 1] == ']';
	size_t i;

	if (literal) {
		s++;
		n -= 2;
	} else if (!n || *s == '.')
		return 0;
	for (i = 0; i < n; i++)
		if (strchr(literal ? " \"(),;<>@[\\]" : " \"(),:;<>@[\\]", s[i]) ||
			(s[i] == '.' && i + 1 < n && s[i + 1] == '.'))
			return 0;
	return 1;
}

/* The n bytes of a path, without <>. */
static int mailbox(const char *s, size_t n, struct buf *addr)
{
	size_t at;

	if (n && *s == '@') {
		at = route(s, n);
		if (at >= n)
			return 0;
		s += at;
		n -= at;
	}
	if (!n)
		return 1;
	at = unquoted(s, '@');
	if (!local_part(s, at < n ? at : n, addr))
		return 0;
	if (at >= n)
		return !memchr(addr->s, '@', addr->len);
	return is_host(s + at + 1, n - at - 1) && buf_put(addr, s + at, n - at);
}

const char *path_read(const char *s, struct buf *addr)
{
	int angle;
	size_t n, i;

	buf_clear(addr);
	while (*s == ' ')
		s++;
	angle = *s == '<';
	s += angle;
	n = unquoted(s, angle ? '>' : ' ');
	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 32 || s[i] == 127)
			return 0;
	if ((angle ? !s[n] : !n) || !mailbox(s, n, addr) || addr->full || addr->len > PATH_MOST)
		return 0;
	return s + n + angle;
}
