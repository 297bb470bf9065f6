/* datefix.c: boards without a clock date their first mails 1970. When such a
 * message leaves and the time is known by then, its Date field is set right: a
 * mail of 1970 is spam to many servers. Dates that anybody else wrote stay. */
#include <string.h>
#include <unistd.h>
#include "datefix.h"
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/text.h"

#define HEAD 8192
#define OURS "Received: (qmail "

/* 1 when the n bytes are a date of a clock that was not set. */
static int is_early(const char *s, size_t n)
{
	int64_t t;

	return date_mail_parse(s, n, &t) && t < clock_build();
}

/* Our Received line ends in "; DATE". */
static int queued_early(const char *s, size_t n)
{
	size_t semi;

	if (n < sizeof OURS || memcmp(s, OURS, sizeof OURS - 1))
		return 0;
	semi = text_rchr(s, n, ';');
	return n - semi > 2 && s[semi + 1] == ' ' && is_early(s + semi + 2, n - semi - 2);
}

/* Position of the date's text in the header, 0 when there is none to change. */
static size_t find(const char *s, size_t n, size_t *len)
{
	const char *nl;
	size_t at, k;

	for (at = 0; at < n; at += k + 1) {
		nl = memchr(s + at, '\n', n - at);
		if (!nl || nl == s + at)
			break;
		k = nl - (s + at);
		/* Nearly every message is done with after its first line. */
		if (!at && !queued_early(s, k))
			break;
		if (text_casestarts(s + at, k, "Date: ") && is_early(s + at + 6, k - 6)) {
			*len = k - 6;
			return at + 6;
		}
	}
	return 0;
}

int datefix_find(int fd, off_t *at, size_t *len, char text[static DATEFIX_TEXT])
{
	struct buf b = BUF_AT(text, 0, DATEFIX_TEXT);
	char head[HEAD];
	ssize_t n;

	if (!clock_is_set() || (n = pread(fd, head, sizeof head, 0)) <= 0)
		return 0;
	*at = find(head, n, len);
	return *at && date_mail(&b, clock_wall()) && buf_z(&b);
}
