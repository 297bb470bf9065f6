/* health.c: the runner's last success and last error, for `qmta status`. It is news
 * and not a record: a file that cannot be written is no trouble for any mail. */
#include <string.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/text.h"
#include "health.h"

enum { TEXT = 240, PAUSE_MS = 10000 };

static int64_t success, error;	/* wall seconds; 0: none in this run */
static char text[TEXT];
static int text_len;
static int news;
static int told;		/* the kind of the last that was written, 0 none */
static int64_t saved;		/* mono ms when */

void health_note(int fate, const char *s, size_t n)
{
	struct buf b = BUF_OVER(text);
	size_t i;

	if (fate == 'm')
		return;
	news = fate == 'K' ? 'K' : 'D';
	if (fate == 'K') {
		success = clock_wall();
		return;
	}
	error = clock_wall();
	n = n < TEXT ? n : TEXT;
	while (n && s[n - 1] == '\n')
		n--;
	for (i = 0; i < n; i++)
		buf_putc(&b, s[i] < 32 || s[i] > 126 ? ' ' : s[i]);
	text_len = (int)b.len;
}

/* The line of an earlier run that this one has nothing newer for. */
static void keep(struct buf *b, const char *old, const char *name)
{
	const char *rest = text_line(old, name);

	if (rest)
		buf_fmt(b, "%s%.*s\n", name, (int)strcspn(rest, "\n"), rest);
}

void health_save(struct queue *q, int end)
{
	char line[2 * TEXT], was[2 * TEXT];
	struct buf b = BUF_OVER(line), old = BUF_OVER(was);

	/* More of the same can wait for the next time that something happens. */
	if (!news || (!end && news == told && clock_mono() - saved < PAUSE_MS))
		return;
	told = news;
	news = 0;
	saved = clock_mono();
	if (queue_health_read(q, &old) <= 0 || !buf_z(&old))
		*was = 0;
	if (success)
		buf_fmt(&b, "success %lld\n", (long long)success);
	else
		keep(&b, was, "success ");
	if (error)
		buf_fmt(&b, "error %lld %.*s\n", (long long)error, text_len, text);
	else
		keep(&b, was, "error ");
	queue_health_write(q, b.s, b.len);
}
