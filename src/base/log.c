/* log.c: lines for the log and for the person at the terminal. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "err.h"
#include "../exits.h"
#include "../limits.h"
#include "io.h"
#include "log.h"
#include "trim.h"

static int log_fd = 2, holding;
static void (*sink)(const char *s, size_t n);
static _Alignas(4096) char held[LINE_MAX_LOG];	/* a page, for log_trim() */
static struct buf waiting = BUF_STATIC(held);

void log_to(int fd)
{
	log_flush();
	log_fd = fd;
}

/* A log that cannot be written is no reason to hold mail up. */
static void put(int fd, const char *s, size_t n)
{
	int e = errno;

	if (n && io_write(fd, s, n) < 0)
		errno = e;
}

void log_flush(void)
{
	put(log_fd, held, waiting.len);
	buf_clear(&waiting);
}

void log_trim(void)
{
	log_flush();
	trim_pages(held, sizeof held);
}

void log_hold(int on)
{
	log_flush();
	holding = on;
}

static void end_line(struct buf *b)
{
	if (b->len >= b->cap)
		b->len = b->cap - 1;
	b->s[b->len++] = '\n';
}

/* Lines are made where they wait: one that does not fit behind the others is
 * made again at the front, and one that does not fit there is named and left out. */
void log_line(const char *fmt, ...)
{
	size_t from;
	va_list ap;
	int fits = 0, tries;

	for (tries = 0; tries < 2 && !fits; tries++) {
		if (tries)
			log_flush();
		from = waiting.len;
		va_start(ap, fmt);
		fits = from < sizeof held - 1 && buf_vfmt(&waiting, fmt, ap);
		va_end(ap);
	}
	if (!fits)
		buf_puts(&waiting, "warning: a log line was too long and is left out");
	if (sink) {
		sink(held, waiting.len);
		buf_clear(&waiting);
		return;
	}
	end_line(&waiting);
	if (!holding)
		log_flush();
}

void log_buf(struct buf *line)
{
	if (sink || holding)
		log_line("%.*s", (int)line->len, line->s);
	else {
		end_line(line);
		put(log_fd, line->s, line->len);
	}
}

int log_safe(struct buf *b, const char *s, size_t n)
{
	size_t i;

	if (!buf_room(b, n))
		return 0;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n')
			c = '/';
		else if (c < 33 || c > 126 || c == '%')
			c = '_';
		b->s[b->len++] = (char)c;
	}
	return 1;
}

void log_sink(void (*line)(const char *s, size_t n))
{
	sink = line;
}

void log_stderr(const char *s, size_t n)
{
	char text[LINE_MAX_LOG + 1];
	struct buf b = BUF_OVER(text);

	if (buf_put(&b, s, n)) {
		end_line(&b);
		put(2, text, b.len);
	}
}

void say(const char *name, const char *fmt, ...)
{
	char text[1024];
	struct buf b = BUF_OVER(text);
	int e = errno;
	va_list ap;

	buf_fmt(&b, "%s: ", name);
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	if (*fmt && fmt[strlen(fmt) - 1] == ':')
		buf_fmt(&b, " %s", err_text(e));
	end_line(&b);
	put(2, text, b.len);
}

int say_usage(const char *name, const char *how)
{
	say(name, "usage: %s%s", name, how);
	return EXIT_PERM;
}
