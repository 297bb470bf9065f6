/* maildir.c: the applets maildirmake and maildirwatch: a Maildir is made, and what is
 * new in one is shown again and again. What a message says of itself is shown as
 * printable ASCII only: it must not speak to the terminal. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../deliver/maildir.h"
#include "../exits.h"
#include "maillist.h"

enum { EVERY_SECS = 30, SHOWN = 20, COLUMNS = 38 };

int maildirmake_main(int argc, char **argv)
{
	struct stat st;
	int i, r;

	if (argc < 2 || *argv[1] == '-' || !*argv[1])
		return say_usage(argv[0], " directory ...");
	for (i = 1; i < argc; i++) {
		r = lstat(argv[i], &st) == 0 ? maildir_complete(argv[i]) : maildir_make(argv[i]);
		if (r < 0) {
			say(argv[0], "unable to make the Maildir %s:", argv[i]);
			return EXIT_TEMP;
		}
	}
	return EXIT_DONE;
}

/* ---- maildirwatch ---- */

/* The field's value, cut and padded to a column. head ends in NUL. */
static void show_field(struct out *o, const char *head, const char *field)
{
	const char *p = head, *lf;
	int i = 0;

	while (*p && *p != '\n' && !text_casestarts(p, strlen(p), field))
		p = (lf = strchr(p, '\n')) ? lf + 1 : "";
	if (*p && *p != '\n')
		for (p += strlen(field); *p == ' ' || *p == '\t'; p++)
			;
	else
		p = "";
	for (; i < COLUMNS && *p && *p != '\n' && *p != '\r'; i++, p++)
		out_fmt(o, "%c", (unsigned char)*p < ' ' || (unsigned char)*p > '~' ? '?' : *p);
	for (; i < COLUMNS + 1; i++)
		out_puts(o, " ");
}

static void show(struct out *o, const struct maillist *l, size_t i)
{
	int fd = maillist_file(l, i);
	char head[WINDOW + 1];
	ssize_t r;

	if (fd < 0)
		return;
	r = io_read(fd, head, WINDOW);
	io_close(fd);
	if (r <= 0)
		return;
	head[r] = 0;
	show_field(o, head, "From:");
	show_field(o, head, "Subject:");
	out_puts(o, "\n");
}

int maildirwatch_main(int argc, char **argv)
{
	static struct maillist l;
	char room[WINDOW];
	struct out o = OUT_OVER(1, room);
	size_t i;

	if (argc > 1)
		return say_usage(argv[0], " (it shows $MAILDIR)");
	if (maillist_open(&l, argv[0]) < 0)
		return EXIT_TEMP;
	for (;;) {
		if (maillist_read(&l, 0) < 0) {
			say(argv[0], "unable to read the Maildir:");
			return EXIT_TEMP;
		}
		out_fmt(&o, "\033[H\033[2J%lu new\n", (unsigned long)l.n);
		for (i = l.n > SHOWN ? l.n - SHOWN : 0; i < l.n; i++)
			show(&o, &l, i);
		if (out_flush(&o) < 0)
			return EXIT_TEMP;
		io_wait(-1, 0, clock_mono() + EVERY_SECS * 1000);
	}
}
