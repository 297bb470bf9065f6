/* dns.c: what a mail client wants to know from the DNS: mail exchangers and
 * addresses. Answers come from strangers (record.h). Nothing here is fatal: what
 * cannot be understood is DNS_LATER. */
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "ask.h"
#include "dns.h"
#include "record.h"
#include "../base/clock.h"
#include "../base/text.h"

/* Bytes that no host name has spoil the name: it becomes "?", which resolves to
 * nothing. */
static void name_check(char *name)
{
	for (const char *s = name; *s; s++)
		if (*s <= ' ' || *s >= 127 || *s == '/') {
			memcpy(name, "?", 2);
			return;
		}
}

/* Keeps the list sorted; full: the worst goes. */
static void mx_insert(struct mxlist *l, const struct mx *m)
{
	unsigned i = l->n < MX_MAX ? l->n++ : MX_MAX;

	for (; i && l->mx[i - 1].order > m->order; i--)
		if (i < MX_MAX)
			l->mx[i] = l->mx[i - 1];
	if (i < MX_MAX)
		l->mx[i] = *m;
}

enum dns mx_parse(struct mxlist *l, const unsigned char *p, size_t n)
{
	unsigned seed = clock_wall_usec() + ((unsigned)getpid() << 16);
	enum dns empty = DNS_NONE;
	struct records r;
	struct mx m;
	int more;

	l->n = 0;
	if (CFG_TLS)
		l->secure = n > 3 && (p[3] & ASK_SECURE);
	if (n < 12 || ((p[3] & 15) && (p[3] & 15) != 3))
		return DNS_LATER;
	if (p[3] & 15)
		return DNS_NOHOST;
	records_open(&r, p, n);
	while ((more = records_next(&r)) > 0) {
		if (r.type != ASK_MX)
			continue;
		/* The name may point anywhere before it, but not run past its record. */
		if (r.len < 3 || !record_name(p, r.from + r.len, r.from + 2, m.name)) {
			empty = DNS_LATER;
			continue;
		}
		name_check(m.name);
		/* Equal preferences in random order: the load spreads as RFC 5321
		 * 5.1 wants it. */
		seed = seed * 1103515245u + 12345u;
		m.pref = record_get16(p + r.from);
		m.order = m.pref << 16 | seed >> 16;
		if (*m.name)
			mx_insert(l, &m);
		else if (empty == DNS_NONE)
			empty = DNS_NULLMX;
	}
	return l->n ? DNS_OK : more < 0 ? DNS_LATER : empty;
}

enum dns mx_find(struct mxlist *l, const char *domain)
{
	unsigned char answer[ASK_ANSWER];
	struct resolv r;
	ssize_t n;

	l->n = 0;
	if (CFG_TLS)
		l->secure = 0;
	resolv_load(&r);
	n = ask(&r, domain, ASK_MX, answer);
	if (n <= 0)
		return n ? DNS_LATER : DNS_NOHOST;
	return mx_parse(l, answer, (size_t)n);
}

/* ---- addresses ---- */

/* IPv4 and IPv6 apart, until they are put in order. */
struct found { unsigned n[2]; enum ip ip; struct addr a[2][HOSTS_MAX / 2]; };

static void found_add(struct found *f, const struct addr *a)
{
	int six = a->u.sa.sa_family == AF_INET6;

	/* IPv6 with "4only", IPv4 with "6only": the sum is the same. */
	if (f->n[six] < HOSTS_MAX / 2 && (int)f->ip + six != IP_6ONLY)
		f->a[six][f->n[six]++] = *a;
}

static int is_found(const struct found *f)
{
	return f->n[0] || f->n[1];
}

static void in_hosts(struct found *f, const char *name)
{
	struct lines l;
	struct addr a;
	char *p, *w;

	if (lines_open(&l, "/etc/hosts"))
		return;
	while ((p = lines_next(&l))) {
		w = word_next(&p);
		if (!w || !addr_parse(&a, w, strlen(w)))
			continue;
		while ((w = word_next(&p)))
			if (text_caseeq(w, strlen(w), name, strlen(name))) {
				found_add(f, &a);
				break;
			}
	}
}

/* Asks for the addresses of one kind. What ask() says. */
static ssize_t in_answer(struct found *f, const struct resolv *r, const char *name,
	unsigned type, unsigned char answer[static ASK_ANSWER])
{
	ssize_t n = ask(r, name, type, answer);
	int six = type == ASK_AAAA;
	struct records x;
	struct addr a;

	if (n <= 0)
		return n;
	records_open(&x, answer, (size_t)n);
	while (records_next(&x) > 0)
		if (x.type == type && x.len == (six ? 16 : 4)) {
			addr_set(&a, six ? AF_INET6 : AF_INET, answer + x.from);
			found_add(f, &a);
		}
	return n;
}

/* Servers that fail on AAAA only are common enough: what A said is used then. */
static enum dns in_dns(struct found *f, const struct resolv *r, const char *name)
{
	unsigned char answer[ASK_ANSWER];
	ssize_t n = in_answer(f, r, name, ASK_A, answer);

	if (n > 0 && (answer[3] & 15) != 3 && f->ip != IP_4ONLY)
		n = in_answer(f, r, name, ASK_AAAA, answer);
	if (is_found(f))
		return DNS_OK;
	if (n < 0)
		return DNS_LATER;
	if (!n || (answer[3] & 15) == 3)
		return DNS_NOHOST;
	return CFG_SEND && f->ip >= IP_4ONLY ? DNS_FAMILY : DNS_NONE;
}

/* A relay without a dot in its name is looked for in the domains of resolv.conf
 * first. Names of other people's domains never are (RFC 1535). */
static enum dns in_search(struct found *f, struct resolv *r, const char *name)
{
	char full[2 * NAME_CAP], *p = r->search, *w;
	enum dns d;

	while (!strchr(name, '.') && (w = word_next(&p))) {
		if (!buf_text(full, sizeof full, "%s.%s", name, w))
			continue;
		d = in_dns(f, r, full);
		if (d == DNS_OK || d == DNS_LATER)
			return d;
	}
	return in_dns(f, r, name);
}

/* The families in turn: a dead IPv6 path then costs one time-out, and not as many
 * as there are addresses. IPv6 first where there is a way to it, or when told so. */
static void interleave(struct hosts *h, const struct found *f, unsigned pref)
{
	int six = f->ip ? f->ip % 2 == 0 : f->n[1] && addr_reached(f->a[1]);

	for (unsigned i = 0; i < HOSTS_MAX; i++, six = !six)
		if (i / 2 < f->n[six] && h->n < HOSTS_MAX) {
			h->a[h->n] = f->a[six][i / 2];
			h->a[h->n++].pref = pref;
		}
}

enum dns host_find(struct hosts *h, const char *name, unsigned pref, int search)
{
	struct found f = { .ip = h->ip };
	struct resolv r;
	enum dns d = DNS_OK;

	in_hosts(&f, name);
	if (!is_found(&f)) {
		resolv_load(&r);
		if (!search)
			*r.search = 0;
		d = in_search(&f, &r, name);
	}
	interleave(h, &f, pref);
	return d;
}
