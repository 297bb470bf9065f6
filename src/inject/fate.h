/* fate.h: how an injection can end, and the exit number each caller gets. */
#ifndef INJECT_FATE_H
#define INJECT_FATE_H

enum fate {
	FATE_DONE,
	FATE_USAGE,	/* called the wrong way, or no recipient given */
	FATE_DATA,	/* the message or an address is not acceptable */
	FATE_NOINPUT,	/* there is no message to read */
	FATE_NONAME,	/* this host's name is not configured */
	FATE_LATER,	/* trouble that may pass: memory, disk, configuration, queue */
	FATE_REFUSED,	/* the queue refuses for good */
	FATE_IO,	/* reading the message or showing it failed */
	FATE_ABSENT	/* that part of the program is not built in */
};

/* Exit number: of sendmail (sysexits) or of qmail-inject (100, 111). */
int fate_exit(enum fate f, int sysexits);
/* What became of a submission that ended with this number, not 0; permanent as
 * submit_permanent() says. */
enum fate fate_queue(int code, int permanent);

#endif
