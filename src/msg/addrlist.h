/* addrlist.h: address lists of header fields and arguments, RFC 5322 section 3.4,
 * read and rewritten the way the qmail family does. */
#ifndef MSG_ADDRLIST_H
#define MSG_ADDRLIST_H
#include <stddef.h>
#include "../base/buf.h"

enum addr_name { ADDR_HOST, ADDR_DOMAIN, ADDR_PLUS, ADDR_ME };	/* defaulthost and so on */
enum addr_result {
	ADDR_OK = 1,
	ADDR_BAD = 0,		/* the text is not a list of addresses */
	ADDR_NOMEM = -1,	/* `out` is full, or each() said so */
	ADDR_NONAME = -2	/* name() had no answer */
};

/* What completes an address. name() is asked only when an address needs the
 * answer; it returns a C string that stays, or 0. Without rules addresses are
 * taken as they stand. */
struct addr_rules {
	const char *(*name)(void *arg, enum addr_name which);
	void *arg;
};

/* One pass over a list. out, when not 0, gets the list as a header shows it:
 * completed, refilled to 80 columns, comments and names kept; the caller has
 * put the field's name and colon there and gives in `line` where that line
 * starts. each(), when not 0, is called for every address in the order of the
 * text, without quoting, n 0 for <>; it returns 1, or 0 to stop (ADDR_NOMEM). */
struct addr_list {
	const struct addr_rules *rules;
	struct buf *out;
	size_t line;
	int (*each)(void *arg, const char *addr, size_t n);
	void *arg;
	/* For each(): the address was written without a host; and where in the text
	 * it stands (from its first byte to behind its last, without <>). */
	int bare;
	size_t from, to;
};
/* On any result but ADDR_OK, out holds a part that the caller cuts off and
 * each() may have been called for the first few. */
enum addr_result addr_list(struct addr_list *l, const char *s, size_t n);

/* Completes one address that is not part of a header (an argument, a variable):
 * no quoting, the host follows the last @. addr is changed in place. */
enum addr_result addr_complete(struct buf *addr, const struct addr_rules *rules);

#endif
