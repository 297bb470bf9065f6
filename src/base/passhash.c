/* passhash.c: crypt(3) of musl's, by the one door behind which there is SHA-512 alone. It
 * writes and reads the number of rounds with sprintf and strtoul, and the C library's would
 * bring 10 KB of streams and fractions along for that: so the Makefile takes the object out
 * of the library, and gives all three the names that they have here. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include "buf.h"
#include "passhash.h"
#include "text.h"

/* The object's own function, and the two that it calls. */
char *passhash_sha512(const char *key, const char *setting, char *output);
int passhash_put(char *to, const char *fmt, ...);
unsigned long passhash_number(const char *s, char **end, int base);

/* For "rounds=%u$" and "$6$%s%.*s$", of which it knows that they fit. */
int passhash_put(char *to, const char *fmt, ...)
{
	struct buf b = BUF_AT(to, 0, 128);
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	buf_z(&b);
	return (int)b.len;
}

/* For a number that begins with a digit; base is 10. */
unsigned long passhash_number(const char *s, char **end, int base)
{
	uint64_t v = 0;
	size_t n = text_u64(s, strlen(s), &v);

	(void)base;
	*end = (char *)s + n;
	return v > UINT32_MAX ? UINT32_MAX : (unsigned long)v;
}

int passhash_same(const char *password, const char *hash)
{
	char space[128];
	const char *made = passhash_sha512(password, hash, space);

	/* What it cannot do is "*", which is no hash. */
	return made && *made == '$' && strcmp(made, hash) == 0;
}
