/* inbound.c: the line between mail for us and relaying, asked for each recipient of a
 * client that may not relay. Not only the host counts but what becomes of the address
 * behind this server: percenthack makes a%b@ours a foreign address, and other servers
 * have read %, ! or a quoted @ that way without being told to. Refuses all when there is
 * no rcpthosts: a file that is forgotten must not make an open relay. */
#include <string.h>
#include "../base/control.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/text.h"
#include "../limits.h"
#include "../msg/rewrite.h"
#include "inbound.h"
#include "lists.h"
#include "session.h"

static NEAR_SET struct buf list = BUF_HEAP(CONTROL_MAX);

const char *inbound_trouble(void)
{
	log_line("mini-smtpd: %s", control_error());
	return "451 4.3.0 unable to read control files";
}

/* Completes an address without a host. 1 that is a local one, 0, -1 control_error(). */
static int add_host(struct buf *addr)
{
	size_t at = addr->len;
	int r = control_host(&list, "envnoathost");

	if (r <= 0)
		return r ? r : control_wrong("me", "it is missing");
	if (!buf_fmt(addr, "@%s", list.s))
		return 0;
	if (text_caseeq(addr->s, at, "postmaster", 10))
		return 1;	/* RFC 5321 4.5.1: exists wherever mail does */
	r = rewrite_locals(&list);
	return r ? -(r < 0) : control_has(&list, addr->s + at + 1, addr->len - at - 1);
}

/* local: it came without a host and is ours; rcpthosts need not name that, but be there. */
static const char *host_listed(const struct buf *addr, int local)
{
	static NEAR(0) int told;
	size_t at = text_rchr(addr->s, addr->len, '@') + 1;

	switch (list_rcpthost(addr->s + at, addr->len - at)) {
	case LIST_YES:
		return 0;
	case LIST_ERROR:
		return inbound_trouble();
	case LIST_ABSENT:
		if (!told++)
			log_line("mini-smtpd: there is no %s/rcpthosts: nothing is taken from "
				"clients that may not relay", control_dir());
		break;
	case LIST_NO:
		if (local)
			return 0;
		break;
	}
	return "553 5.7.1 no mail for that domain is taken here: it is not in rcpthosts";
}

/* percenthack, and what it makes is judged like an address that came so. */
static const char *rewritten(struct buf *addr)
{
	size_t n;
	int r = control_list(&list, "percenthack");

	if (r < 0 || !buf_z(addr))
		return inbound_trouble();
	n = r ? rewrite_percent(&list, addr->s, addr->len) : addr->len;
	if (n == addr->len)
		return 0;
	addr->len = n;
	return host_listed(addr, 0);
}

const char *inbound_rcpt(struct buf *addr)
{
	const char *no;
	size_t i, at;
	int local = 0;

	if (!memchr(addr->s, '@', addr->len) && (local = add_host(addr)) < 0)
		return inbound_trouble();
	if (addr->full || !buf_z(addr))
		return SESSION_TOOLONG;
	if ((no = host_listed(addr, local)) || (no = rewritten(addr)))
		return no;
	at = text_rchr(addr->s, addr->len, '@');
	for (i = addr->len; i--;)
		if (i != at && strchr("%!@", addr->s[i]))
			return "553 5.7.1 no routes in addresses";
	return 0;
}
