/* body.h: a message as it leaves: its bytes with what is changed in them, and as an
 * SMTP session sends them. */
#ifndef DELIVER_BODY_H
#define DELIVER_BODY_H
#include "smtp.h"

/* The message as it is sent: with what m->fix puts into it, and made to fit the server
 * (m->plan). It can be read as often as wanted and is always the same, but only one at
 * a time. Line ends are LF, CR LF or a CR alone, as in the message. */
struct pieces {
	const struct mail *m;
	const struct splice *x;
	uint64_t done;
	const char *p;		/* what is to be refitted */
	size_t n;
};
void pieces_begin(struct pieces *b, const struct mail *m);
/* The next bytes at *p, valid until the next call: how many, 0 the end, -1 it cannot be
 * read or is shorter than it was. They may be in s->window. */
ssize_t pieces_next(struct smtp *s, struct pieces *b, const char **p);

/* What is in the message, and what has to be changed for a server that can do `caps`:
 * m->plan, m->eight. It is read once. */
void body_plan(struct smtp *s, struct mail *m);
/* Encodes the message. The end mark stays in the buffer, so that a short message
 * leaves in one write. 0; -1 the connection; -2 the message is not readable or
 * not as long as it was: it must not be ended, or half a mail would arrive. */
int body_put(struct smtp *s, struct mail *m);

#endif
