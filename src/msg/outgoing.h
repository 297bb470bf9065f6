/* outgoing.h: what is different in a message when it leaves this host: a Date that
 * was made up before the clock was set, and addresses that control/generic has
 * another name for. The file of the queue is never rewritten: it is described
 * what to put where while its bytes go out.
 *
 * Whoever sends a message elsewhere calls outgoing_find() once it is known which
 * sender it goes with (VERP is expanded before), uses o->sender and o->size
 * instead of his own, and copies the message with the splices: at list[i].at, leave
 * out .cut bytes and put .n bytes from text.s + .from. The list is in the order
 * of the message, and nothing overlaps. deliver/body.c is the model. */
#ifndef MSG_OUTGOING_H
#define MSG_OUTGOING_H
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"
#include "../limits.h"

#define OUTGOING_MAX 64			/* addresses that are changed in one message */
#define OUTGOING_TEXT (256u << 10)	/* more than they can need */

struct splice { uint64_t at; size_t cut, from, n; };
struct outgoing {
	struct buf text;	/* BUF_HEAP(OUTGOING_TEXT) before the first call; may be used again */
	uint64_t size;		/* of the message as it goes out */
	unsigned n;
	struct splice list[OUTGOING_MAX + 3];	/* X-Original-From, Date, DKIM-Signature */
	const char *sender;	/* as given, or in here: */
	char renamed[ADDR_CAP + 1];
};

/* fd: the message, read by position: size bytes from start; -1: it cannot be read
 * twice, and only the sender is looked at. 0; else why the message must wait, a
 * string that stays until the next call. */
const char *outgoing_find(struct outgoing *o, int fd, off_t start, uint64_t size,
	const char *sender);

#endif
