/* external.c: $QMAILREMOTE, a program of the administrator's that stands in for
 * our SMTP client: one run for each recipient, as the qmail family calls it. Its
 * output is read with a bound; what is unclear about it means "later". */
#include <string.h>
#include <sys/wait.h>
#include "external.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"

char external_report(const char *s, size_t n, struct buf *report)
{
	const char *end = memchr(s, 0, n), *p = s, *second = 0;
	int result = -1, final;

	/* The verdict: the first record of the message, not of a recipient. */
	while (p < s + n) {
		if (*p == 'K' || *p == 'Z' || *p == 'D') {
			result = *p == 'K' ? 1 : *p == 'Z' ? 0 : -1;
			second = p;
			break;
		}
		p = memchr(p, 0, s + n - p);
		if (!p++)
			break;
	}
	final = *s == 's' ? 0 : *s == 'h' ? -1 : result;
	buf_put(report, s + 1, (end ? end : s + n) - s - 1);
	if (second && second != s && result <= final) {
		end = memchr(second, 0, s + n - second);
		buf_put(report, second + 1, (end ? end : s + n) - second - 1);
	}
	return final > 0 ? 'K' : final ? 'D' : 'Z';
}

static char trouble(struct buf *report, char letter, const char *what)
{
	buf_fmt(report, "The delivery program %s. (#%c.3.0)\n", what, letter == 'D' ? '5' : '4');
	return letter;
}

char external_run(const char *prog, const char *sender, const char *rcpt, int msg,
	struct buf *report)
{
	size_t n = strlen(rcpt), at = text_rchr(rcpt, n, '@');
	const char *argv[] = { prog, rcpt + (at < n ? at + 1 : n), sender, rcpt, 0 };
	char said[REPORT_MAX / 2];
	struct buf text = BUF_OVER(said);
	int status = proc_run(prog, (char **)argv, msg, 0, &text);

	buf_clear(report);
	if (!WIFEXITED(status))
		return trouble(report, 'Z', "crashed");
	if (WEXITSTATUS(status))
		return trouble(report, WEXITSTATUS(status) == EXIT_TEMP ? 'Z' : 'D', "failed");
	if (!text.len)
		return trouble(report, 'Z', "said nothing");
	return external_report(said, text.len, report);
}
