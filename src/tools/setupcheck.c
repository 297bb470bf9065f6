/* setupcheck.c: the words of `qmta setup`, looked at and completed before the first file
 * is touched, because half of a configuration sends mail astray. Refuses what is no host
 * name, address, port or number, with the place it stands at; a password is never shown,
 * whatever is wrong with it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include "config.h"
#include "../base/io.h"
#include "../base/text.h"
#include "../limits.h"
#include "../msg/ours.h"
#include "../net/addr.h"
#include "setupwords.h"

enum { HOST_LONGEST = 253, SECRET_LONGEST = 1000 };

/* ---- hosts ---- */

/* A name as the DNS has it. Digits and dots alone are an address with a mistake. */
static int is_host(const char *s, size_t n)
{
	int letters = 0, was = '.', c;
	size_t i;

	for (i = 0; i < n; i++, was = c) {
		c = text_lower((unsigned char)s[i]);
		if (c >= 'a' && c <= 'z')
			letters = 1;
		else if (c == '.' || c == '-' ? was == '.' : c != '_' && (c < '0' || c > '9'))
			return 0;
	}
	return letters && was != '.' && n <= HOST_LONGEST;
}

static int is_port(const char *s)
{
	uint64_t v;

	return text_is_u64(s, strlen(s), &v) && v - 1 < 65535;
}

/* "host", "1.2.3.4", "v6", "[v6]", the bracket and the name also with ":port". 1, 2 with
 * a port, 0 it is none of these. */
static int endpoint(const char *s)
{
	size_t n = *s == '[' ? strcspn(s, "]") + 1 : strcspn(s, ":"), all = strlen(s);
	struct addr a;

	if (addr_parse(&a, s, all))
		return 1;
	if (n > all || (!addr_parse(&a, s, n) && !is_host(s, n)))
		return 0;
	return n == all ? 1 : s[n] == ':' && is_port(s + n + 1) ? 2 : 0;
}

/* Relays with commas between, each with its port. The last colon of a bare IPv6 address
 * would be one's. 1/0. */
static int check_relays(struct word *w)
{
	const char *port = word(W_PORT), *s, *list = "", *one;
	size_t n;
	int form;

	for (s = w->s;; s += n + 1) {
		n = strcspn(s, ",");
		one = word_fmt("%.*s", (int)n, s);
		if (!(form = endpoint(one)))
			return 0;
		if (form == 1 && port)
			one = word_fmt(*one != '[' && strchr(one, ':') ? "[%s]:%s" : "%s:%s",
				one, port);
		list = word_fmt(*list ? "%s,%s" : "%s%s", list, one);
		if (!s[n])
			break;
	}
	w->s = list;
	return 1;
}

/* ---- this host's name ---- */

/* The full name that the hosts file has for it, or 0. */
static const char *full_name(const char *name)
{
	struct conf l;
	const char *s, *full;
	size_t n;

	conf_open(&l, "/etc/hosts");
	while (conf_next(&l))
		for (s = l.s, full = 0; *s; s += n, s += text_span(s, " \t")) {
			n = strcspn(s, " \t");
			if (!full && is_host(s, n) && memchr(s, '.', n))
				full = word_fmt("%.*s", (int)n, s);
			if (full && text_caseeq(s, n, name, strlen(name)))
				return full;
		}
	return 0;
}

/* W_ME as it was said, or as the kernel has it, with a domain. Without one mail would
 * leave under a name that nobody can answer to. */
static int find_me(void)
{
	static struct utsname u;
	struct word *w = &words[W_ME];
	const char *domain = word(word(W_DOMAIN) ? W_DOMAIN : W_DEFAULTDOMAIN);

	if (!word(W_ME)) {
		uname(&u);
		w->s = u.nodename;
		w->from = "this host's name";
	}
	if (!is_host(w->s, strlen(w->s)) || text_casestarts(w->s, strlen(w->s), "localhost"))
		return word_wrong(w, "not the name of a host; --me NAME gives it", w->s);
	if (!strchr(w->s, '.') && domain)
		w->s = word_fmt("%s.%s", w->s, domain);
	else if (!strchr(w->s, '.') && !(domain = full_name(w->s)))
		return word_wrong(w, "a full name has a dot; --me NAME gives it, or --domain "
			"DOMAIN the rest of it", w->s);
	else if (!strchr(w->s, '.'))
		w->s = domain;
	return 0;
}

/* ---- addresses ---- */

