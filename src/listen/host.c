/* host.c: an address's name by the DNS. Whoever has the address writes what stands in the
 * reverse zone, so a name counts only when its own zone says the same. */
#include <string.h>
#include "../base/buf.h"
#include "../base/text.h"
#include "../net/ask.h"
#include "../net/record.h"
#include "host.h"

enum { PTR = 12 };

/* Makes it small. 1, 0 it is none that a host has. */
static int clean(char *s)
{
	char *p = s;

	for (; *p; p++) {
		int c = *p = (char)text_lower((unsigned char)*p);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' &&
			(c != '.' || p == s))
			return 0;
	}
	return p > s;
}

int host_of(const struct addr *a, unsigned secs, char name[static NAME_CAP])
{
	struct buf b = BUF_AT(name, 0, NAME_CAP);
	unsigned char answer[ASK_ANSWER];
	struct resolv r;
	struct records x;
	ssize_t n;
	size_t len;
	const unsigned char *ip = addr_ip(a, &len);
	unsigned type = len == 16 ? ASK_AAAA : ASK_A;
	int found = 0;

	resolv_load(&r);
	r.timeout = secs;
	r.attempts = 1;
	addr_reverse(&b, a);
	buf_puts(&b, len == 16 ? "ip6.arpa" : "in-addr.arpa");
	buf_z(&b);
	if ((n = ask(&r, name, PTR, answer)) <= 0)
		return 0;
	records_open(&x, answer, (size_t)n);
	while (!found && records_next(&x) > 0)
		found = x.type == PTR && record_name(answer, x.from + x.len, x.from, name);
	if (!found || !clean(name) || (n = ask(&r, name, type, answer)) <= 0)
		return 0;
	records_open(&x, answer, (size_t)n);
	while (records_next(&x) > 0)
		if (x.type == type && x.len == len && !memcmp(answer + x.from, ip, len))
			return 1;
	return 0;
}
