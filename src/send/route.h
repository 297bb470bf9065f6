/* route.h: where a recipient goes. */
#ifndef SEND_ROUTE_H
#define SEND_ROUTE_H
#include <stddef.h>
#include <stdint.h>
#include "../queue/job.h"
#include "../queue/queue.h"

struct route {
	enum qchan chan;
	size_t len;			/* of addr */
	uint64_t hash;			/* of via; 0 for local; ROUTE_QMQP is set for 'Q' alone */
	unsigned copies;		/* addresses that get it: 1, or as many as adminaddr has */
	char addr[2 * ADDR_CAP];	/* as rewritten, NUL-terminated */
	char via[ROUTE_CAP];	/* remote: "Mdomain", "Rrelay...", "Qservers"; local: "" */
};
enum { ROUTE_QMQP = 1 };

/* Recipients of the calls that follow are those of mail from this sender, as the queue has
 * it: a line of smtproutes or senderroutes may be about him. */
void route_sender(const char *sender);

/* Rewrites and routes the n bytes at addr (the order of control files is the
 * qmail family's: envnoathost, percenthack, locals, virtualdomains, smtproutes,
 * qmqproutes, senderroutes: net/routes.h).
 * A user of this host is adminaddr instead, which is routed in its turn; of several
 * addresses it is the one of number `copy`, from 0; the others are asked for right
 * after that one.
 * 0, -1 when the rewritten address is too long to be delivered, or -2 when it must
 * wait: an alias that decides it cannot be read. */
int route_copy(struct route *r, const char *addr, size_t n, unsigned copy);
/* The first of them. */
int route_find(struct route *r, const char *addr, size_t n);
/* The same for an address that was rewritten before (a settled message): its
 * channel stands, only who takes it is looked up again. */
int route_again(struct route *r, enum qchan c, const char *addr, size_t n);
/* The part of a local address that virtualdomains put in front, in bytes: what a
 * bounce must not show. 0 when there is none. */
size_t route_prefix(const char *addr, size_t n);

#endif
