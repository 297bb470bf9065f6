/* front.c: the applets datemail and mailsubj: lines in front of the message on
 * descriptor 0, and all of it to sendmail or qmail-inject, in this very process. The
 * classics are shell scripts with a temporary file and a pipe, whose end comes when
 * one of them is killed as well. Nothing that is given can add a line of its own. */
#include <string.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/log.h"
#include "../exits.h"
#include "../limits.h"
#include "../queue/envelope.h"
#include "inject.h"

static char space[WINDOW];
static struct buf front = BUF_GROW(space, HEADER_MAX);
static struct in in;

/* The message is what is in front, then descriptor 0. */
static void put_in_front(void)
{
	in.s = front.s;
	in.len = front.len;
	in.cap = front.cap;
	inject_input = &in;
}

int datemail_main(int argc, char **argv)
{
	static char sendmail[] = "sendmail";

	buf_puts(&front, "Date: ");
	date_mail(&front, clock_wall());
	buf_putc(&front, '\n');
	put_in_front();
	argv[0] = sendmail;
	return sendmail_main(argc, argv);
}

/* In the Subject a control byte, a line's end above all, is a blank. */
static void subject(const char *s)
{
	buf_puts(&front, "Subject: ");
	for (; *s; s++)
		buf_putc(&front, (unsigned char)*s < ' ' || *s == 127 ? ' ' : *s);
}

int mailsubj_main(int argc, char **argv)
{
	static char inject[] = "qmail-inject", header[] = "-h";
	static char *args[] = { inject, header, 0 };
	int i;

	if (argc < 3)
		return say_usage(argv[0], " subject recipient ...");
	subject(argv[1]);
	for (i = 2; i < argc; i++) {
		if (envelope_rcpt(argv[i], strlen(argv[i]))) {
			say(argv[0], "a recipient is empty, too long, or has control bytes");
			return EXIT_PERM;
		}
		buf_puts(&front, i == 2 ? "\nTo: " : ",\n\t");
		buf_puts(&front, argv[i]);
	}
	buf_puts(&front, "\n\n");
	if (front.full) {
		say(argv[0], "no memory for so many recipients");
		return EXIT_TEMP;
	}
	put_in_front();
	return inject_main(2, args);
}
