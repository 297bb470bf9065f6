/* guest.h: the one client that a process of mini-smtpd has, on descriptors 0 and 1. */
#ifndef SERVE_GUEST_H
#define SERVE_GUEST_H

struct guest {
	const char *name;	/* in messages */
	char **program;		/* a checkpassword and its arguments, or 0 */
	int listens;		/* 1: a child of our own listener */
};
/* From the greeting to the end; arg is the struct guest. Signals have their default. The
 * process's exit code: 0 it said QUIT, 1 it did not, EXIT_TEMP the settings cannot be used. */
int guest_serve(void *arg);

#endif
