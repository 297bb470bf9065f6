/* relay.c: the value of a route taken apart. The runner looks at each line once, so that
 * its owner is told at the start; who delivers takes out what he needs. Refuses whatever
 * has more than one meaning: a route that is guessed at is mail at a stranger's, and a
 * login too. */
#include <stdint.h>
#include <string.h>
#include "addr.h"
#include "relay.h"
#include "../base/text.h"
#include "../limits.h"

#define BLANK " \t"

struct field { const char *s; size_t n; };
/* Relays; "/KEY", or user and password; options. Absent: s is 0. */
struct parts { struct field relays, user, password, options; };

static struct field field(const char **s)
{
	struct field f = { *s + text_span(*s, BLANK), 0 };

	f.n = strcspn(f.s, BLANK);
	*s = f.s + f.n;
	if (!f.n)
		f.s = 0;
	return f;
}

/* 0, or what is wrong. */
static const char *split(struct parts *p, const char *value)
{
	memset(p, 0, sizeof *p);
	p->relays = field(&value);
	p->user = field(&value);
	if (!p->user.s || *p->user.s == '/') {
		p->options = field(&value);
	} else {
		p->password = field(&value);
		p->options = field(&value);
		if (!p->password.s) {
			p->options = p->user;
			p->user = p->password;
		}
	}
	return field(&value).s ? "it has too many fields (%20 is a blank in one)" : 0;
}

/* A hex digit's value; less than 0 for any other byte. */
static int digit(int c)
{
	static const char digits[] = "0123456789abcdef";
	const char *s = c ? strchr(digits, text_lower(c)) : 0;

	return s ? (int)(s - digits) : -512;
}

int relay_plain(char *to, size_t cap, const char *s, size_t n)
{
	const char *end = s + n, *last = to + cap - 1;
	int c;

	for (; s < end; s++) {
		c = *s;
		/* What ends a field is no digit: this never looks behind the string. */
		if (c == '%' && (c = 16 * digit(*++s)) >= 0)
			c += digit(*++s);
		if (!c || c < -128 || to == last)
			return -1;
		*to++ = (char)c;
	}
	*to = 0;
	return 0;
}

/* ":number" or ":" into *to, if that is there; what is behind it. A number that is none
 * stays where it is, and is in the way of the end. */
static const char *number(unsigned *to, const char *s)
{
	uint64_t v;
	size_t n;

	if (*s == ':' && (n = text_u64(++s, 10, &v)) && v <= INT32_MAX) {
		*to = (unsigned)v;
		s += n;
	}
	return s;
}

/* host or [v6] and numbers, n bytes. */
static int host(struct relay *r, const char *s, size_t n)
{
	const char *end = s + n;
	size_t len = n, bracket = *s == '[';
	struct addr bare;

	if (bracket)
		len = strcspn(++s, "],"BLANK);
	else if (!addr_parse(&bare, s, n))	/* not IPv6 without brackets */
		len = strcspn(s, ":,"BLANK);
	if (!len || len >= sizeof r->host || (bracket && s[len] != ']'))
		return -1;
	memcpy(r->host, s, len);
	s = number(&r->tolerance, number(&r->penalty, number(&r->port, s + len + bracket)));
	return s == end && r->port - 1 < 65535 ? 1 : -1;
}

int relay_at(struct relay *r, const char *value, unsigned i)
{
	const char *s = value + text_span(value, BLANK);
	size_t n;

	while (n = strcspn(s, ","BLANK), i--) {
		if (s[n] != ',')
			return 0;
		s += n + 1;
	}
	memset(r, 0, sizeof *r);
	r->value = value;
	r->port = 25;
	if (*value == '!' || !n)
		return -1;
	if (*s != '|')
		return host(r, s, n);
	r->command = s + 1;
	r->command_len = n - 1;
	return n > 1 ? 1 : -1;
}

int relay_login(const char *value, char *user, size_t ucap, char *password, size_t pcap)
{
	struct parts p;

	split(&p, value);
	if (!p.user.s)
		return 0;
	return relay_plain(user, ucap, p.user.s, p.user.n) < 0 ||
		relay_plain(password, pcap, p.password.s, p.password.n) < 0 ? -1 : 1;
}

/* The next NAME=value of the options; without '=' the name is all of it. 1; 0 no more. */
static int option(struct field *all, struct field *name, struct field *v)
{
	size_t n;

	if (!all->s)
		return 0;
	for (n = 0; n < all->n && all->s[n] != ',';)
		n++;
	name->s = all->s;
	for (name->n = 0; name->n < n && name->s[name->n] != '=';)
		name->n++;
	v->s = name->s + name->n + (name->n < n);
	v->n = (size_t)(all->s + n - v->s);
	all->s = n < all->n ? all->s + n + 1 : 0;
	all->n -= n + (n < all->n);
	return 1;
}

int relay_option(const char *value, const char *name, char *to, size_t cap)
{
	struct field key, v;
	struct parts p;

	split(&p, value);
	while (option(&p.options, &key, &v))
		if (text_caseeq(key.s, key.n, name, strlen(name)))
			return relay_plain(to, cap, v.s, v.n) < 0 ? -1 : 1;
	return 0;
}

static const char *wrong_option(struct field all)
{
	static const char names[] = "TLS\0" "PIN\0" "TLSNAME\0" "CAFILE\0" "CERT\0" "PSKFILE\0"
		"TLSMETHOD\0" "TLSCIPHERS\0" "AUTH_SMTP\0" "PASSFILE\0" "PASSCMD\0" "TOKENFILE\0" "TOKENCMD\0"
		"HELO\0" "OUTGOINGIP\0" "IP\0";
	struct field name, v;
	struct addr a;

	while (option(&all, &name, &v)) {
		if (v.s == name.s + name.n)
			return "an option has no = (a user needs a password, or -)";
		if (!text_index(names, name.s, name.n))
			return "an option is none of those in qmta-control(5)";
		if (text_caseeq(name.s, name.n, "TLS", 3) &&
			!text_index("none\0may\0must\0verify\0", v.s, v.n))
			return "TLS= is none, may, must or verify";
		if (text_caseeq(name.s, name.n, "OUTGOINGIP", 10) && !addr_parse(&a, v.s, v.n))
			return "OUTGOINGIP= is an address";
		if (name.n == 2 && !ip_word(v.s, v.n))	/* no other has two letters */
			return "IP= is not 4, 6, 4only, 6only";
	}
	return 0;
}

const char *relay_wrong(const char *value)
{
	char plain[CONTROL_LINE_MAX + 1];
	struct parts p;
	struct relay r;
	const char *why;
	unsigned i;
	int n;

	if (*value == '!')
		return value + 1;
	if ((why = split(&p, value)))
		return why;
	for (i = 0; (n = relay_at(&r, value, i)) > 0; i++)
		;
	if (n < 0)
		return "a relay is host:port, [IPv6]:port, or |command";
	if (relay_plain(plain, sizeof plain, value, strlen(value)) < 0)
		return "it is too long, or has a % without two hex digits (%25 is a %)";
	return wrong_option(p.options);
}

int relay_secret(const char *value)
{
	struct parts p;

	split(&p, value);
	return p.password.s && (p.password.n != 1 || *p.password.s != '-');
}
