/* dns.c: what a mail client wants to know from the DNS: mail exchangers and
 * addresses. Answers come from strangers: every length is checked against the
 * end of the packet, and a name may jump only so often. Nothing here is fatal:
 * what cannot be understood is DNS_LATER. */
#include <string.h>
#include <unistd.h>
#include "ask.h"
#include "dns.h"
#include "../base/clock.h"
#include "../base/text.h"

#define JUMPS_MAX 32

static unsigned get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

/* Reads the name at p + at as text (RFC 1035 4.1.4; root is ""). Returns the
 * bytes it occupies there, 0 when damaged. */
static size_t name_read(const unsigned char *p, size_t n, size_t at, char out[static NAME_CAP])
{
	size_t used = 0, len = 0, start = at;
	int jumps = 0;

	for (;;) {
		unsigned c;

		if (at >= n)
			return 0;
		c = p[at++];
		if (c >= 0xc0) {
			if (at >= n || ++jumps > JUMPS_MAX)
				return 0;
			if (!used)
				used = at + 1 - start;
			at = (c & 0x3f) << 8 | p[at];
			continue;
		}
		if (c > 63 || c > n - at || len + c + 1 >= NAME_CAP)
			return 0;
		if (!c)
			break;
		if (len)
			out[len - 1] = '.';
		memcpy(out + len, p + at, c);
		len += c + 1;
		at += c;
	}
	out[len ? len - 1 : 0] = 0;
	return used ? used : at - start;
}

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

/* The records of an answer (class IN), one after the other. */
struct records {
	const unsigned char *packet;
	size_t end, at;
	unsigned left, answers;	/* questions and answers still to come; answers */
	unsigned type;
	size_t from, len;	/* where the record's data is */
	char name[NAME_CAP];
};

static void records_open(struct records *r, const unsigned char *p, size_t n)
{
	r->packet = p;
	r->end = n;
	r->at = 12;
	r->answers = get16(p + 6);
	r->left = get16(p + 4) + r->answers;
}

/* 1 the next record is there, 0 there are no more, -1 the packet is damaged or cut. */
static int records_next(struct records *r)
{
	const unsigned char *p;
	size_t k;

	while (r->left) {
		size_t fixed = r->left-- > r->answers ? 4 : 10;

		k = name_read(r->packet, r->end, r->at, r->name);
		if (!k || r->end - r->at < k + fixed)
			return -1;
		r->from = r->at += k + fixed;
		if (fixed == 4)
			continue;
		p = r->packet + r->at - 10;
		r->len = get16(p + 8);
		if (r->len > r->end - r->at)
			return -1;
		r->at += r->len;
		r->type = get16(p);
		if (get16(p + 2) == 1)
			return 1;
	}
	return 0;
}

enum dns mx_parse(struct mxlist *l, const unsigned char *p, size_t n)
{
	unsigned seed = clock_wall_usec() + ((unsigned)getpid() << 16);
	enum dns empty = DNS_NONE;
	struct records r;
	struct mx m;
	int more;

	l->n = 0;
	if (n < 12 || ((p[3] & 15) && (p[3] & 15) != 3))
		return DNS_LATER;
	if (p[3] & 15)
		return DNS_NOHOST;
	records_open(&r, p, n);
	while ((more = records_next(&r)) > 0) {
		if (r.type != ASK_MX)
			continue;
		/* The name may point anywhere before it, but not run past its record. */
		if (r.len < 3 || !name_read(p, r.from + r.len, r.from + 2, m.name)) {
			empty = DNS_LATER;
			continue;
		}
		name_check(m.name);
		/* Equal preferences in random order: the load spreads as RFC 5321
		 * 5.1 wants it. */
		seed = seed * 1103515245u + 12345u;
		m.pref = get16(p + r.from);
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
	resolv_load(&r);
	n = ask(&r, domain, ASK_MX, answer);
	if (n <= 0)
		return n ? DNS_LATER : DNS_NOHOST;
	return mx_parse(l, answer, (size_t)n);
}

/* ---- addresses ---- */

/* IPv4 and IPv6 apart, until they are put in order. */
struct found { unsigned n[2]; struct addr a[2][HOSTS_MAX / 2]; };

static void found_add(struct found *f, const struct addr *a)
{
	int six = a->u.sa.sa_family == AF_INET6;

	if (f->n[six] < HOSTS_MAX / 2)
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

	if (n > 0 && (answer[3] & 15) != 3)
		n = in_answer(f, r, name, ASK_AAAA, answer);
	if (is_found(f))
		return DNS_OK;
	if (n < 0)
		return DNS_LATER;
	return !n || (answer[3] & 15) == 3 ? DNS_NOHOST : DNS_NONE;
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
 * as there are addresses. IPv6 first where there is a way to it. */
static void interleave(struct hosts *h, const struct found *f, unsigned pref)
{
	int six = f->n[1] && addr_reached(f->a[1]);

	for (unsigned i = 0; i < HOSTS_MAX; i++, six = !six)
		if (i / 2 < f->n[six] && h->n < HOSTS_MAX) {
			h->a[h->n] = f->a[six][i / 2];
			h->a[h->n++].pref = pref;
		}
}

enum dns host_find(struct hosts *h, const char *name, unsigned pref, int search)
{
	struct found f = { 0 };
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
