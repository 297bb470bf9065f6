/* dkim.h: the text side of a DKIM signature (RFC 6376, relaxed/relaxed): what of a message
 * is signed, in the form in which it is hashed, and the field that says so. Digests, keys
 * and files are deliver/sign.c's. */
#ifndef MSG_DKIM_H
#define MSG_DKIM_H
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"

/* Bytes of signed fields that are kept. A name whose fields do not fit is not signed; the
 * last quarter is From's alone. */
#define DKIM_FIELDS 65536
#define DKIM_NAME 28		/* longer than every name that is signed */

/* Zeroed, but for the first three, before dkim_put(). */
struct dkim {
	void (*hash)(void *arg, const void *p, size_t n);	/* gets what is to be hashed */
	void *arg;
	struct buf kept;	/* BUF_HEAP(DKIM_FIELDS); the caller frees it */
	/* private */
	enum { DKIM_IN_NAME, DKIM_SKIP, DKIM_VALUE, DKIM_BODY } part;
	int cr, inside, blank;	/* a CR was the last byte; inside a line; blanks are due */
	int text;		/* the body is not empty */
	uint32_t field, start;	/* whose value is being kept: its number; where in kept */
	uint32_t lost;		/* bits of names that had no room */
	uint64_t ends;		/* line ends that are due in the body */
	size_t len;		/* of the name, later of out */
	char name[DKIM_NAME], out[256];
};

/* The next bytes of the message; LF, CR LF and CR alone are line ends, as deliver/blast.h
 * sends them, and dots are single. Behind the first empty line, hash() gets the body. */
void dkim_put(struct dkim *d, const char *s, size_t n);
/* The end of the message: the rest of the body to hash(). */
void dkim_end(struct dkim *d);

/* All of these after dkim_end(). */
/* Puts the domain of From's first address (of the lowest From) into b, NUL-terminated. 1;
 * 0 there is none; -1 From was too long to be kept. */
int dkim_domain(const struct dkim *d, struct buf *b);
/* 1 when it has a DKIM-Signature of this domain already. */
int dkim_has(const struct dkim *d, const char *domain);
/* Puts the whole field up to its last tag, "b=", behind what is in b, and gives hash() what
 * is to be signed (RFC 6376 3.7). body: base64 of the body's hash; t: seconds since 1970, 0
 * not known. The signature's base64 is to follow, in lines that begin with a blank, and a
 * LF. 1; 0 no room in b. */
int dkim_field(struct dkim *d, struct buf *b, const char *domain, const char *selector,
	uint64_t t, const char *body);

#endif
