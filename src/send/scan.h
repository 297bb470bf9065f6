/* scan.h: new mail, and whether the queue is still the one that was opened. */
#ifndef SEND_SCAN_H
#define SEND_SCAN_H
#include <stdint.h>
#include "loop.h"

/* Whoever has put a message into todo/, or suspects so, sets want; the rest is read. */
extern struct scan {
	int want;		/* somebody pulled the trigger */
	int commands;		/* and said that there are lines for us; taken by the loop */
	int check;		/* is it still the same queue? asked with the next scan */
	int moved;		/* it is not: nothing is begun until scan_go_over has worked */
	int busy;		/* a scan is under way */
	int first;		/* todo/ has not been looked at yet */
	int64_t blind;		/* mono ms when what could not be read is tried again; 0 */
} scan;

/* Begins a scan that is due, or takes the next 256 entries of one that is under way,
 * so that answers never wait behind a large queue. now: mono ms. 1 when it has done
 * so, 0 when there was nothing to do. Troubles are logged once and tried again; they
 * set loop->broken in a one-shot run. */
int scan_on(struct loop *loop, int64_t now);
/* Mono ms when scan_on, or scan_go_over, has something to do; IO_FOREVER: when
 * something happens. in_flight: 1 while deliveries from the old queue run. */
int64_t scan_due(const struct loop *loop, int in_flight);
/* When scan.moved and nothing is in flight: opens and locks the directory that has
 * taken our queue's place and forgets the old one. What fails is tried again when
 * scan.blind says so. */
void scan_go_over(struct loop *loop);

#endif
