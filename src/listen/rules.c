/* rules.c: which rule holds for a client. A file that is not there or is damaged is never
 * the same as a file that has nothing to say. */
#include <errno.h>
#include <string.h>
#include "../base/cdb.h"
#include "../base/env.h"
#include "../net/dns.h"
#include "rules.h"

void rules_network(struct addr *a, unsigned bits)
{
	size_t n, i;
	unsigned char *ip = (unsigned char *)(uintptr_t)addr_ip(a, &n);

	for (i = bits / 8; i < n; i++) {
		ip[i] &= (unsigned char)~(0xffu >> bits % 8);
		bits = 0;
	}
}

char rules_key[NAME_CAP + 2];

static int look(const struct cdb *c, const char *key, size_t n, struct buf *data)
{
	buf_text(rules_key, sizeof rules_key, "%.*s", (int)n, key);
	return cdb_get(c, key, n, data);
}

void rules_key_of(struct buf *key, const struct addr *a, unsigned bits)
{
	char text[ADDR_TEXT];
	struct addr net = *a;
	size_t n, i;
	const unsigned char *ip = addr_ip(&net, &n);

	rules_network(&net, bits);
	addr_text(&net, text);
	if (n == 4 && bits && bits < 32 && bits % 8 == 0)
		for (i = 0; i < bits / 8; i++)
			buf_fmt(key, "%u.", ip[i]);
	else
		buf_fmt(key, bits < 8 * n ? "%s/%u" : "%s", text, bits);
}

/* The longest network of the file that a is in. */
static int by_network(const struct cdb *c, const struct addr *a, struct buf *data)
{
	char space[256], text[ADDR_TEXT + 4];
	unsigned char used[256] = { 0 };
	struct buf b = BUF_OVER(space);
	size_t n, i;
	int four = addr_ip(a, &n) && n == 4, r;

	if ((r = cdb_get(c, four ? RULES_NETWORKS4 : RULES_NETWORKS6, 2, &b)) < 0)
		return r;
	for (i = 0; i < b.len; i++)
		used[(unsigned char)space[i]] = 1;
	used[8] |= four;
	used[16] |= four;
	used[24] |= four;
	for (n *= 8, r = 0; n-- && !r;)
		if (used[n]) {
			b = BUF_OVER(text);
			rules_key_of(&b, a, (unsigned)n);
			r = look(c, b.s, b.len, data);
		}
	return r;
}

/* "=" stands before the host. */
static int by_suffix(const struct cdb *c, char *key, struct buf *data)
{
	int r = 0;

	while (!r && (key = strchr(key + 1, '.'))) {
		key[-1] = '=';
		r = look(c, key - 1, strlen(key - 1), data);
	}
	return r ? r : look(c, "=", 1, data);
}

static int search(const struct cdb *c, const struct addr *a, const char *host, struct buf *data)
{
	char ip[ADDR_TEXT], key[NAME_CAP + 1];
	int r;

	addr_text(a, ip);
	r = look(c, ip, strlen(ip), data);
	if (host && !buf_text(key, sizeof key, "=%s", host))
		host = 0;
	if (!r && host)
		r = look(c, key, strlen(key), data);
	if (!r)
		r = by_network(c, a, data);
	if (!r && host)
		r = by_suffix(c, key, data);
	return r ? r : look(c, "", 0, data);
}

int rules_find(const char *path, const struct addr *a, const char *host, struct buf *data)
{
	struct cdb c;
	int r = cdb_open(&c, path);

	if (r > 0) {
		r = search(&c, a, host, data);
		cdb_close(&c);
	} else if (!r) {
		errno = ENOENT;
		r = -1;
	}
	return r;
}

int rules_apply(struct buf *data)
{
	size_t i;

	if (!buf_z(data))
		return -1;
	if (data->len && *data->s == 'D')
		return 0;
	for (i = 0; i < data->len; i += strlen(data->s + i) + 1) {
		if (data->s[i] != '+') {
			errno = EBADMSG;
			return -1;
		}
		if (env_put(data->s + i + 1) < 0)
			return -1;
	}
	return 1;
}
