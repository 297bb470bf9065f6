/* version.c: the answer to --version. Package builders try every installed
 * name with it, so it must come before any look at the machine, and say whether
 * TLS is inside: people who install the wrong variant look here first. */
#include "version.h"
#include "exits.h"
#include "base/buf.h"
#include "base/io.h"
#include "config.h"
#include <string.h>

int version_asked(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "--version") == 0;
}

int version_show(const char *tls)
{
	char a[100];
	struct buf b = BUF_OVER(a);

	buf_fmt(&b, "qmta %s (TLS: %s)\n", VERSION, tls);
	return io_write(1, b.s, b.len) == -1 ? EXIT_TEMP : EXIT_DONE;
}
