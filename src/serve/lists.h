/* lists.h: the administrator's lists about clients, senders and recipients: control/NAME,
 * or the file that the variable of the same name in capitals names. Each is read when it
 * is asked for, and not kept. */
#ifndef SERVE_LISTS_H
#define SERVE_LISTS_H
#include <stddef.h>
#include <stdint.h>
#include "../net/addr.h"

enum list_answer { LIST_ERROR = -1, LIST_NO, LIST_YES, LIST_ABSENT };

/* Is the n bytes s (an address, a host, a HELO name), or ip where that is not 0 and s its
 * text, in the list? Of the lines that match the last one decides: a line that begins
 * with ! says no. LIST_ABSENT: there is no such file; LIST_ERROR: control_error(). Lines:
 *   exact, or with * ? [a-z] (wild_match); case-blind
 *   @host (patterns, too): all of a host        .suffix: all hosts that end so
 *   of ip: one address; "10.1." IPv4 that begin so; 10.0.0.0/8, 2001:db8::/32
 * value (may be 0): what stands behind a line's only colon, which is cut off, as in
 * relayclients; valid until the next call. */
enum list_answer list_has(const char *name, const char *s, size_t n,
	const struct addr *ip, const char **value);
/* Is the host of n bytes, in lower or upper case, listed in rcpthosts or
 * morercpthosts.cdb? By name, or by a suffix that begins with a dot. As above;
 * LIST_ABSENT: there is no rcpthosts, so nothing is. */
enum list_answer list_rcpthost(const char *host, size_t n);
/* Is the n bytes key, in lower case, in control/NAME.cdb? As above. */
enum list_answer list_cdb(const char *name, const char *key, size_t n);
/* A number: the variable, else control/NAME; v stays when there is none. 0 / -1. */
int list_num(uint64_t *v, const char *name);

#endif
