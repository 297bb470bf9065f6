/* hosts.c: who takes the mail for a route: the relay, the mail exchangers of a
 * domain, or the domain itself. Refuses to send mail to ourselves by MX, which
 * would be a loop; a relay is the administrator's word and not doubted. */
#include <string.h>
#include "relay.h"
#include "hosts.h"

/* Words about arg; the first letter of fmt is the fate. */
static char end(struct buf *why, const char *fmt, const char *arg)
{
	buf_fmt(why, fmt + 1, arg);
	return *fmt;
}

static char relay_hosts(struct hosts *h, const char *value, struct buf *why)
{
	char host[NAME_CAP];

	if (relay_parse(value, host, sizeof host, &h->port))
		return end(why, "Zcontrol/smtproutes has no usable relay in \"%s\". "
			"(#4.3.5)\n", value);
	if (addr_parse(h->a, host, strlen(host)))
		h->n = 1;
	else if (host_find(h, host, 0, 1) != DNS_OK)
		return end(why, "ZRelay %s of control/smtproutes cannot be resolved now. "
			"(#4.4.3)\n", host);
	return 'K';
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
static const char nohost[] = "DThere is no host named %s. (#5.1.2)\n";

static char by_mx(struct hosts *h, const struct mxlist *l, const char *domain, struct buf *why)
{
	const char *words = "DThe mail exchangers of %s have no addresses. (#5.4.4)\n";
	int loop = 0;

	for (unsigned i = 0; i < l->n && h->n < HOSTS_MAX && !loop; i++) {
		unsigned from = h->n;

		if (host_find(h, l->mx[i].name, l->mx[i].pref, 0) == DNS_LATER)
			words = later;
		loop = cut_ours(h, from);
	}
	if (h->n)
		return 'K';
	return end(why, loop && words != later ? ours : words, domain);
}

static char by_address(struct hosts *h, const char *domain, struct buf *why)
{
	switch (host_find(h, domain, 0, 0)) {
	case DNS_OK:
		return cut_ours(h, 0) ? end(why, ours, domain) : 'K';
	case DNS_NOHOST:
		return end(why, nohost, domain);
	case DNS_NONE:
		return end(why, "DHost %s has neither a mail exchanger nor an address. "
			"(#5.4.4)\n", domain);
	default:
		return end(why, later, domain);
	}
}

static char domain_hosts(struct hosts *h, const char *domain, struct buf *why)
{
	struct mxlist l;
	size_t n = strlen(domain);

	if (addr_parse(h->a, domain, n)) {
		h->n = 1;
		return cut_ours(h, 0) ? end(why, ours, domain) : 'K';
	}
	/* What the DNS cannot hold is not asked for: "c@" or 300 bytes. */
	if (!n || n >= NAME_CAP || *domain == '[' || *domain == '.')
		return end(why, nohost, domain);
	switch (mx_find(&l, domain)) {
	case DNS_OK:
		return by_mx(h, &l, domain, why);
	case DNS_NULLMX:
		return end(why, "DDomain %s does not take mail (null MX). (#5.1.10)\n", domain);
	case DNS_LATER:
		return end(why, later, domain);
	default:	/* may still be in the hosts file */
		return by_address(h, domain, why);
	}
}

char hosts_find(struct hosts *h, const char *route, struct buf *why)
{
	h->n = 0;
	h->port = 25;
	if (*route == 'R')
		return relay_hosts(h, route + 1, why);
	return domain_hosts(h, *route ? route + 1 : route, why);
}
