/* dane.c: TLSA records (RFC 6698, 7671, 7672): with them a mail exchanger has to show a
 * certificate that the DNS knows, and nobody in between can have its mail. All that
 * leads to them has to be secure, too: the caller sees to the exchanger's name, this file
 * to its address and aliases. Whether that is so is known from the AD bit of a resolver on
 * this very machine, and from nothing else. Refuses to take trouble for "there are none". */
#include <string.h>
#include "ask.h"
#include "dane.h"
#include "record.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"

int dane_wanted(const char *domain)
{
	struct buf list = BUF_HEAP(CONTROL_MAX);
	int r = control_list(&list, "tlsadomains");

	if (r >= 0)
		r = !r || control_has(&list, domain, strlen(domain));
	buf_free(&list);
	return r;
}

/* The certificate itself (matching type 0) would be larger than all the others together,
 * and RFC 7671 5.1 advises against it. Usages 0 and 1 are not for mail. */
static int is_usable(const unsigned char *p, size_t n)
{
	return (p[0] == 2 || p[0] == 3) && p[1] <= 1 &&
		((p[2] == 1 && n == 3 + 32) || (p[2] == 2 && n == 3 + 64));
}

static void take(struct dane_set *d, const unsigned char *p, size_t n)
{
	struct tlsa *t = d->list + d->n;

	if (d->n == TLSA_MAX)
		return;
	d->n++;
	t->usage = p[0];
	t->selector = p[1];
	t->match = p[2];
	t->len = (unsigned char)(n - 3);
	memcpy(t->data, p + 3, n - 3);
}

enum dane tlsa_parse(struct dane_set *d, char name[static NAME_CAP],
	const unsigned char *p, size_t n)
{
	enum dane found = DANE_NONE;
	struct records r;
	int more, other = 0;

	d->n = 0;
	if (n < 12 || ((p[3] & 15) && (p[3] & 15) != 3))
		return DANE_ERROR;
	records_open(&r, p, n);
	while ((more = records_next(&r)) > 0) {
		int mine = text_caseeq(r.name, strlen(r.name), name, strlen(name));

		if (r.type == ASK_CNAME && mine) {
			if (!record_name(p, r.from + r.len, r.from, name))
				return DANE_ERROR;
		} else if (r.type == ASK_TLSA && mine) {
			found = DANE_UNUSABLE;
			if (r.len > 3 && is_usable(p + r.from, r.len))
				take(d, p + r.from, r.len);
		} else if (r.type == ASK_TLSA)
			other = 1;
	}
	/* Somebody else's records, or a part of them, are no "none". */
	if (more < 0 || (other && found == DANE_NONE))
		return DANE_ERROR;
	return d->n ? DANE_RECORDS : found;
}

static int is_secure(const unsigned char *answer)
{
	return answer[3] & ASK_SECURE;
}

static enum dane find(struct dane_set *d, const struct resolv *r, const char *base, unsigned port)
{
	unsigned char answer[ASK_ANSWER];
	char name[NAME_CAP];
	ssize_t n;

	if (!buf_text(name, sizeof name, "_%u._tcp.%s", port, base))
		return DANE_NONE;
	n = ask(r, name, ASK_TLSA, answer);
	if (n <= 0 || !is_secure(answer))
		return n < 0 ? DANE_ERROR : DANE_NONE;
	text_copy(d->base, sizeof d->base, base);
	return tlsa_parse(d, name, answer, (size_t)n);
}

/* RFC 7672 2.2.2: an alias that is secure up to its end has the records of that name, else
 * its own; one that leads out of what is secure, only its own. */
enum dane dane_find(struct dane_set *d, const char *name, unsigned port)
{
	unsigned char answer[ASK_ANSWER];
	char end[NAME_CAP];
	struct resolv r;
	enum dane e;
	ssize_t n;
	int alias;

	resolv_load(&r);
	if (!resolv_local(&r) || !text_copy(end, sizeof end, name))
		return DANE_NONE;
	n = ask(&r, name, ASK_A, answer);
	if (n <= 0 || tlsa_parse(d, end, answer, (size_t)n) == DANE_ERROR)
		return n ? DANE_ERROR : DANE_NONE;
	alias = !text_caseeq(end, strlen(end), name, strlen(name));
	if (alias && is_secure(answer)) {
		e = find(d, &r, end, port);
		if (e != DANE_NONE)
			return e;
	} else if (alias && (n = ask(&r, name, ASK_CNAME, answer)) <= 0)
		return n ? DANE_ERROR : DANE_NONE;
	return is_secure(answer) ? find(d, &r, name, port) : DANE_NONE;
}
