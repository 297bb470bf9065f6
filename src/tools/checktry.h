/* checktry.h: one route by SMTP, tried, for check.c. */
#ifndef TOOLS_CHECKTRY_H
#define TOOLS_CHECKTRY_H

/* Asks every address of the route ('R' and a value, or 'M' and a domain) as far as RCPT,
 * each step told; send 1: the first that takes the recipient gets a message. 1 when one
 * took what it was asked to. */
int check_smtp(const char *route, const char *sender, const char *rcpt, int send);
/* The same for QMQP (its servers, or "" for those of the file), which has no trial: that
 * they are there, with TLS who they are. */
int check_qmqp(const char *servers);

#endif
