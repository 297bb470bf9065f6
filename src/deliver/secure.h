/* secure.h: what the connection to a host asks of TLS, and its beginning: at once where the
 * port is 465 (RFC 8314), else by STARTTLS (RFC 3207). */
#ifndef DELIVER_SECURE_H
#define DELIVER_SECURE_H
#include "smtp.h"

/* Before connecting: reads the options of s->relay, control files, CERTDIR, and for a host
 * that comes from a list which DNSSEC vouches for (dane 1) its TLSA records. host: the name
 * or address connected to, "" for a command; valid until TLS is begun. 0; -1 with the words
 * in s->report: nobody is to be asked. */
int secure_find(struct smtp *s, const char *host, unsigned port, int dane);
/* On the new connection, before the greeting. 1 go on; 0 with the words. */
int secure_begin(struct smtp *s);
/* After EHLO. 1 go on as it is; 2 TLS is on, and what EHLO said before is void; 0 with the
 * words; -1 again on a new connection, where it will be 1: TLS does not work there, and
 * nobody asked for it. */
int secure_starttls(struct smtp *s);
/* 1 when the login may be shown to who is there. */
int secure_enough(const struct smtp *s);
/* 1 when the relay has a login. */
int secure_login(const struct relay *r);

#endif
