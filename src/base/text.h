/* text.h: numbers and ASCII strings. Nothing here knows a locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H
#include <stddef.h>
#include <stdint.h>

/* Leading decimal digits of the n bytes at s into *v. Returns how many bytes
 * were digits; 0 when there is none or the number does not fit 64 bits. */
size_t text_u64(const char *s, size_t n, uint64_t *v);
/* 1 when all of the n bytes are digits of a number that fits. */
int text_is_u64(const char *s, size_t n, uint64_t *v);
/* A user or group number, the whole C string: 1 and *id, or 0. */
int text_id(const char *s, unsigned *id);
/* ASCII only, never signed char. */
int text_lower(int c);
void text_make_lower(char *s, size_t n);
/* 1 when the n bytes at a and the m bytes at b are equal, case-blind. */
int text_caseeq(const char *a, size_t n, const char *b, size_t m);
/* 1 when the n bytes at s begin with the C string prefix, case-blind. */
int text_casestarts(const char *s, size_t n, const char *prefix);
/* Which of the words at list, each ending in NUL and the last in another one, the n bytes
 * are, case-blind: from 1; 0 none. */
size_t text_index(const char *list, const char *s, size_t n);
/* 1 when one of the n bytes is not ASCII. */
int text_8bit(const char *s, size_t n);
/* Position of the last byte c in the n bytes, or n when there is none. */
size_t text_rchr(const char *s, size_t n, int c);
/* How many bytes at s are bytes of set: strspn(3), of which this uses less. */
size_t text_span(const char *s, const char *set);
/* The C string s to `to`, which has room for cap bytes. 1; 0 there is none (s 0 or
 * empty), or it does not fit. */
int text_copy(char *to, size_t cap, const char *s);
/* Of the lines of `all` the first that begins with name: what is behind that. 0: none. */
const char *text_line(const char *all, const char *name);
/* Length of the directory's part of a path, with its '/': 2 for "./Maildir/", 0 for "x". */
size_t text_dir(const char *path);
/* Length without trailing spaces, tabs, CR and LF. */
size_t text_trim(const char *s, size_t n);
/* FNV-1a over the n bytes, ASCII letters lowered: for tables, not for secrets. */
uint64_t text_hash(const char *s, size_t n);
/* Floor of the square root. */
uint64_t text_isqrt(uint64_t x);

#endif
