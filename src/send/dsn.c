/* dsn.c: the parts of a bounce that programs read, for control/bounceformat `dsn`
 * (RFC 3464). Made from the paragraphs for people, so that both say the same. What
 * strangers wrote goes in as ASCII only, cut, and never as a line of its own. */
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "conf.h"
#include "dsn.h"

enum { DIAGNOSTIC_MAX = 800 };	/* a line is at most 998 bytes (RFC 5322 2.1.1) */

static void part(struct notice *n, const char *type)
{
	buf_fmt(&n->b, "\n--%s\nContent-Type: %s\n", n->boundary, type);
}

static const char eightbit[] = "Content-Transfer-Encoding: 8bit\n";

/* The boundary cannot be known to whoever wrote the message that is enclosed. */
void dsn_head(struct notice *n)
{
	unsigned long long r = (unsigned long long)clock_wall_usec();

	if (getrandom(&r, sizeof r, GRND_NONBLOCK) < 0)
		r ^= (unsigned long long)getpid() << 32;
	buf_text(n->boundary, sizeof n->boundary, "=_%08x%08x_%llu", (unsigned)(r >> 32),
		(unsigned)r, n->number % 1000000);
	buf_fmt(&n->b, "MIME-Version: 1.0\n"
		"Content-Type: multipart/report; report-type=delivery-status;\n"
		"\tboundary=\"%s\"\n%s", n->boundary, eightbit);
	part(n, "text/plain; charset=utf-8");
	buf_puts(&n->b, eightbit);
}

static void put_ascii(struct buf *b, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_putc(b, s[i] < 32 || s[i] > 126 ? '?' : s[i]);
}

static size_t digits(const char *s, size_t n, size_t most)
{
	size_t i = 0;

	while (i < n && i < most && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

/* Length of the enhanced status (RFC 3463) that s begins with, or 0. A bounce has no
 * success to report. */
static size_t status_length(const char *s, size_t n)
{
	size_t a, b;

	if (n < 5 || (*s != '4' && *s != '5') || s[1] != '.' ||
		!(a = digits(s + 2, n - 2, 3)) || n < a + 4 || s[a + 2] != '.' ||
		!(b = digits(s + a + 3, n - a - 3, 3)))
		return 0;
	return a + b + 3;
}

/* What is known of one recipient. */
struct known { struct buf status, diagnostic; char s[12], d[DIAGNOSTIC_MAX]; };

static void set_status(struct known *k, const char *s, size_t n)
{
	if ((n = status_length(s, n)) != 0) {
		buf_clear(&k->status);
		buf_put(&k->status, s, n);
	}
}

/* One line of a paragraph: our own words end with (#X.Y.Z), a server's begin with
 * three digits and perhaps a status, which says more. */
static void learn(struct known *k, const struct buf *line)
{
	static const char said[] = "Remote host said: ";
	size_t n = sizeof said - 1, i;

	if (line->len > n && !memcmp(line->s, said, n)) {
		const char *s = line->s + n;

		n = line->len - n;
		put_ascii(&k->diagnostic, s, n < DIAGNOSTIC_MAX ? n : DIAGNOSTIC_MAX);
		if (n > 4)
			set_status(k, s + 4, n - 4);
		return;
	}
	for (i = 0; !k->status.len && i + 2 < line->len; i++)
		if (line->s[i] == '(' && line->s[i + 1] == '#')
			set_status(k, line->s + i + 2, line->len - i - 2);
}

/* The fields of one recipient; its first line is in `line`. */
static void recipient(struct notice *n, struct in *in, struct buf *line)
{
	struct known k;

	k.status = BUF_OVER(k.s);
	k.diagnostic = BUF_OVER(k.d);
	buf_puts(&n->b, "\nFinal-Recipient: rfc822; ");
	put_ascii(&n->b, line->s + 1, line->len - 3);
	while (notice_line(n, in, line) && line->len)
		learn(&k, line);
	if (!k.status.len)
		buf_puts(&k.status, "5.0.0");
	buf_fmt(&n->b, "\nAction: failed\nStatus: %.*s\n", (int)k.status.len, k.s);
	if (k.diagnostic.len)
		buf_fmt(&n->b, "Diagnostic-Code: smtp; %.*s\n", (int)k.diagnostic.len, k.d);
}

void dsn_status(struct notice *n)
{
	part(n, "message/delivery-status");
	buf_puts(&n->b, "\nReporting-MTA: dns; ");
	put_ascii(&n->b, conf.bouncehost.s, conf.bouncehost.len);
	buf_puts(&n->b, "\nArrival-Date: ");
	date_mail(&n->b, n->about->birth);
	buf_putc(&n->b, '\n');
	notice_flush(n);
	notice_each(n, recipient);
}

void dsn_original(struct notice *n, int cut)
{
	part(n, cut ? "text/rfc822-headers" : "message/rfc822");
	buf_puts(&n->b, eightbit);
	buf_putc(&n->b, '\n');
}

void dsn_end(struct notice *n)
{
	buf_fmt(&n->b, "\n--%s--\n", n->boundary);
}
