/* route.c: where a recipient goes. Read the steps from top to bottom: they are
 * the rewriting order of the qmail family, and classic control files mean here
 * what they mean there. Refuses addresses that grow beyond what may travel. */
#include <string.h>
#include "config.h"
#include "../base/text.h"
#include "../base/control.h"
#include "../base/log.h"
#include "../msg/admin.h"
#include "../msg/generic.h"
#include "../msg/rewrite.h"
#include "../net/routes.h"
#include "conf.h"
#include "report.h"
#include "route.h"

static const char *domain_of(const struct route *r)
{
	size_t at = text_rchr(r->addr, r->len, '@');

	return at == r->len ? 0 : r->addr + at + 1;
}

/* add_host: an address without @ gets envnoathost. */
static int begin(struct route *r, const char *addr, size_t n, int add_host)
{
	struct buf b = BUF_OVER(r->addr);

	buf_put(&b, addr, n);
	if (add_host && text_rchr(addr, n, '@') == n) {
		buf_putc(&b, '@');
		buf_put(&b, conf.envnoathost.s, conf.envnoathost.len);
	}
	r->len = b.len;
	buf_z(&b);
	return b.full || b.len > ADDR_MAX ? -1 : 0;
}

static int prepend(struct route *r, const char *v)
{
	size_t n = strlen(v) + 1;

	if (n + r->len > ADDR_MAX)
		return -1;
	memmove(r->addr + n, r->addr, r->len + 1);
	memcpy(r->addr, v, n - 1);
	r->addr[n - 1] = '-';
	r->len += n;
	return 0;
}

static int local(struct route *r)
{
	r->chan = LOCAL;
	r->copies = 1;
	r->via[0] = 0;
	r->hash = 0;
	return 0;
}

static int remote(struct route *r, const char *dom)
{
	const char *value;
	const char kind = routes_find(&value, dom, r->addr, 0);

	r->chan = REMOTE;
	r->copies = 1;
	if (!buf_text(r->via, sizeof r->via, "%c%s", kind, value))
		return -1;
	if (kind == 'M')
		text_make_lower(r->via + 1, strlen(value));
	r->hash = text_hash(r->via, strlen(r->via)) & ~(uint64_t)ROUTE_QMQP;
	/* Workers read their servers once: after HUP it is another route. */
	if (kind == 'Q')
		r->hash = (r->hash + 2 * conf_serial) | ROUTE_QMQP;
	return 0;
}

void route_sender(const char *sender)
{
	static char name[ADDR_CAP + 8], space[2 * ADDR_CAP];
	struct buf alias = BUF_OVER(space);
	const char *leaves = admin_sender(sender);
	size_t n = strlen(sender);

	if (!routes_by_sender())
		return;
	/* -@[] asks for VERP; and a double bounce's sender is the null one, too. */
	if (n > 3 && !strcmp(sender + n - 4, n > 4 ? "-@[]" : "#@[]"))
		n -= 4;
	buf_text(name, sizeof name, "%.*s", (int)n, sender);
	if (!leaves)
		leaves = name;
	if (generic_load() > 0 && generic_map(&alias, leaves, strlen(leaves)) && buf_z(&alias))
		leaves = space;
	routes_sender(name, leaves);
}

int route_again(struct route *r, enum qchan c, const char *addr, size_t n)
{
	const char *dom;

	if (begin(r, addr, n, 0) < 0)
		return -1;
	if (c == LOCAL)
		return local(r);
	dom = domain_of(r);
	return remote(r, dom ? dom : "");
}

/* Domain known: one of ours, a virtual one, or anybody's. */
static int place(struct route *r, const char *dom, const char *v)
{
	if (control_has(&conf.locals, dom, strlen(dom)))
		return local(r);
	if (v && *v)
		return prepend(r, v) < 0 ? -1 : local(r);
	return remote(r, dom);
}

/* What a user of this host gets goes to adminaddr. Where the domain is local an
 * alias is for the local delivery to follow. A null client has no local domain
 * or no such delivery: adminaddr is the one place left. Number of addresses in
 * *to, 0 when it stays, -1 when that cannot be said now. */
static int redirect(const struct route *r, const char *dom, int bare, struct buf *to)
{
	enum admin_how how = CFG_LOCAL && control_has(&conf.locals, dom, strlen(dom)) ?
		ADMIN_REST : ADMIN_LAST;
	int copies = 0, e;
	size_t i;

	buf_clear(to);
	e = admin_expand(to, r->addr, r->len, bare, how);
	if (e == 0 && how == ADMIN_LAST)
		e = admin_expand(to, r->addr, r->len, bare, ADMIN_ONLY);
	for (i = 0; e > 0 && i < to->len; i++)
		copies += !to->s[i];
	if (e < 0 && report_may("aliases", 0))
		log_line("warning: unable to use an alias: newaliases says why; "
			"its mail waits");
	return e < 0 ? e : copies;
}

/* Address number `copy` of those in b. */
static int become(struct route *r, const struct buf *b, unsigned copy)
{
	const char *s = b->s;

	while (copy--)
		s += strlen(s) + 1;
	return begin(r, s, strlen(s), 1);
}

int route_copy(struct route *r, const char *addr, size_t n, unsigned copy)
{
	static struct buf to = BUF_HEAP(CONTROL_MAX);
	static int copies;
	const char *dom, *v;

	/* Found with the first one: the aliases may change between two looks. */
	if (!copy)
		copies = 0;
	if (n >= ADDR_CAP || begin(r, addr, n, 1) < 0)
		return -1;
	r->len = rewrite_percent(&conf.percenthack, r->addr, r->len);
	if (!(dom = domain_of(r)))
		return -1;
	v = rewrite_virtual(&conf.virtualdomains, r->addr, r->len, dom);
	if (!copy && (!v || !*v || control_has(&conf.locals, dom, strlen(dom))))
		copies = redirect(r, dom, text_rchr(addr, n, '@') == n, &to);
	if (copies < 0)
		return -2;
	if ((int)copy < copies) {
		if (become(r, &to, copy) < 0 || !(dom = domain_of(r)))
			return -1;
		v = rewrite_virtual(&conf.virtualdomains, r->addr, r->len, dom);
	}
	if (place(r, dom, v) < 0)
		return -1;
	if (copies)
		r->copies = (unsigned)copies;
	return 0;
}

int route_find(struct route *r, const char *addr, size_t n)
{
	return route_copy(r, addr, n, 0);
}

size_t route_prefix(const char *addr, size_t n)
{
	size_t at = text_rchr(addr, n, '@');
	const char *dom = addr + at + 1, *v;
	size_t len;

	if (at == n || control_has(&conf.locals, dom, n - at - 1))
		return 0;
	/* A key may be a full address: the prefix tried must give itself back. */
	for (len = 0; len < at; len++) {
		if (addr[len] != '-')
			continue;
		v = rewrite_virtual(&conf.virtualdomains, addr + len + 1, n - len - 1, dom);
		if (v && strlen(v) == len && text_caseeq(v, len, addr, len))
			return len + 1;
	}
	return 0;
}
