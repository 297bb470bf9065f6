/* policy.h: who may send what to whom through mini-smtpd. Nothing without permission:
 * what control files and the rule's variables do not allow is refused. One connection a
 * process. */
#ifndef SERVE_POLICY_H
#define SERVE_POLICY_H
#include "../listen/peer.h"
#include "session.h"

/* Reads what the decisions need: control files (docs/man/qmta-control.5) and $RELAYCLIENT,
 * $DATABYTES, $MAXRECIPIENTS ... of this connection; p stays the caller's. Fills the
 * limits in s (databytes, rcpts_max, tarpit). 0 / -1 control_error(). */
int policy_load(struct session *s, const struct peer *p);
/* 1: this client may send to everybody: RELAYCLIENT, relayclients, a login, a certificate
 * (tlsclients). Asked again after STARTTLS and AUTH. */
int policy_relays(const struct session *s);
/* The four questions, as the callbacks of struct session: 0, or the reply that refuses.
 * connect is asked before the greeting: badip, badhost. HELO names and lists in the DNS
 * (dnsbl.h) are judged at RCPT, of those who have not logged in until then. */
const char *policy_connect(struct session *s);
const char *policy_helo(struct session *s);
const char *policy_sender(struct session *s, struct buf *addr);
const char *policy_rcpt(struct session *s, const struct buf *addr);
/* The seam for what else may be asked about one recipient (SPF, greylisting), last of all
 * and only for those who may not relay: 0, or the reply. */
extern const char *(*policy_more)(const struct session *s, const struct buf *rcpt);

#endif
