/* inject.h: one message from descriptor 0 into the queue, or shown: what
 * qmail-inject and sendmail do once their options are read. */
#ifndef INJECT_INJECT_H
#define INJECT_INJECT_H
#include "../base/io.h"

enum inject_rcpts {
	RCPT_ARGS,	/* arguments only */
	RCPT_HEADER,	/* header only */
	RCPT_EITHER,	/* arguments if there are any, else header */
	RCPT_BOTH	/* the union of both */
};

/* $QMAILINJECT's letters, in the order of "csfirm". */
enum {
	LETTER_C = 1,	/* From as: addr (Name) */
	LETTER_S = 2,	/* Return-Path of the message is not believed */
	LETTER_F = 4,	/* From of the message is replaced */
	LETTER_I = 8,	/* Message-ID of the message is replaced */
	LETTER_R = 16,	/* an envelope sender per recipient */
	LETTER_M = 32	/* an envelope sender per message */
};

struct inject {
	const char *prog;	/* what messages to the user begin with */
	int sysexits;		/* answer with sysexits, else with 100 and 111 */
	enum inject_rcpts rcpts;
	int lists;		/* an argument is an address list, else one plain address */
	int print;		/* show the message on descriptor 1 instead of queueing it */
	int verify;		/* only complete the arguments and show them */
	int dots;		/* a lone dot ends a message typed at a terminal */
	int from_sender;	/* a From that is made shows the sender, not the user */
	const char *sender;	/* as given; "" or "<>" is the null sender; 0: not given */
	const char *name;	/* full name; 0: from the environment */
	unsigned letters;	/* besides those of $QMAILINJECT */
	char **args;		/* nargs of them */
	int nargs;
};

/* Where the message comes from, for an applet that has read its beginning already, or
 * puts something in front of it: what is in there unread, then its descriptor. 0: from
 * descriptor 0. */
extern struct in *inject_input;

/* Returns the exit code; 0 only when the message is safe. Says on descriptor 2
 * what is wrong, and nothing on success. Reads $QMAIL*, $MAIL* and the control
 * files, those that this message needs. */
int inject_run(const struct inject *o);

#endif
