/* text.c: numbers and ASCII strings without locale, recursion or allocation. */
#include <string.h>
#include "text.h"

size_t text_u64(const char *s, size_t n, uint64_t *v)
{
	uint64_t x = 0;
	size_t i;

	for (i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
		unsigned d = (unsigned)(s[i] - '0');

		if (x > (UINT64_MAX - d) / 10)
			return 0;
		x = x * 10 + d;
	}
	if (i)
		*v = x;
	return i;
}

int text_is_u64(const char *s, size_t n, uint64_t *v)
{
	return n > 0 && text_u64(s, n, v) == n;
}

int text_id(const char *s, unsigned *id)
{
	uint64_t v;

	/* The last number is nobody at all: chown(2) and its like take it for "leave it". */
	if (!text_is_u64(s, strlen(s), &v) || v >= UINT32_MAX)
		return 0;
	*id = (unsigned)v;
	return 1;
}

int text_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

void text_make_lower(char *s, size_t n)
{
	for (; n--; s++)
		*s = (char)text_lower((unsigned char)*s);
}

int text_caseeq(const char *a, size_t n, const char *b, size_t m)
{
	size_t i;

	if (n != m)
		return 0;
	for (i = 0; i < n; i++)
		if (text_lower((unsigned char)a[i]) != text_lower((unsigned char)b[i]))
			return 0;
	return 1;
}

int text_casestarts(const char *s, size_t n, const char *prefix)
{
	size_t m = strlen(prefix);

	return n >= m && text_caseeq(s, m, prefix, m);
}

size_t text_index(const char *list, const char *s, size_t n)
{
	size_t i = 1, m;

	for (; (m = strlen(list)); list += m + 1, i++)
		if (text_caseeq(s, n, list, m))
			return i;
	return 0;
}

int text_8bit(const char *s, size_t n)
{
	while (n)
		if (s[--n] & 0x80)
			return 1;
	return 0;
}

size_t text_rchr(const char *s, size_t n, int c)
{
	size_t i = n;

	while (i > 0)
		if ((unsigned char)s[--i] == (unsigned char)c)
			return i;
	return n;
}

size_t text_span(const char *s, const char *set)
{
	size_t n = 0;

	while (s[n] && strchr(set, s[n]))
		n++;
	return n;
}

int text_copy(char *to, size_t cap, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!n || n >= cap)
		return 0;
	memcpy(to, s, n + 1);
	return 1;
}

const char *text_line(const char *all, const char *name)
{
	size_t n = strlen(name);

	for (; *all; all += strcspn(all, "\n"), all += *all != 0)
		if (strnlen(all, n) == n && !memcmp(all, name, n))
			return all + n;
	return 0;
}

size_t text_dir(const char *path)
{
	size_t n = strlen(path), slash;

	while (n > 1 && path[n - 1] == '/')
		n--;
	slash = text_rchr(path, n, '/');
	return slash < n ? slash + 1 : 0;
}

size_t text_trim(const char *s, size_t n)
{
	while (n && memchr(" \t\r\n", s[n - 1], 4))
		n--;
	return n;
}

uint64_t text_hash(const char *s, size_t n)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned)text_lower((unsigned char)s[i])) * 1099511628211u;
	return h;
}

uint64_t text_isqrt(uint64_t x)
{
	uint64_t r = 0, bit = (uint64_t)1 << 62;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= r + bit) {
			x -= r + bit;
			r = (r >> 1) + bit;
		} else
			r >>= 1;
	}
	return r;
}
