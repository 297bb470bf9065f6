/* predate.c: the applets predate, datemail and mailsubj: lines in front of the
 * message on descriptor 0, and all of it to a program that sends mail. The classics
 * are shell scripts with a temporary file; here it is a pipe to a child, which for
 * the last two is an applet of this program. Nothing that is given can add a line of
 * its own to the header. The exit number is the child's. */
#include "../applet.h"
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/log.h"
#include "../exits.h"
#include "../queue/envelope.h"
#include "child.h"
#include <string.h>

static int dated(const char *name, const struct task *t)
{
	static struct child c;

	if (child_begin(&c, name, t) < 0)
		return EXIT_TEMP;
	out_puts(&c.out, "Date: ");
	date_mail(&c.out.b, clock_wall());
	out_puts(&c.out, "\n");
	return child_end(&c);
}

int predate_main(int argc, char **argv)
{
	const struct task t = { 0, argc - 1, argv + 1 };

	if (argc < 2) {
		say(argv[0], "usage: predate command [argument ...]");
		return EXIT_PERM;
	}
	return dated(argv[0], &t);
}

int datemail_main(int argc, char **argv)
{
	static char sendmail[] = "sendmail";
	const struct task t = { sendmail_main, argc, argv };
	const char *name = argv[0];

	argv[0] = sendmail;
	return dated(name, &t);
}

/* In the Subject a control byte, a line's end above all, is a blank. */
static void subject(struct out *out, const char *s)
{
	out_puts(out, "Subject: ");
	for (; *s; s++)
		out_put(out, (unsigned char)*s < ' ' || *s == 127 ? " " : s, 1);
}

int mailsubj_main(int argc, char **argv)
{
	static char inject[] = "qmail-inject", header[] = "-h";
	static char *args[] = { inject, header, 0 };
	const struct task t = { inject_main, 2, args };
	static struct child c;
	int i;

	if (argc < 3) {
		say(argv[0], "usage: mailsubj subject recipient ...");
		return EXIT_PERM;
	}
	for (i = 2; i < argc; i++)
		if (envelope_rcpt(argv[i], strlen(argv[i]))) {
			say(argv[0], "a recipient is empty, too long, or has control bytes");
			return EXIT_PERM;
		}
	if (child_begin(&c, argv[0], &t) < 0)
		return EXIT_TEMP;
	subject(&c.out, argv[1]);
	for (i = 2; i < argc; i++) {
		out_puts(&c.out, i == 2 ? "\nTo: " : ",\n\t");
		out_puts(&c.out, argv[i]);
	}
	out_puts(&c.out, "\n\n");
	return child_end(&c);
}
