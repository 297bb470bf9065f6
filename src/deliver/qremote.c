/* qremote.c: the applet qmail-remote: one message from standard input to the
 * recipients of one host, with the qmail family's report on standard output:
 * for each recipient a record r, h or s, then one record K, Z or D. Exit status
 * is 0 always; the report is the answer. qmta-send does not need it. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "smtp.h"
#include "../applet.h"
#include "../base/io.h"
#include "../base/proc.h"
#include "../net/routes.h"

static char outbuf[1024];
static struct out report = OUT_STATIC(1, outbuf);
static char **recips;

static void record(char letter, const char *s, size_t n)
{
	out_put(&report, &letter, 1);
	out_put(&report, s, n);
	out_put(&report, "", 1);
}

static int verdict(char letter, const char *s, size_t n)
{
	record(letter, s, n);
	out_flush(&report);
	return 0;
}

static int argv_rcpt(struct mail *m, uint32_t i, const char **addr, size_t *len)
{
	(void)m;
	*addr = recips[i];
	*len = strlen(recips[i]);
	return 0;
}

static void print_tell(struct mail *m, char letter, uint32_t i, const char *text, size_t len)
{
	(void)m;
	(void)i;
	/* The report has no word for "not tried": for now it is. */
	record(letter == 'm' ? 's' : letter, text, len);
}

/* The message is a file, read from where it stands, or a pipe. */
static void message(struct mail *m)
{
	static struct outgoing fix;
	struct stat st;

	fix.text.max = OUTGOING_TEXT;
	m->fix = &fix;
	m->msg = 0;
	m->start = lseek(0, 0, SEEK_CUR);
	m->stream = m->start < 0 || fstat(0, &st) || !S_ISREG(st.st_mode);
	if (m->stream)
		m->start = 0;
	else
		m->size = st.st_size > m->start ? st.st_size - m->start : 0;
}

/* "R" and the relay, or "M" and the host; or why not, the words. */
static const char *route(struct buf *b, const char *host, const char *sender)
{
	const char *value;
	char kind;

	if (routes_load() == 0) {
		routes_sender(sender, 0);
		kind = routes_find(&value, host, *recips, 1);
		buf_fmt(b, "%c%s", kind, value);
	} else
		b->full = 1;
	if (b->full || !buf_z(b))
		return "Unable to read control/smtproutes. (#4.3.5)\n";
	for (char **r = recips; CFG_TLS && *r; r++) {
		routes_find(&value, host, *r, 1);
		if (strcmp(value, b->s + 1))
			return "Each recipient has a login of his own (/r): one at a time. (#4.3.5)\n";
	}
	return 0;
}

int remote_main(int argc, char **argv)
{
	static const char usage[] = "I (qmail-remote) was invoked improperly. (#5.3.5)\n";
	static struct smtp s;
	char routebuf[2048];
	struct buf b = BUF_OVER(routebuf);
	struct mail m = { 0 };
	const char *why;
	char letter;

	proc_signals_reset();
	if (argc < 4)
		return verdict('D', usage, sizeof usage - 1);
	recips = argv + 3;
	if ((why = route(&b, argv[1], argv[2])))
		return verdict('Z', why, strlen(why));
	m.sender = argv[2];
	m.n = argc - 3;
	m.rcpt = argv_rcpt;
	m.tell = print_tell;
	message(&m);
	letter = smtp_init(&s, -1);
	if (letter == 'K')
		letter = smtp_open(&s, b.s);
	if (letter == 'K')
		letter = smtp_send(&s, &m);
	verdict(letter, s.report.s, s.report.len);
	smtp_close(&s, 1);
	return 0;
}
