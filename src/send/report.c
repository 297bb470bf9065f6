/* report.c: what is said about deliveries: the log, word for word as the qmail
 * family's analysers expect it, and the paragraph of a failed recipient.
 * Refuses to let anybody else's bytes shape a line: all go through log_safe. */
#include <errno.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/log.h"
#include "conf.h"
#include "report.h"
#include "route.h"

/* A full disk has a hundred thousand victims and needs one line an hour. */
enum { SAID = 8, SAID_SECS = 3600 };

int report_may(const char *what, int code)
{
	static struct { const char *what; int code; int64_t until; } said[SAID];
	static unsigned oldest;
	int64_t now = clock_mono();
	unsigned i;

	for (i = 0; i < SAID; i++)
		if (said[i].what == what && said[i].code == code && now < said[i].until)
			return 0;
	i = oldest++ % SAID;
	said[i].what = what;
	said[i].code = code;
	said[i].until = now + SAID_SECS * 1000;
	return 1;
}

void report_trouble(const char *what, uint64_t id)
{
	int e = errno;

	/* Damage is a message's own; everything else is likely to be the system's. */
	if (e == EBADMSG || report_may(what, e))
		log_line("warning: unable to %s msg %llu: %s; will try again", what,
			(unsigned long long)id, err_text(e));
}

void report_status(int leaving)
{
	log_line("status: local %u/%llu remote %u/%llu%s", slots_busy[LOCAL],
		(unsigned long long)conf.limit[LOCAL], slots_busy[REMOTE],
		(unsigned long long)conf.limit[REMOTE], leaving ? " exitasap" : "");
}

/* A stranger's bytes made safe, cut at the room there is. One at a time. */
static const char *safe(const char *s, size_t n)
{
	static char text[REPORT_MAX + 200];
	struct buf b = BUF_OVER(text);

	log_safe(&b, s, n < sizeof text ? n : sizeof text - 1);
	buf_z(&b);
	return text;
}

void report_new(const struct qinfo *i)
{
	log_line("new msg %llu", (unsigned long long)i->id);
	log_line("info msg %llu: bytes %llu from <%s> qp %llu uid %llu",
		(unsigned long long)i->id, (unsigned long long)i->size,
		safe(i->sender, strlen(i->sender)),
		(unsigned long long)i->pid, (unsigned long long)i->uid);
}

void report_start(uint32_t number, uint64_t id, enum qchan c, const char *addr, size_t n)
{
	log_line("starting delivery %u: msg %llu to %s %s", number,
		(unsigned long long)id, c == LOCAL ? "local" : "remote", safe(addr, n));
}

void report_end(uint32_t number, char fate, const char *text, size_t n)
{
	log_line("delivery %u: %s: %s", number, fate == 'K' ? "success" :
		fate == 'D' ? "failure" : "deferral", safe(text, n));
}

int report_paragraph(struct buf *b, enum qchan c, const char *addr, size_t n,
	const char *text, size_t len)
{
	size_t cut = c == LOCAL ? route_prefix(addr, n) : 0, i;

	buf_putc(b, '<');
	for (i = cut; i < n; i++)
		buf_putc(b, addr[i] == '\n' ? '_' : addr[i]);
	buf_puts(b, ">:\n");
	for (i = 0; i < len; i++) {
		int blank = text[i] == '\n' && (i == 0 || text[i - 1] == '\n');

		buf_putc(b, blank ? '/' : text[i]);
	}
	if (!len || text[len - 1] != '\n')
		buf_putc(b, '\n');
	buf_putc(b, '\n');
	return !b->full;
}
