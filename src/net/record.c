/* record.c: the records of an answer of the DNS (RFC 1035 4.1), one after the other.
 * Answers come from strangers: every length is checked against the end of the packet,
 * and a name may jump only so often. */
#include <string.h>
#include "record.h"

#define JUMPS_MAX 32

unsigned record_get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

size_t record_name(const unsigned char *p, size_t n, size_t at, char out[static NAME_CAP])
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

void records_open(struct records *r, const unsigned char *p, size_t n)
{
	r->packet = p;
	r->end = n;
	r->at = 12;
	r->answers = record_get16(p + 6);
	r->left = record_get16(p + 4) + r->answers;
}

int records_next(struct records *r)
{
	const unsigned char *p;
	size_t k;

	while (r->left) {
		size_t fixed = r->left-- > r->answers ? 4 : 10;

		k = record_name(r->packet, r->end, r->at, r->name);
		if (!k || r->end - r->at < k + fixed)
			return -1;
		r->from = r->at += k + fixed;
		if (fixed == 4)
			continue;
		p = r->packet + r->at - 10;
		r->len = record_get16(p + 8);
		if (r->len > r->end - r->at)
			return -1;
		r->at += r->len;
		r->type = record_get16(p);
		if (record_get16(p + 2) == 1)
			return 1;
	}
	return 0;
}
