/* lists.c: does a line of a list fit. Read for each question from the file: a session
 * asks for few of them and most files do not exist, so nothing is held in memory by a
 * hundred children that wait. Refuses nothing itself: a list that cannot be read is an
 * error to its caller, never an empty list. */
#include <stdlib.h>
#include <string.h>
#include "../base/cdb.h"
#include "../base/control.h"
#include "../base/envrules.h"
#include "../base/near.h"
#include "../base/text.h"
#include "../limits.h"
#include "lists.h"

#define NAME_MOST 24
#define HOST_MOST 256	/* RFC 1035 2.3.4 */

/* The variable that goes with a control file: its name in capitals. */
static const char *variable(const char *name)
{
	static NEAR(0) char env[NAME_MOST];
	size_t i;

	for (i = 0; i + 1 < sizeof env && name[i]; i++)
		env[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
	env[i] = 0;
	return env;
}

/* The first `bits` bits of two addresses of one kind are the same. */
static int same_net(const struct addr *a, const struct addr *b, uint64_t bits)
{
	size_t n, m, whole = bits / 8;
	const unsigned char *p = addr_ip(a, &n), *q = addr_ip(b, &m);

	return n == m && bits <= n * 8 && !memcmp(p, q, whole) &&
		(bits % 8 == 0 || !((p[whole] ^ q[whole]) >> (8 - bits % 8)));
}

/* The line as an address or a network. */
static int fits_ip(const char *line, size_t n, const struct addr *ip)
{
	size_t slash = text_rchr(line, n, '/');
	struct addr a;
	uint64_t bits;

	if (!addr_parse(&a, line, slash))
		return 0;
	if (slash == n)
		return addr_same(&a, ip);
	return text_is_u64(line + slash + 1, n - slash - 1, &bits) && same_net(&a, ip, bits);
}

static int fits(const char *line, size_t len, const char *s, size_t n, const struct addr *ip)
{
	size_t at = text_rchr(s, n, '@');

	if (ip && fits_ip(line, len, ip))
		return 1;
	if (ip && len && line[len - 1] == '.')
		return n > len && !memcmp(line, s, len);
	if (*line == '@' && at < n)
		return wild_match(line, len, s + at, n - at);
	if (*line == '.')
		return n > len && wild_match(line, len, s + n - len, len);
	return wild_match(line, len, s, n);
}

/* Where the line's value begins, which is cut off: behind its colon, if that is the only
 * one; IPv6 addresses have more. */
static const char *cut_value(char *line)
{
	char *colon = strchr(line, ':');

	if (!colon || strchr(colon + 1, ':'))
		return "";
	*colon = 0;
	return colon + 1;
}

static NEAR_SET struct buf list = BUF_HEAP(CONTROL_MAX);

enum list_answer list_has(const char *name, const char *s, size_t n,
	const struct addr *ip, const char **value)
{
	enum list_answer r = LIST_NO;
	size_t i, whole;
	int got = envrules_list(&list, variable(name), name);

	if (got <= 0)
		return got ? LIST_ERROR : LIST_ABSENT;
	for (i = 0; i < list.len; i += whole + 1) {
		char *line = list.s + i;
		const char *v = "";
		int no = *line == '!';

		whole = strlen(line);
		if (value)
			v = cut_value(line);
		if (!fits(line + no, strlen(line + no), s, n, ip))
			continue;
		r = no ? LIST_NO : LIST_YES;
		if (value)
			*value = v;
	}
	return r;
}

/* ---- hosts that we take mail for ---- */

enum list_answer list_cdb(const char *name, const char *key, size_t n)
{
	char path[512];
	struct buf nothing = BUF_OVER(path);
	struct cdb c;
	int r;

	if (buf_text(path, sizeof path, "%s.cdb", name) && !control_exists(path))
		return LIST_ABSENT;
	if (!buf_text(path, sizeof path, "%s/%s.cdb", control_dir(), name))
		return LIST_ERROR;
	if ((r = cdb_open(&c, path)) > 0) {
		r = cdb_get(&c, key, n, &nothing);
		cdb_close(&c);
	} else if (!r)
		return LIST_ABSENT;
	if (r < 0)
		control_wrong(name, "its .cdb cannot be used; qmail-newmrh makes it anew");
	return r < 0 ? LIST_ERROR : r ? LIST_YES : LIST_NO;
}

enum list_answer list_rcpthost(const char *host, size_t n)
{
	char low[HOST_MOST];
	enum list_answer r;
	size_t i, j;
	int got;

	if ((got = control_list(&list, "rcpthosts")) <= 0)
		return got ? LIST_ERROR : LIST_ABSENT;
	if (n > sizeof low)
		return LIST_NO;
	memcpy(low, host, n);
	text_make_lower(low, n);
	for (i = 0; i < n; i++)
		if ((!i || low[i] == '.') && control_has(&list, low + i, n - i))
			return LIST_YES;
	for (j = 0; j < n; j++)
		if ((!j || low[j] == '.') && (r = list_cdb("morercpthosts", low + j, n - j)) != LIST_NO)
			return r == LIST_ABSENT ? LIST_NO : r;
	return LIST_NO;
}

int list_num(uint64_t *v, const char *name)
{
	const char *e = getenv(variable(name));

	if (e && text_u64(e, strlen(e), v))
		return 0;
	return control_num(v, name) < 0 ? -1 : 0;
}
