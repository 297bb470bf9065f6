/* predate.c: the applet predate: a Date line in front of the message on descriptor 0,
 * and all of it to a command, whose exit number is ours. */
#include "../applet.h"
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/log.h"
#include "child.h"

int predate_main(int argc, char **argv)
{
	char line[64];
	struct buf b = BUF_OVER(line);

	if (argc < 2)
		return say_usage(argv[0], " command [argument ...]");
	buf_puts(&b, "Date: ");
	date_mail(&b, clock_wall());
	buf_putc(&b, '\n');
	return child_feed(argv[0], argv + 1, b.s, b.len);
}
