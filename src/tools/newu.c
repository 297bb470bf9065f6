/* newu.c: qmail-newu: makes users/cdb of users/assign, whose last line is "." alone: it
 * shows that no editor or copy has cut the file. Byte for byte the file that the classic
 * makes (table.c). */
#include <string.h>
#include "../applet.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../exits.h"
#include "../msg/assign.h"
#include "table.h"

enum { COLONS = 6 };	/* user:uid:gid:home:dash:ext: */

static char wild_store[256];
static struct buf wild = BUF_STATIC(wild_store);	/* the last bytes of beginnings */

/* Turns the colons of the six fields at s into NULs. 1, 0 they are no user. */
static int split(char *s, size_t *len)
{
	const char *f[COLONS];
	char *from = s;
	unsigned id;
	int i;

	for (i = 0; i < COLONS; i++) {
		f[i] = from;
		if (!(from = strchr(from, ':')))
			return 0;
		*from++ = 0;
	}
	*len = (size_t)(from - 1 - s);
	return *f[0] && *f[3] == '/' && text_id(f[1], &id) && text_id(f[2], &id);
}

/* "=name:..." or "+beginning:...": key and data of a record. */
static int each(struct table *t)
{
	char *s = t->line, *colon = strchr(s, ':');
	size_t n, len;

	if (!strcmp(s, "."))
		return cdbmake_add(&t->make, "", 0, wild.s, wild.len) < 0 ?
			table_cannot(t, "write", t->tmp) : 0;
	if ((*s != '=' && *s != '+') || !colon)
		return table_wrong(t, "this is not =name:... or +beginning:...");
	n = (size_t)(colon - s);
	if (n > ADDR_CAP)
		return table_wrong(t, "the name is too long");
	if (!split(colon + 1, &len))
		return table_wrong(t, "this is not ...:user:uid:gid:/home:dash:ext:");
	text_make_lower(s + 1, n - 1);
	if (*s == '+' && n > 1 && !memchr(wild.s, s[n - 1], wild.len))
		buf_putc(&wild, s[n - 1]);
	*colon = 0;
	n += *s == '=';		/* a whole name has its end in the key */
	*s = '!';
	return cdbmake_add(&t->make, s, n, colon + 1, len) < 0 ?
		table_cannot(t, "write", t->tmp) : 1;
}

static int paths(struct table *t)
{
	struct buf a = BUF_OVER(t->from), c = BUF_OVER(t->cdb), m = BUF_OVER(t->tmp);

	return assign_path(&a, "assign") < 0 || assign_path(&c, "cdb") < 0 ||
		assign_path(&m, "cdb.tmp") < 0 ? table_cannot(t, "use", "$ASSIGNDIR") : 0;
}

int newu_main(int argc, char **argv)
{
	static struct table t;

	t.name = argv[0];
	t.dir = assign_dir();
	t.each = each;
	if (argc > 1)
		return say_usage(t.name, "");
	return paths(&t) < 0 ? EXIT_TEMP : table_make(&t);
}
