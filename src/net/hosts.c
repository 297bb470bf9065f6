/* hosts.c: the addresses of a relay, of the mail exchangers of a domain, or of the domain
 * itself. Refuses to send mail to ourselves by MX, which
 * would be a loop; a relay is the administrator's word and not doubted. */
#include <string.h>
#include "config.h"
#include "../base/text.h"
#include "hosts.h"

/* Words about arg; the first letter of fmt is the fate. */
static char end(struct buf *why, const char *fmt, const char *arg)
{
	buf_fmt(why, fmt + 1, arg);
	return *fmt;
}

/* All addresses belong to it. */
static void name_all(struct hosts *h, const char *name)
{
	if (CFG_TLS)
		buf_text(h->mx.mx->name, NAME_CAP, "%s", name);
}

/* Takes out what is at least as far as ourselves (RFC 5321 5.1). 1 when one of
 * the addresses from `from` on was ours. */
static int cut_ours(struct hosts *h, unsigned from)
{
	unsigned pref, i;

	for (i = from; i < h->n && !addr_ours(&h->a[i]);)
		i++;
	if (i == h->n)
		return 0;
	pref = h->a[i].pref;
	while (h->n && h->a[h->n - 1].pref >= pref)
		h->n--;
	return 1;
}

static const char ours[] = "DThis machine is the best mail exchanger for %s, but the "
	"domain is not in control/locals. (#5.4.6)\n";
static const char later[] = "ZDNS lookup for %s failed temporarily. (#4.4.3)\n";
static const char family[] = "ZBy control/ipprefer or IP=, %s has no address. (#4.4.4)\n";
static const char nohost[] = "DThere is no host named %s. (#5.1.2)\n";

static char by_mx(struct hosts *h, const char *domain, struct buf *why)
{
	const char *words = "DThe mail exchangers of %s have no addresses. (#5.4.4)\n";
	const struct mxlist *l = &h->mx;
	int loop = 0;

	for (unsigned i = 0; i < l->n && h->n < HOSTS_MAX && !loop; i++) {
		unsigned from = h->n;
		enum dns d = host_find(h, l->mx[i].name, l->mx[i].pref, 0);

		if (d >= DNS_LATER && words != later)
			words = d == DNS_LATER ? later : family;
		if (CFG_TLS)
			memset(h->from + from, (int)i, h->n - from);
		loop = cut_ours(h, from);
	}
	if (h->n)
		return 'K';
	return end(why, loop && words != later ? ours : words, domain);
}

static char by_address(struct hosts *h, const char *domain, struct buf *why)
{
	name_all(h, domain);
	switch (host_find(h, domain, 0, 0)) {
	case DNS_OK:
		return cut_ours(h, 0) ? end(why, ours, domain) : 'K';
	case DNS_NOHOST:
		return end(why, nohost, domain);
	case DNS_FAMILY:
		return end(why, family, domain);
	case DNS_NONE:
		return end(why, "DHost %s has neither a mail exchanger nor an address. "
			"(#5.4.4)\n", domain);
	default:
		return end(why, later, domain);
	}
}

static char domain_hosts(struct hosts *h, const char *domain, struct buf *why)
{
	size_t n = strlen(domain);

	if (addr_parse(h->a, domain, n)) {
		if (CFG_TLS)
			addr_text(h->a, h->mx.mx->name);	/* without brackets */
		h->n = 1;
		return cut_ours(h, 0) ? end(why, ours, domain) : 'K';
	}
	if (text_8bit(domain, n))
		return end(why, "DWrite %s in its ASCII form (xn--...). (#5.1.2)\n", domain);
	/* What the DNS cannot hold is not asked for: "c@" or 300 bytes. */
	if (!n || n >= NAME_CAP || *domain == '[' || *domain == '.')
		return end(why, nohost, domain);
	switch (mx_find(&h->mx, domain)) {
	case DNS_OK:
		return by_mx(h, domain, why);
	case DNS_NULLMX:
		return end(why, "DDomain %s does not take mail (null MX). (#5.1.10)\n", domain);
	case DNS_LATER:
		return end(why, later, domain);
	default:	/* may still be in the hosts file */
		return by_address(h, domain, why);
	}
}

static void clear(struct hosts *h, unsigned port)
{
	h->n = 0;
	h->port = port;
	if (CFG_TLS) {
		h->mx.secure = 0;
		memset(h->from, 0, sizeof h->from);
	}
}

char hosts_relay(struct hosts *h, const struct relay *r, struct buf *why)
{
	enum dns d = DNS_OK;

	clear(h, r->port);
	if (addr_parse(h->a, r->host, strlen(r->host)))
		h->n = 1;
	else
		d = host_find(h, r->host, 0, 1);
	if (d != DNS_OK)
		return end(why, d == DNS_FAMILY ? family : "ZRelay %s cannot be resolved now. "
			"(#4.4.3)\n", r->host);
	return 'K';
}

char hosts_find(struct hosts *h, const char *domain, struct buf *why)
{
	clear(h, 25);
	return domain_hosts(h, domain, why);
}

const char *hosts_name(const struct hosts *h, unsigned i)
{
	return h->mx.mx[h->from[i]].name;
}

int hosts_secure(const struct hosts *h)
{
	return h->mx.secure;
}
