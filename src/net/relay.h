/* relay.h: control/smtproutes and control/qmqproutes: who takes the mail for a domain. */
#ifndef NET_RELAY_H
#define NET_RELAY_H
#include <stddef.h>
#include "../base/buf.h"

/* Reads these files once (again after relay_forget). 0 / -1: control_error(). */
int relay_load(void);
void relay_forget(void);
/* Value for the domain: looked up as it is, then each suffix that begins with a
 * dot, then the empty key; first hit wins. 0 when there is none or its value is
 * empty (use MX). Else "relay[:port...][ more fields]", valid until the next load. */
const char *relay_find(const char *domain, size_t n);

/* The same for a recipient: a line of smtproutes, else one of qmqproutes, else, where
 * control/qmqpfallback is set, control/qmqpservers; a line without a value is an answer,
 * too: by MX. 'R' and the value as above; 'Q' and servers, blank-separated, "" those of
 * the file; 'M' and the domain itself. */
char relay_route(const char **value, const char *domain, size_t n);

/* Takes a value apart: host (brackets removed) and port (25 when absent or not a
 * number 1..65535). "relay", "relay:port", "[v6]", "[v6]:port". 0, or -1 when
 * there is no usable host. */
int relay_parse(const char *value, char *host, size_t cap, unsigned *port);

#endif
