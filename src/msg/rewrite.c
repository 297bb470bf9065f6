/* rewrite.c: the files that change where a recipient goes: asked by the runner, which
 * carries it out, and by the SMTP server, which has to know what will become of an
 * address before it takes it from a stranger. */
#include <string.h>
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"
#include "rewrite.h"

int rewrite_locals(struct buf *b)
{
	int r;

	b->max = CONTROL_MAX;
	if ((r = control_list(b, "locals")))
		return r < 0 ? -1 : 0;
	r = control_line(b, "me");
	if (r <= 0 || !b->len)
		return r < 0 ? -1 : 1;
	b->len++;	/* its NUL belongs to a list's line */
	return 0;
}

size_t rewrite_percent(const struct buf *list, char *addr, size_t n)
{
	size_t at, percent;

	while ((at = text_rchr(addr, n, '@')) < n &&
		control_has(list, addr + at + 1, n - at - 1) &&
		(percent = text_rchr(addr, at, '%')) < at) {
		addr[percent] = '@';
		addr[at] = 0;
		n = at;
	}
	return n;
}

const char *rewrite_virtual(const struct buf *map, const char *addr, size_t n,
	const char *dom)
{
	const char *v = control_map(map, addr, n);

	if (v)
		return v;
	for (; dom && *dom; dom = strchr(dom + 1, '.'))
		if ((v = control_map(map, dom, strlen(dom))))
			return v;
	return control_map(map, "", 0);
}
