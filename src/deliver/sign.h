/* sign.h: a DKIM signature in front of a message that leaves by SMTP. Only with CFG_DKIM. */
#ifndef DELIVER_SIGN_H
#define DELIVER_SIGN_H
#include "smtp.h"

/* Signs what body_put() will send, and makes the DKIM-Signature field the first of m->fix's
 * changes; m->fix->size grows by it. Nothing, if control/dkim has no line for the domain of
 * its From, or it has that domain's signature. To be called for each server, once all
 * is known that changes the message for it. 0 to go on; 'Z' with the words. */
char sign_mail(struct smtp *s, struct mail *m);

#endif
