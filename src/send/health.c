/* health.c: the runner's last success and last error, for `qmta status`. It is news
 * and not a record: a file that cannot be written is no trouble for any mail. */
#include <string.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/log.h"
#include "health.h"

enum { TEXT = 240, PAUSE_MS = 10000 };

static int64_t success, error;	/* wall seconds; 0: none in this run */
static char text[TEXT];
static int text_len;
static int news, begun;
static int64_t saved;		/* mono ms of the last write */

void health_note(int fate, const char *s, size_t n)
{
	struct buf b = BUF_OVER(text);
	size_t i;

	if (fate == 'm')
		return;
	news = 1;
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
	const char *at = strstr(old, name), *lf = at ? strchr(at, '\n') : 0;

	if (lf && (at == old || at[-1] == '\n'))
		buf_put(b, at, (size_t)(lf + 1 - at));
}

void health_save(struct queue *q, int end)
{
	char line[2 * TEXT], was[2 * TEXT];
	struct buf b = BUF_OVER(line), old = BUF_OVER(was);

	if (!news || (!end && health_due() > clock_mono()))
		return;
	news = 0;
	begun = 1;
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

int64_t health_due(void)
{
	if (!news)
		return IO_FOREVER;
	return begun ? saved + PAUSE_MS : 0;
}
