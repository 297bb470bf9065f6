/* policy.c: who may send what to whom. A connection's questions in their order: before the
 * greeting, at HELO, MAIL, and RCPT. A client that may relay has it by its address, its
 * name, a login or a certificate; everybody else reaches the hosts of rcpthosts and nobody
 * else (inbound.c). Refusals for a sender are said at RCPT, where the qmail family has
 * them: some clients take a refused MAIL for a reason to try the next server.
 * What cannot be found out now is 451: never yes, and never no for good. */
#include <stdlib.h>
#include <string.h>
#include "../base/control.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/text.h"
#include "../net/dns.h"
#include "dnsbl.h"
#include "inbound.h"
#include "lists.h"
#include "policy.h"
#include "recipient.h"

enum { TARPIT_SECS = 5, TARPIT_MOST = 300 };

static NEAR(0) const struct peer *peer;
static NEAR(0) int by_address;	/* may relay because of where it comes from */
static NEAR(0) int unsure;	/* the DNS could not say whether it may, by its name */
static char suffix[ADDR_CAP];		/* what is added to its recipients */
static NEAR(0) enum list_answer from_bad, from_relays;	/* the sender of this transaction */

const char *(*policy_more)(const struct session *s, const struct buf *rcpt);

/* Whoever owns an address says what name it has; only the name's own addresses prove it. */
static int name_is_true(const char *host)
{
	struct hosts h;
	unsigned i;

	h.n = 0;
	h.ip = IP_ANY;
	if (!peer->known)
		return 0;
	unsure = host_find(&h, host, 0, 0) == DNS_LATER;
	for (i = 0; i < h.n; i++)
		if (addr_same(&h.a[i], &peer->addr))
			return 1;
	return 0;
}

/* Where the client comes from: 1 it may relay, 0, -1. */
static int may_relay(void)
{
	const char *value = getenv("RELAYCLIENT");
	enum list_answer r = value ? LIST_YES : LIST_NO;

	if (!value && peer->known)
		r = list_has("relayclients", peer->ip, strlen(peer->ip), &peer->addr, &value);
	if (r != LIST_ERROR && r != LIST_YES && peer->host) {
		r = list_has("relaydomains", peer->host, strlen(peer->host), 0, &value);
		if (r == LIST_YES && !name_is_true(peer->host))
			r = LIST_NO;
	}
	if (r == LIST_YES && *value && !text_copy(suffix, sizeof suffix, value))
		return control_wrong("relayclients", "what is to be added is too long");
	return r == LIST_ERROR ? -1 : r == LIST_YES;
}

int policy_load(struct session *s, const struct peer *p)
{
	uint64_t most = s->rcpts_max, count = 0, delay = TARPIT_SECS;

	peer = p;
	if ((by_address = may_relay()) < 0 || list_num(&s->databytes, "databytes") < 0 ||
		list_num(&most, "maxrecipients") < 0 || list_num(&count, "tarpitcount") < 0 ||
		list_num(&delay, "tarpitdelay") < 0)
		return -1;
	s->rcpts_max = most < SIZE_MAX ? (size_t)most : SIZE_MAX;
	if (!by_address && count) {
		s->tarpit = count < UINT32_MAX ? (unsigned)count : UINT32_MAX;
		s->delay = (int64_t)(delay < TARPIT_MOST ? delay : TARPIT_MOST) * 1000;
	}
	return 0;
}

/* Is its certificate one of those that may relay? */
static enum list_answer by_cert(const struct session *s)
{
	return s->cert ? list_has("tlsclients", s->cert, strlen(s->cert), 0, 0) : LIST_NO;
}

int policy_relays(const struct session *s)
{
	return by_address || s->user || by_cert(s) == LIST_YES;
}

const char *policy_connect(struct session *s)
{
	enum list_answer r = LIST_NO;

	(void)s;
	if (peer->known)
		r = list_has("badip", peer->ip, strlen(peer->ip), &peer->addr, 0);
	if (r == LIST_YES)
		return "421 4.7.1 your address is in badip";
	if (r != LIST_ERROR && peer->host)
		r = list_has("badhost", peer->host, strlen(peer->host), 0, 0);
	if (r == LIST_ERROR && inbound_trouble())
		return "421 4.3.0 unable to read control files";
	return r == LIST_YES ? "554 5.7.1 your host is in badhost" : 0;
}

static const char *judge_helo(const struct session *s)
{
	switch (list_has("badhelo", s->helo, strlen(s->helo), 0, 0)) {
	case LIST_ERROR:
		return inbound_trouble();
	case LIST_YES:
		return "550 5.7.1 your HELO name is in badhelo";
	default:
		return 0;
	}
}

