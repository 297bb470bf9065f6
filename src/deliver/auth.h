/* auth.h: the login to a relay (RFC 4954). Only with CFG_TLS. */
#ifndef DELIVER_AUTH_H
#define DELIVER_AUTH_H
#include "smtp.h"

/* After the last EHLO. 1: logged in, or the relay has no login; 0 with the words in
 * s->report: it has one, and without it no mail goes there. */
int auth_login(struct smtp *s);

#endif
