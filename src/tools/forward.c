/* forward.c: the applet forward, for lines of .qmail files: the message goes on to
 * other addresses, with our Delivered-To line on top, by which a loop is seen. The
 * addresses are taken as they are. Refuses to work without $NEWSENDER and $DTLINE,
 * and control bytes in any of them: one could end a line of the header or of SMTP. */
#include <stdlib.h>
#include <string.h>
#include "../applet.h"
#include "../base/log.h"
#include "../exits.h"
#include "../queue/envelope.h"
#include "../queue/submit.h"
#include "forward.h"

/* Bytes of the line without its LF; 0 when it is none, or not one line. */
static size_t line_len(const char *s)
{
	size_t n = 0;

	while ((unsigned char)s[n] >= ' ' && s[n] != 127)
		n++;
	return strcmp(s + n, "\n") && s[n] ? 0 : n;
}

int redirect_check(const char *name, char **addrs)
{
	const char *sender = getenv("NEWSENDER"), *line = getenv("DTLINE");

	if (!sender || envelope_sender(sender, strlen(sender))) {
		say(name, "NEWSENDER is not set, or no address; a .qmail file sets it");
		return 0;
	}
	if (!line || !line_len(line)) {
		say(name, "DTLINE is not set, or not one line; a .qmail file sets it");
		return 0;
	}
	for (; *addrs; addrs++)
		if (envelope_rcpt(*addrs, strlen(*addrs))) {
			say(name, "an address is empty, too long, or has control bytes");
			return 0;
		}
	return 1;
}

/* 0, or -1: it could not be read. */
static int copy(struct submit *s)
{
	const char *line = getenv("DTLINE");
	char piece[WINDOW];
	ssize_t r;

	submit_data(s, line, line_len(line));
	submit_data(s, "\n", 1);
	while ((r = io_read(0, piece, sizeof piece)) > 0)
		submit_data(s, piece, (size_t)r);
	return (int)r;
}

static int done(const char *name, const struct submit *s)
{
	char a[80];
	struct out out = OUT_OVER(1, a);

	out_fmt(&out, "%s: qp %d\n", name, (int)submit_qp(s));
	/* It is safe, whether anybody reads this or not. */
	out_flush(&out);
	return EXIT_DONE;
}

int redirect_send(const char *name, char **addrs)
{
	const char *sender = getenv("NEWSENDER");
	static struct submit s;
	int code = submit_begin(&s, PUT_UID);

	if (code == 0) {
		if (copy(&s) < 0) {
			say(name, "unable to read the message:");
			submit_abort(&s);
			return EXIT_TEMP;
		}
		submit_sender(&s, sender, strlen(sender));
		for (; *addrs; addrs++)
			submit_rcpt(&s, *addrs, strlen(*addrs));
		if ((code = submit_end(&s)) == 0)
			return done(name, &s);
	}
	if (code == QQ_CUSTOM)	/* these words have a status of their own, or none */
		say(name, "unable to forward message: %s", submit_words(&s, code));
	else
		say(name, "unable to forward message: %s (#%s)", submit_words(&s, code),
			qq_status(code));
	return submit_permanent(&s, code) ? EXIT_PERM : EXIT_TEMP;
}

int forward_main(int argc, char **argv)
{
	if (argc < 2)
		return say_usage(argv[0], " address ...");
	return redirect_check(argv[0], argv + 1) ? redirect_send(argv[0], argv + 1) : EXIT_PERM;
}