/* Somebody who may still log in is not judged yet. */
const char *policy_helo(struct session *s)
{
	return policy_relays(s) || s->mechs || s->starttls ? 0 : judge_helo(s);
}

/* Can the sender's domain get mail? RFC 5321 5.1. */
static const char *judge_domain(const struct buf *from)
{
	size_t at = text_rchr(from->s, from->len, '@') + 1;
	char name[NAME_CAP];
	struct mxlist l;
	struct hosts h;
	enum dns r;

	if (at > from->len || !buf_text(name, sizeof name, "%.*s", (int)(from->len - at),
		from->s + at))
		return "553 5.1.8 the sender has no domain";
	if (*name == '[')
		return 0;
	h.n = 0;
	h.ip = IP_ANY;
	if ((r = mx_find(&l, name)) == DNS_NONE)
		r = host_find(&h, name, 0, 0);
	if (r == DNS_LATER)
		return "451 4.4.3 unable to look up the sender's domain";
	return r == DNS_OK ? 0 : "553 5.1.8 the sender's domain gets no mail";
}

const char *policy_sender(struct session *s, struct buf *addr)
{
	uint64_t check = 0;

	from_bad = from_relays = LIST_NO;
	if (policy_relays(s))
		s->delay = 0;	/* tarpits are for strangers */
	if (!addr->len)
		return 0;
	from_bad = list_has("badmailfrom", addr->s, addr->len, 0, 0);
	from_relays = list_has("relaymailfrom", addr->s, addr->len, 0, 0);
	if (from_bad == LIST_ERROR || from_relays == LIST_ERROR || list_num(&check, "mxcheck") < 0)
		return inbound_trouble();
	if (!check || from_bad == LIST_YES || from_relays == LIST_YES || policy_relays(s))
		return 0;
	return judge_domain(addr);
}

/* Of those who may not relay. addr becomes what it will be behind us. */
static const char *judge_stranger(const struct session *s, struct buf *addr)
{
	const char *no;

	if (by_cert(s) == LIST_ERROR)
		return inbound_trouble();
	if ((no = judge_helo(s)))
		return no;
	if ((no = inbound_rcpt(addr)))
		return unsure ? "451 4.4.3 unable to look up your host's name" : no;
	return dnsbl_ask(peer);
}

/* badrcptto and goodrcptto. *good: it is in the second, and is not looked for anywhere. */
static const char *judge_lists(const struct buf *addr, int *good)
{
	enum list_answer g = list_has("goodrcptto", addr->s, addr->len, 0, 0);
	enum list_answer b = list_has("badrcptto", addr->s, addr->len, 0, 0);

	*good = g == LIST_YES;
	if (g == LIST_ERROR || b == LIST_ERROR)
		return inbound_trouble();
	return b == LIST_YES && !*good ? "553 5.7.1 that address takes no mail" : 0;
}

static const char *known(struct buf *addr)
{
	const char *why;
	int r = recipient_known(addr, &why);

	/* What is wrong here is no stranger's business. */
	if (r < 0)
		log_line("mini-smtpd: %s", why);
	return r > 0 ? 0 : r ? "451 4.3.0 unable to look up the recipient" :
		"550 5.1.1 no such mailbox here";
}

static const char *ask_more(const struct session *s, const struct buf *addr)
{
	return policy_more ? policy_more(s, addr) : 0;
}

/* The recipient with what is added to those of this client. */
static void set_addr(struct buf *addr, const struct buf *rcpt, int relays)
{
	buf_clear(addr);
	buf_put(addr, rcpt->s, rcpt->len);
	if (relays)
		buf_puts(addr, suffix);
}

const char *policy_rcpt(struct session *s, const struct buf *rcpt)
{
	char space[ADDR_CAP];
	struct buf addr = BUF_OVER(space);
	int relays = policy_relays(s) || from_relays == LIST_YES, good = 0;
	const char *no = 0;

	if (from_bad == LIST_YES)
		return "553 5.7.1 that sender is in badmailfrom";
	set_addr(&addr, rcpt, relays);
	if (addr.full)
		return SESSION_TOOLONG;
	if (!relays)
		no = judge_stranger(s, &addr);
	if (!no)
		no = judge_lists(&addr, &good);
	if (!no && !good)
		no = known(&addr);
	if (!no && !relays)
		no = ask_more(s, &addr);
	if (no)
		return no;
	/* It goes on as it came, and the queue does to it what was found out above. */
	set_addr(&addr, rcpt, relays);
	session_add(s, addr.s, addr.len);
	return 0;
}
