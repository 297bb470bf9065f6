/* buf.c: bytes with a length. Everything that builds a line, a header, a path
 * or a report does it here, so that no length is ever counted by hand. The
 * formatter knows only what mail needs; the C library's costs 18 KB more. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include "buf.h"

struct buf buf_at(char *s, size_t len, size_t cap)
{
	struct buf b = { s, len, cap, 0, 0, 0 };

	return b;
}

int buf_room(struct buf *b, size_t n)
{
	if (n <= b->cap - b->len)
		return 1;
	if (b->max > b->len && n <= b->max - b->len && buf_grow(b, b->len + n))
		return 1;
	b->full = 1;
	return 0;
}

int buf_put(struct buf *b, const void *p, size_t n)
{
	if (!buf_room(b, n))
		return 0;
	if (n)
		memcpy(b->s + b->len, p, n);
	b->len += n;
	return 1;
}

int buf_puts(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

int buf_putc(struct buf *b, int c)
{
	char ch = (char)c;

	return buf_put(b, &ch, 1);
}

int buf_z(struct buf *b)
{
	if (!buf_room(b, 1))
		return 0;
	b->s[b->len] = 0;
	return 1;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = 0;
}

static void put_number(struct buf *b, unsigned long long v, int neg,
	unsigned base, size_t width, char pad)
{
	char s[40];
	size_t n = sizeof s;

	do
		s[--n] = "0123456789abcdef"[v % base];
	while ((v /= base));
	if (neg && pad == ' ')
		s[--n] = '-';
	while (sizeof s - n < width - (neg && pad == '0') && n > 1)
		s[--n] = pad;
	if (neg && pad == '0')
		s[--n] = '-';
	buf_put(b, s + n, sizeof s - n);
}

/* One conversion; f points behind the '%'. Returns what follows it. A number is taken as
 * unsigned and is of one of the two sizes that there are on any machine. */
static const char *conversion(struct buf *b, const char *f, va_list *ap)
{
	size_t width = 0, most = SIZE_MAX, size = sizeof(int);
	unsigned long long v;
	char pad = ' ';
	const char *s;
	int neg;

	if (*f == '0')
		pad = *f++;
	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + (size_t)(*f - '0');
	if (f[0] == '.' && f[1] == '*') {
		most = (size_t)va_arg(*ap, int);
		f += 2;
	}
	for (; *f == 'l' || *f == 'z'; f++)	/* size_t is as wide as long */
		size = f[-1] == 'l' ? sizeof(long long) : sizeof(long);
	if (*f == 's') {
		s = va_arg(*ap, const char *);
		buf_put(b, s, strnlen(s, most));
	} else if (*f == 'c') {
		buf_putc(b, va_arg(*ap, int));
	} else if (*f == 'd' || *f == 'u' || *f == 'x') {
		v = size > sizeof(int) ? va_arg(*ap, unsigned long long) : va_arg(*ap, unsigned);
		if (*f == 'd' && size == sizeof(int))
			v = (unsigned long long)(int)v;
		neg = *f == 'd' && (long long)v < 0;
		put_number(b, neg ? 0 - v : v, neg, *f == 'x' ? 16 : 10, width, pad);
	} else
		buf_putc(b, *f);
	return *f ? f + 1 : f;
}

int buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	size_t was = b->len;
	int full = b->full;
	va_list aq;

	va_copy(aq, ap);
	b->full = 0;
	while (*fmt) {
		size_t n = strcspn(fmt, "%");

		buf_put(b, fmt, n);
		fmt += n;
		if (*fmt)
			fmt = conversion(b, fmt + 1, &aq);
	}
	va_end(aq);
	if (b->full)
		b->len = was;
	b->full |= full;
	return b->len != was || !b->full;
}

int buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vfmt(b, fmt, ap);
	va_end(ap);
	return r;
}

int buf_text(char *to, size_t cap, const char *fmt, ...)
{
	struct buf b = BUF_AT(to, 0, cap);
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vfmt(&b, fmt, ap) && buf_z(&b);
	va_end(ap);
	if (!r)
		*to = 0;
	return r;
}
