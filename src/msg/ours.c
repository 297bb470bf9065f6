/* ours.c: the names of this host. Whoever asks whether mail is for "a user of
 * this host" asks here: the injector and the runner for control/adminaddr, the
 * SMTP client for control/generic. Where mail is really delivered is not decided
 * here but by the runner's routes: a null client has no local domain, and its
 * name is its own all the same. */
#include <string.h>
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"
#include "ours.h"

static struct buf me, locals;
static int loaded;

int ours_load(void)
{
	struct buf m = BUF_HEAP(CONTROL_MAX), l = BUF_HEAP(CONTROL_MAX);

	if (loaded)
		return 0;
	if (control_line(&m, "me") < 0 || control_list(&l, "locals") < 0) {
		buf_free(&m);
		buf_free(&l);
		return -1;
	}
	buf_free(&me);
	buf_free(&locals);
	me = m;
	locals = l;
	loaded = 1;
	return 0;
}

void ours_forget(void)
{
	loaded = 0;
}

const char *ours_me(void)
{
	return me.len ? me.s : "";
}

const char *ours_host(void)
{
	return me.len && locals.len && !control_has(&locals, me.s, me.len) ? locals.s : ours_me();
}

int ours_has(const char *host, size_t n)
{
	return !n || text_caseeq(host, n, me.s, me.len) || control_has(&locals, host, n) ||
		text_caseeq(host, n, "localhost", 9) || text_casestarts(host, n, "localhost.");
}

int ours_address(struct buf *b, const char *s, size_t n)
{
	size_t was = b->len, at = text_rchr(s, n, '@'), i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] <= 32 || (unsigned char)s[i] >= 127 ||
			strchr("\"(),:;<>\\", s[i]))
			return 0;
	if (!at || at + 1 == n || (at == n && !me.len))
		return 0;
	buf_put(b, s, n);
	if (at == n)
		buf_fmt(b, "@%s", me.s);
	return buf_putc(b, 0) && !b->full && b->len - was <= ADDR_CAP;
}