/* "a@b c@d" of words separated by commas and blanks, at most that many. What has no host
 * gets ours, and so does "name@". 1/0. */
static int check_addresses(struct word *w, unsigned most)
{
	const char *s, *list = "", *a;
	char space[ADDR_CAP + 1];
	size_t n, at;

	for (s = w->s; *(s += text_span(s, ", \t")); s += n) {
		struct buf b = BUF_OVER(space);

		n = strcspn(s, ", \t");
		at = text_rchr(s, n, '@');
		a = word_fmt(at == n ? "%.*s@%s" : at + 1 == n ? "%.*s%s" : "%.*s", (int)n, s,
			word(word(W_LOCAL) || at < n ? W_ME : W_DEFAULTHOST));
		if (!most-- || !ours_address(&b, a, strlen(a)) ||
			!is_host(a + at + 1, strlen(a + at + 1)))
			return 0;
		list = word_fmt(*list ? "%s %s" : "%s%s", list, a);
	}
	w->s = list;
	return 1;
}

/* Each into a line. 1/0. */
static int check_servers(struct word *w)
{
	const char *s, *list = "", *a;
	size_t n;

	for (s = w->s; *(s += text_span(s, ", \t\n")); s += n) {
		n = strcspn(s, ", \t\n");
		a = word_fmt("%.*s", (int)n, s);
		if (!endpoint(a))
			return 0;
		list = word_fmt(*list ? "%s\n%s" : "%s%s", list, a);
	}
	w->s = list;
	return *list != 0;
}

/* ---- everything ---- */

/* 1/0: a password's file that nobody else can read. */
static int is_passfile(const char *s)
{
	int fd = openat(AT_FDCWD, s, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size &&
		!(st.st_mode & 037);

	io_close(fd);
	return good && *s == '/' && !strpbrk(s, " \t\n,");
}

/* 1 when no byte is below `least` or DEL. */
static int is_plain(const char *s, int least)
{
	while (*s && (unsigned char)*s >= least && *s != 127)
		s++;
	return !*s;
}

/* What it should be, but is not; 0: all is well. */
static const char *check_one(struct word *w, int kind)
{
	size_t n = strlen(w->s);
	struct addr a;
	uint64_t v;

	switch (kind) {
	case 'h':
		return is_host(w->s, n) ? 0 : "not a host name";
	case 'i':
		return addr_parse(&a, w->s, n) ? 0 : "not an IP address";
	case 'n':
		return text_is_u64(w->s, n, &v) ? 0 : "not a number";
	case 'p':
		return is_port(w->s) ? 0 : "not a port";
	case 's':
		return n <= SECRET_LONGEST && is_plain(w->s, 32) ? 0 : "not a password";
	case 'u':
		return is_plain(w->s, 33) ? 0 : "a user's name has no blanks";
	case 'f':
		return is_passfile(w->s) ? 0 : "not the whole path, without blanks and commas, of "
			"a file with a password that nobody else can read (chmod 600, or 640)";
	case 'q':
		return check_servers(w) ? 0 : "not hosts, or host:port, with commas between";
	case 'r':
		return CFG_SEND && check_relays(w) ? 0 : "not a host, or host:port, with commas between";
	case 'A':
		return check_addresses(w, 20) ? 0 : "not mail addresses";
	default:
		return check_addresses(w, 1) ? 0 : "not a mail address";
	}
}

/* Letters, each with its kind. 0 / -1. */
static int check_all(const char *kinds)
{
	const char *why;
	struct word *w;
	int bad = 0;

	for (; *kinds; kinds += 2) {
		w = &words[(unsigned char)*kinds];
		if (word(*kinds) && (why = check_one(w, kinds[1])))
			bad = word_wrong(w, why, kinds[1] == 's' ? 0 : w->s);
	}
	return bad;
}

int words_check(void)
{
	/* The port before the relay that it goes with. */
	int bad = check_all("dh" "eh" "ff" "hh" "ih" "lh" "oi" "pp" "qq" "rr" "th" "uu" "ws" "yn");
	const char *dot;

	if (find_me() < 0 || bad || word_lost())
		return -1;
	dot = strchr(word(W_ME), '.') + 1;
	dot = strchr(dot, '.') ? dot : word(W_ME);
	word_default(W_DEFAULTDOMAIN, word(W_DOMAIN) ? word(W_DOMAIN) : dot);
	word_default(W_DEFAULTHOST, word(W_DOMAIN) ? word(W_DOMAIN) : dot);
	return check_all("aA" "sa" "ba");
}
