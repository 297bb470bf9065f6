/* addr.c: addresses between text and sockaddr, and the question whether one is
 * ours (a mail exchanger that is ourselves is a loop). */
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include "addr.h"
#include "connect.h"
#include "../base/text.h"

void addr_set(struct addr *a, int family, const void *ip)
{
	memset(a, 0, sizeof *a);
	a->u.sa.sa_family = family;
	if (family == AF_INET6)
		memcpy(&a->u.v6.sin6_addr, ip, 16);
	else
		memcpy(&a->u.v4.sin_addr, ip, 4);
}

const unsigned char *addr_ip(const struct addr *a, size_t *n)
{
	int six = a->u.sa.sa_family == AF_INET6;

	*n = six ? 16 : 4;
	return six ? a->u.v6.sin6_addr.s6_addr : (const void *)&a->u.v4.sin_addr;
}

/* Four numbers. (libc's inet_pton is twice as long as all of this.) */
static int parse4(unsigned char *ip, const char *s)
{
	unsigned v, i;
	int k;

	for (i = 0; i < 4; i++) {
		v = 0;
		for (k = 0; k < 4 && s[k] >= '0' && s[k] <= '9'; k++)
			v = v * 10 + (unsigned)s[k] - '0';
		if (!k || v > 255 || (k > 1 && *s == '0') || s[k] != (i < 3 ? '.' : 0))
			return 0;
		ip[i] = v;
		s += k + 1;
	}
	return 1;
}

static unsigned hex(int c)
{
	c |= 32;
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Groups of hexadecimal digits, perhaps "::" once for those that are zero, perhaps four
 * numbers at the end (RFC 4291 2.2). */
static int parse6(unsigned char *ip, const char *s)
{
	int n = 0, gap = -1, k;
	unsigned v, d;

	if (*s == ':' && *++s != ':')
		return 0;
	for (;; s++) {
		if (*s == ':') {	/* the second of two */
			if (gap >= 0)
				return 0;
			gap = n;
			if (!*++s)
				break;
		}
		v = 0;
		for (k = 0; k < 5 && (d = hex(s[k])) < 16; k++)
			v = v << 4 | d;
		if (s[k] == '.' && n <= 12 && parse4(ip + n, s)) {
			n += 4;
			break;
		}
		if (!k || k > 4 || n > 14)
			return 0;
		ip[n++] = v >> 8;
		ip[n++] = v;
		s += k;
		if (!*s)
			break;
		if (*s != ':')
			return 0;
	}
	if (gap < 0)
		return n == 16;
	memmove(ip + 16 - n + gap, ip + gap, (size_t)(n - gap));
	memset(ip + gap, 0, (size_t)(16 - n));
	return n < 16;
}

int addr_parse(struct addr *a, const char *s, size_t n)
{
	char text[ADDR_TEXT];
	unsigned char ip[16];
	int family = AF_INET;

	if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
		if (text_casestarts(s, n, "IPv6:")) {
			s += 5;
			n -= 5;
		}
	}
	if (n >= sizeof text || memchr(s, 0, n))
		return 0;
	memcpy(text, s, n);
	text[n] = 0;
	if (!parse4(ip, text)) {
		family = AF_INET6;
		if (!parse6(ip, text))
			return 0;
	}
	addr_set(a, family, ip);
	return 1;
}

static unsigned group(const unsigned char *p, int i)
{
	return p[2 * i] << 8 | p[2 * i + 1];
}

/* RFC 5952: the longest run of two or more zero groups, the first of equals,
 * becomes "::". (libc's inet_ntop brings all of printf, 10 KB.) */
static void text6(struct buf *b, const unsigned char *p)
{
	int from = 8, len = 1, i, n;

	for (i = 0; i < 8; i += n + 1) {
		for (n = 0; i + n < 8 && !group(p, i + n);)
			n++;
		if (n > len) {
			from = i;
			len = n;
		}
	}
	for (i = 0; i < 8; i++) {
		if (i == from) {
			buf_puts(b, "::");
			i += len - 1;
		} else
			buf_fmt(b, i && i != from + len ? ":%x" : "%x", group(p, i));
	}
}

void addr_text(const struct addr *a, char text[static ADDR_TEXT])
{
	struct buf b = BUF_AT(text, 0, ADDR_TEXT);
	size_t n;
	const unsigned char *p = addr_ip(a, &n);

	if (n == 4)
		buf_fmt(&b, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	else
		text6(&b, p);
	buf_z(&b);
}

void addr_reverse(struct buf *b, const struct addr *a)
{
	size_t n;
	const unsigned char *ip = addr_ip(a, &n);
	int six = n == 16;

	while (n--)
		if (six)
			buf_fmt(b, "%x.%x.", ip[n] & 15u, ip[n] >> 4u);
		else
			buf_fmt(b, "%u.", ip[n]);
}

socklen_t addr_len(const struct addr *a)
{
	return a->u.sa.sa_family == AF_INET6 ? sizeof a->u.v6 : sizeof a->u.v4;
}

void addr_port(struct addr *a, unsigned port)
{
	/* The port lies at the same place in both. */
	a->u.v4.sin_port = htons(port);
}

int addr_same(const struct addr *a, const struct addr *b)
{
	size_t n, m;
	const void *p = addr_ip(a, &n), *q = addr_ip(b, &m);

	return n == m && !memcmp(p, q, n);
}

/* The address we would have towards a. Asks the routing table, sends nothing. */
static int source(const struct addr *a, struct addr *from)
{
	socklen_t len = sizeof from->u;
	int fd = connect_to(a, SOCK_DGRAM, 0, 0), r;

	if (fd < 0)
		return 0;
	r = !getsockname(fd, &from->u.sa, &len);
	close(fd);
	return r;
}

/* The source address towards ourselves is the destination (but 127.0.0.1 for all
 * of 127/8). Unlike a trial bind() this is right where the kernel lets programs
 * bind to addresses of others. */
int addr_ours(const struct addr *a)
{
	static const unsigned char zero[16];
	struct addr from;
	size_t n;
	const unsigned char *p = addr_ip(a, &n);

	if (!memcmp(p, zero, n) || (n == 4 && *p == 127))
		return 1;
	return source(a, &from) && addr_same(&from, a);
}

int addr_reached(const struct addr *a)
{
	struct addr from;

	if (!source(a, &from))
		return 0;
	return (from.u.v6.sin6_addr.s6_addr[0] & 0xfe) != 0xfc ||
		(a->u.v6.sin6_addr.s6_addr[0] & 0xfe) == 0xfc;
}
