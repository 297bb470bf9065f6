/* routes.h: control/smtproutes, senderroutes and qmqproutes: who takes the mail for a
 * domain, or of a sender. What a value of the first two says: relay.h. */
#ifndef NET_ROUTES_H
#define NET_ROUTES_H
#include <stddef.h>

/* Reads these files once (again after routes_forget; when that fails the old ones stay).
 * 0 / -1: control_error(). */
int routes_load(void);
void routes_forget(void);
/* Line by line what nobody can use in smtproutes and senderroutes: a sentence that says
 * where and why, valid until the next call, without any secret; 0 at the end. *at: 0 at
 * first. A password in a file that others may read is such a thing, too. */
const char *routes_wrong(size_t *at);

/* The mail that is asked about next is from this sender, "" is the null one; alias is the
 * address that it leaves under, which may be the same or 0. Both stay the caller's and must
 * last until the next call. To be said again after routes_load. */
void routes_sender(const char *sender, const char *alias);
/* 1 when a line goes by senders, so that routes_sender() matters. */
int routes_by_sender(void);

/* Who takes the mail for this address of the domain. The first of: smtproutes' line about the
 * domain or about a suffix of it that begins with a dot; qmqproutes' the same; the
 * sender's line: his address in smtproutes ("@ann@example.net"), in senderroutes
 * ("ann@example.net"), then his domain ("@example.net"; in senderroutes "example.net" as
 * well), then the alias in the same way, the null sender being "!@"; the empty key of
 * smtproutes, of qmqproutes; where control/qmqpfallback is set, control/qmqpservers. A line
 * without a value is an answer, too: by MX.
 * 'R' and a value of relay.h, '!' and words when it is no usable one; 'Q' and servers,
 * blank-separated, "" those of the file; 'M' and the domain itself. Valid until the
 * next call of any of these functions. A value's /s and /r are made addresses: two recipients
 * whose logins may differ have two values. alone 1, for a program that has one message: nothing
 * goes by QMQP, and $SMTPROUTE is asked before all. */
char routes_find(const char **value, const char *domain, const char *rcpt, int alone);

#endif
