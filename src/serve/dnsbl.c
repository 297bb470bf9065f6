/* dnsbl.c: is the client listed somewhere in the DNS? An address with its numbers turned
 * round, in front of the zone's name, has a record of 127.0.0.0/8 there if it is; what
 * else is answered comes from a zone or a resolver out of order, 127.255.255.0/24 says so
 * itself. A zone that cannot be asked keeps nobody out: mail would be lost to other
 * people's trouble. Answers, good ones, are shared with other connections for a while. */
#include <stdlib.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/near.h"
#include "../base/text.h"
#include "../limits.h"
#include "../listen/shared.h"
#include "../net/ask.h"
#include "../net/record.h"
#include "dnsbl.h"
#include "inbound.h"

/* No question begins after BEGIN_MS, and none takes longer than three servers' seconds. */
enum { ZONES = 8, ANSWER_SECS = 2, BEGIN_MS = 4000, HOLDS_SECS = 300, WORDS_MOST = 300 };

struct zone {
	const char *name, *words;	/* words "": the zone's own */
	size_t len;			/* of name */
	int allow, never;		/* never: refused for good */
};

static const char *given[ZONES];	/* of options */
static char given_allow[ZONES];
static char reply[WORDS_MOST + 64];
static int64_t until;		/* no question begins later */

int dnsbl_add(const char *zone, int allow)
{
	size_t i;

	for (i = 0; i < ZONES && given[i]; i++)
		;
	if (i == ZONES)
		return 0;
	given[i] = zone;
	given_allow[i] = (char)allow;
	return 1;
}

/* "[+|-]zone [-][words]", also with a colon between them. */
static void read_zone(struct zone *z, const char *s, int allow)
{
	z->allow = allow || *s == '+';
	z->never = *s == '-';
	s += *s == '+' || *s == '-';
	z->name = s;
	z->len = strcspn(s, " \t:");
	s += z->len;
	s += text_span(s, " \t:");
	z->never |= *s == '-';
	z->words = s + (*s == '-');
}

/* The name to ask for, of a zone. 1 / 0: it is too long. */
static int make_name(char name[static NAME_CAP], const struct addr *a, const struct zone *z)
{
	struct buf b = BUF_AT(name, 0, NAME_CAP);

	addr_reverse(&b, a);
	buf_put(&b, z->name, z->len);
	return buf_z(&b) && !b.full;
}

/* 1 listed, 0 not, -1 nobody says. */
static int in_zone(const struct resolv *r, const char *name)
{
	unsigned char answer[ASK_ANSWER];
	const unsigned char *ip;
	ssize_t n = ask(r, name, ASK_A, answer);
	struct records x;

	if (n <= 0)
		return (int)n;
	records_open(&x, answer, (size_t)n);
	while (records_next(&x) > 0) {
		ip = answer + x.from;
		if (x.type == ASK_A && x.len == 4 && *ip == 127)
			return ip[1] == 255 && ip[2] == 255 ? -1 : 1;
	}
	return 0;
}

/* What the zone says about it, its first piece. */
static void zone_words(const struct resolv *r, const char *name, struct buf *b)
{
	unsigned char answer[ASK_ANSWER];
	ssize_t n = ask(r, name, ASK_TXT, answer);
	struct records x;

	if (n <= 0)
		return;
	records_open(&x, answer, (size_t)n);
	while (records_next(&x) > 0)
		if (x.type == ASK_TXT && x.len > 1 && answer[x.from] < x.len) {
			buf_put(b, answer + x.from + 1, answer[x.from]);
			return;
		}
}

/* As in_zone, or by what another connection has heard. */
static int is_listed(const struct resolv *r, const struct addr *a, const struct zone *z,
	const char *name)
{
	uint32_t kind = (uint32_t)text_hash(z->name, z->len);
	unsigned char key[16] = { 0 };
	size_t n;
	const unsigned char *ip = addr_ip(a, &n);
	int v;

	memcpy(key, ip, n);
	if ((v = shared_get(kind, key)) >= 0)
		return v;
	if ((v = in_zone(r, name)) >= 0)
		shared_put(kind, key, v, HOLDS_SECS);
	return v;
}

static const char *refuse(int never, const char *words, size_t n)
{
	return buf_text(reply, sizeof reply, "%s %.*s", never ? "553 5.7.1" : "451 4.7.1",
		(int)(n < WORDS_MOST ? n : WORDS_MOST), words) ? reply : "451 4.7.1 listed";
}

/* One zone: 1 when the next one is to be asked, 0 that was the answer, with *no. */
static int ask_zone(const struct resolv *r, const struct addr *a, const char *line, int allow,
	const char **no)
{
	char name[NAME_CAP], words[WORDS_MOST];
	struct buf b = BUF_OVER(words);
	struct zone z;
	int v;

	if (clock_mono() >= until)
		return 0;
	read_zone(&z, line, allow);
	v = make_name(name, a, &z) ? is_listed(r, a, &z, name) : 0;
	if (v == 0 || (v < 0 && !z.allow))
		return 1;
	if (z.allow)
		return 0;
	buf_puts(&b, z.words);
	if (!b.len && clock_mono() < until)
		zone_words(r, name, &b);
	if (!b.len)
		buf_fmt(&b, "your address is listed by %.*s", (int)z.len, z.name);
	*no = refuse(z.never, b.s, b.len);
	return 0;
}

static const char *by_zones(const struct addr *a)
{
	static struct buf list = BUF_HEAP(CONTROL_MAX);
	const char *no = 0;
	struct resolv r;
	size_t i;
	int more = 1;

	if (control_list(&list, "dnsbl") < 0)
		return inbound_trouble();
	if (!list.len && !given[0])
		return 0;
	resolv_load(&r);
	r.timeout = ANSWER_SECS;
	r.attempts = 1;
	until = clock_mono() + BEGIN_MS;
	for (i = 0; more && i < ZONES && given[i]; i++)
		more = ask_zone(&r, a, given[i], given_allow[i], &no);
	for (i = 0; more && i < list.len; i += strlen(list.s + i) + 1)
		more = ask_zone(&r, a, list.s + i, 0, &no);
	return no;
}

const char *dnsbl_ask(const struct peer *p)
{
	static NEAR(0) int asked;
	static const char *no;
	const char *e = getenv("RBLSMTPD");

	if (e)
		return *e ? refuse(*e == '-', e + (*e == '-'), strlen(e)) : 0;
	if (!asked++ && p->known && !p->local)
		no = by_zones(&p->addr);
	return no;
}
