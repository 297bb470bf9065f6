/* trace.c: who a message came from, for those who read its header, and for the log. Names
 * are what a stranger says of himself: bytes that mean something in a header become a
 * question mark, those that mean something in a log what log_safe() makes of them. The
 * address is the kernel's word, and is always there unless the administrator hides
 * that of his own clients. */
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/text.h"
#include "trace.h"

/* Four words and what is between them, which is all short, make up a field. */
enum { LOGGED_RCPTS = 1000, WORD_MOST = 255, FIELD_MOST = 1536 };

/* A word, as qmail writes it. Of one that is too long only the beginning: the field must have
 * room for all that follows, the address above all. */
static void put_safe(struct buf *b, const char *s)
{
	size_t n;

	for (n = 0; *s && n < WORD_MOST; s++, n++) {
		unsigned c = (unsigned char)*s | 32;

		buf_putc(b, (c >= 'a' && c <= 'z') || (*s >= '0' && *s <= '9') ||
			strchr(".@%+/=:-[]", *s) ? *s : '?');
	}
}

static void put_from(struct buf *b, const struct session *s, const struct peer *p)
{
	const char *host = p->host ? p->host : "unknown";

	put_safe(b, host);
	if (*s->helo && !text_caseeq(host, strlen(host), s->helo, strlen(s->helo))) {
		buf_puts(b, " (HELO ");
		put_safe(b, s->helo);
		buf_putc(b, ')');
	}
	buf_puts(b, " (");
	if (p->info) {
		put_safe(b, p->info);
		buf_putc(b, '@');
	}
	buf_fmt(b, "%s)", *p->ip ? p->ip : "unknown");
}

void trace_put(struct session *s, const struct peer *p, int hide)
{
	char space[FIELD_MOST];
	struct buf b = BUF_OVER(space);

	buf_puts(&b, "Received: from ");
	if (hide)
		buf_fmt(&b, "%s (hidden)", s->host);
	else
		put_from(&b, s, p);
	buf_puts(&b, "\n  by ");
	put_safe(&b, p->local_host && !hide ? p->local_host : s->host);
	buf_fmt(&b, " with %s%s%s", s->utf8 ? "UTF8SMTP" : s->esmtp ? "ESMTP" : "SMTP", s->tls ? "S" : "",
		s->user ? "A" : "");
	if (s->tls && s->version)
		buf_fmt(&b, " (%s %s)", s->version, s->cipher);
	buf_puts(&b, "; ");
	date_mail(&b, clock_wall());
	buf_putc(&b, '\n');
	session_put(s, b.s, b.len);
}

/* " name value". */
static void put_word(struct buf *b, const char *name, const char *s, size_t n)
{
	buf_fmt(b, " %s ", name);
	log_safe(b, s, n);
}

static void put_rcpts(struct buf *b, const struct buf *rcpts)
{
	size_t i, n;

	if (rcpts->len)
		buf_puts(b, " rcpt");
	for (i = 0; i < rcpts->len; i += n + 1) {
		n = strlen(rcpts->s + i);
		if (i + n > LOGGED_RCPTS) {
			buf_puts(b, ",...");
			return;
		}
		buf_puts(b, i ? ",<" : " <");
		log_safe(b, rcpts->s + i, n);
		buf_putc(b, '>');
	}
}

/* All that it may say, at its longest, is below LINE_MAX_LOG. It is made where a message goes
 * by: there is none then, or nothing more will be written of it. */
void trace_log(struct session *s, const struct peer *p, const char *reply,
	const struct buf *addr)
{
	static NEAR(0) unsigned refusals;
	struct buf b = BUF_OVER(s->submit.put.window);

	if ((addr || !s->open) && refusals++ >= REFUSALS_LOGGED)
		return;
	buf_fmt(&b, "smtpd: pid %d from %s", (int)getpid(), *p->ip ? p->ip : "-");
	if (*s->helo)
		put_word(&b, "helo", s->helo, strlen(s->helo));
	if (s->open || addr == &s->from) {
		buf_puts(&b, " mail <");
		log_safe(&b, s->from.s, s->from.len);
		buf_putc(&b, '>');
	}
	if (addr && addr != &s->from) {
		buf_puts(&b, " rcpt <");
		log_safe(&b, addr->s, addr->len);
		buf_putc(&b, '>');
	} else if (s->open)
		put_rcpts(&b, &s->rcpts);
	if (!addr && s->size)
		buf_fmt(&b, " size %llu", (unsigned long long)s->size);
	if (s->version)
		put_word(&b, "tls", s->version, strlen(s->version));
	if (s->user)
		put_word(&b, "user", s->user, strlen(s->user));
	buf_fmt(&b, ": %s%s", *reply ? reply : "connection lost",
		addr && refusals == REFUSALS_LOGGED ? " (no more of these)" : "");
	log_buf(&b);
}
