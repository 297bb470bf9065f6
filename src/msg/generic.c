/* generic.c: a map from the addresses that a machine's own programs use to those
 * that the rest of the world can answer to. Applied when mail leaves, so that
 * the queue and local mail keep the names that are known here. A line without
 * sense is an error and not left out. */
#include <string.h>
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"
#include "generic.h"
#include "ours.h"

static struct buf map;
static uint64_t keep;
static int loaded;

/* The value of a line "key value" or "key: value". */
static const char *value_of(const char *line, size_t *key)
{
	*key = strcspn(line, " \t:");
	return line + *key + text_span(line + *key, " \t:");
}

/* A value is an address, or @ and a host. */
static int is_value(const char *v)
{
	char space[2 * ADDR_CAP];
	struct buf b = BUF_OVER(space);

	return strchr(v, '@') && buf_fmt(&b, "%s%s", *v == '@' ? "x" : "", v) &&
		ours_address(&b, space, b.len);
}

/* 0, or -1 with the first bad line named. */
static int check(void)
{
	static char why[120];
	size_t i, key;
	const char *v;

	for (i = 0; i < map.len; i += strlen(map.s + i) + 1) {
		v = value_of(map.s + i, &key);
		if (key && is_value(v))
			continue;
		buf_text(why, sizeof why, "a line must be: key address; one begins with \"%.*s\"",
			40, map.s + i);
		return control_wrong("generic", why);
	}
	return 0;
}

int generic_load(void)
{
	if (!loaded) {
		map.max = CONTROL_MAX;
		if (control_list(&map, "generic") < 0 || (map.len && (ours_load() < 0 ||
			check() < 0 || control_num(&keep, "originalfrom") < 0)))
			return -1;
		loaded = 1;
	}
	return map.len > 0;
}

void generic_forget(void)
{
	loaded = 0;
}

int generic_keeps(void)
{
	return keep != 0;
}

static const char *find(const char *key, size_t n)
{
	const char *v;
	size_t i, len;

	for (i = 0; i < map.len; i += strlen(map.s + i) + 1) {
		v = value_of(map.s + i, &len);
		if (text_caseeq(map.s + i, len, key, n))
			return v;
	}
	return 0;
}

int generic_map(struct buf *b, const char *addr, size_t n)
{
	size_t at = text_rchr(addr, n, '@'), was = b->len;
	char space[ADDR_CAP];
	struct buf whole = BUF_OVER(space);
	const char *v;

	if (!n)
		return 0;
	if (at == n && *ours_me())
		return buf_fmt(&whole, "%.*s@%s", (int)n, addr, ours_me()) &&
			generic_map(b, space, whole.len);
	v = find(addr, n);
	if (!v && at < n && ours_has(addr + at + 1, n - at - 1))
		v = find(addr, at);
	if (!v && at < n)
		v = find(addr + at, n - at);
	if (!v)
		return 0;
	if (*v == '@')
		buf_put(b, addr, at);
	buf_puts(b, v);
	return !b->full && b->len - was <= ADDR_MAX &&
		(b->len - was != n || memcmp(b->s + was, addr, n));
}
