/* conf.h: the control files of the runner. */
#ifndef SEND_CONF_H
#define SEND_CONF_H
#include <stdint.h>
#include "../base/buf.h"

struct conf {
	/* read again on HUP */
	struct buf locals, envnoathost, percenthack, virtualdomains;
	uint64_t limit[2];	/* concurrencylocal, concurrencyremote; 0 = held */
	uint64_t hold[2];
	uint64_t timeoutlocal;	/* seconds a local delivery may take, 1 to a day */
	uint64_t timeoutremote;	/* seconds a QMQP server may take */
	/* read once; bouncefrom stays the first of them */
	struct buf bouncefrom, bouncehost, bouncesubject, doubleto, doublehost;
	struct buf bouncemessage, doublemessage, doublesubject, bounceformat;
	struct buf bouncerules;	/* bounce.envrules */
	uint64_t lifetime, bouncelifetime, bouncemaxbytes, bouncemax;
	int dsn;		/* bounceformat: RFC 3464 */
};
extern struct conf conf;
extern unsigned conf_serial;	/* how often it was reread: routes found before may be others now */

/* Reads all of it. 0; -1: control_error() says what; 1: neither locals nor me exist. */
int conf_read(void);
/* HUP: what may change while messages are under way (locals, virtualdomains,
 * percenthack, envnoathost, smtproutes, qmqproutes, qmqpfallback, adminaddr,
 * allmailfrom, holds, limits and timeoutlocal; qmqpservers is read by new workers).
 * -1: the old stays in force. */
int conf_reread(void);

#endif
