/* buf.h: bytes with a length, over the caller's array or on the heap. Every
 * put checks room and leaves the buffer as it was when there is none, so one
 * test at the end of a chain of puts is enough for the careful (`full`). */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *s;	/* the bytes; not NUL-terminated unless buf_z() was called */
	size_t len;	/* bytes in use */
	size_t cap;	/* bytes of storage at s */
	size_t max;	/* heap: may grow to this many bytes; 0: s is the caller's array */
	int full;	/* 1 after a put that did not fit or got no memory */
	int lent;	/* heap: s is still the caller's array, not yet the heap's */
};

/* Initialisers: over an array; the same for objects with static storage; over
 * cap bytes at s, len of them in use; on the heap with an upper bound in bytes;
 * over an array as long as that suffices (a small message needs no heap at all),
 * then on the heap. The first is a call, as 70 copies of six stores cost 2 KB. */
#define BUF_OVER(array) buf_at((array), 0, sizeof (array))
#define BUF_STATIC(array) { (array), 0, sizeof (array), 0, 0, 0 }
#define BUF_AT(s, len, cap) buf_at((s), (len), (cap))
#define BUF_HEAP(bound) { 0, 0, 0, (bound), 0, 0 }
#define BUF_GROW(array, bound) { (array), 0, sizeof (array), (bound), 0, 1 }

struct buf buf_at(char *s, size_t len, size_t cap);

/* All puts: 1 done; 0 no room or no memory: nothing was added and full is 1. */
int buf_put(struct buf *b, const void *p, size_t n);
int buf_puts(struct buf *b, const char *s);
int buf_putc(struct buf *b, int c);
/* printf's %s %c %d %u %x %% with l, ll and z, width with 0, and %.*s; nothing else. */
int buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vfmt(struct buf *b, const char *fmt, va_list ap);
/* The whole of it as a C string into the caller's array of cap bytes. 1; 0: it has no
 * room there, which now holds "". */
int buf_text(char *to, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Appends a NUL that len does not count, so that s is a C string. */
int buf_z(struct buf *b);
/* Makes room for n more bytes (heap only grows here). 1/0 as the puts. */
int buf_room(struct buf *b, size_t n);
/* For buf_room alone: storage for need bytes in all, below b->max. In a file of its
 * own (grow.c), so that a program may bring one that says no, and then has no
 * heap in it: qmail-queue does. 1/0. */
int buf_grow(struct buf *b, size_t need);
/* Empties (keeps storage) / gives heap storage back. */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

#endif
