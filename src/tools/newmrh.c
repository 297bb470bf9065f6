/* newmrh.c: qmail-newmrh: makes control/morercpthosts.cdb of control/morercpthosts, for
 * sites with too many domains to be read for each connection; and control/recipients.cdb
 * in the same way. Keys are the lines in lower case, blanks at their ends cut; without
 * data. Byte for byte the file that the classic makes. */
#include <string.h>
#include "../applet.h"
#include "../base/control.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../exits.h"
#include "table.h"

static int each(struct table *t)
{
	size_t n = text_trim(t->line, t->len);

	if (!n || *t->line == '#')
		return 1;
	text_make_lower(t->line, n);
	return cdbmake_add(&t->make, t->line, n, "", 0) < 0 ? table_cannot(t, "write", t->tmp) : 1;
}

int newmrh_main(int argc, char **argv)
{
	static struct table t;
	const char *file = argc > 1 ? argv[1] : "morercpthosts";

	t.name = argv[0];
	t.dir = control_dir();
	t.each = each;
	t.open = 1;
	if (argc > 2 || !text_index("morercpthosts\0recipients\0", file, strlen(file)))
		return say_usage(t.name, " [morercpthosts | recipients]");
	if (buf_text(t.from, sizeof t.from, "%s/%s", t.dir, file) &&
		buf_text(t.cdb, sizeof t.cdb, "%s.cdb", t.from) &&
		buf_text(t.tmp, sizeof t.tmp, "%s.tmp", t.cdb))
		return table_make(&t);
	table_cannot(&t, "use", t.dir);
	return EXIT_TEMP;
}
