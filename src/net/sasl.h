/* sasl.h: SASL mechanisms, the client's side (RFC 4422): what to say, not how it travels
 * (deliver/auth.c does that). Strongest first: SCRAM-SHA-256-PLUS, SCRAM-SHA-256 (RFC 5802,
 * 7677, binding RFC 9266), SCRAM-SHA-1-PLUS, SCRAM-SHA-1, CRAM-MD5 (RFC 2195), PLAIN
 * (RFC 4616), LOGIN; with a token OAUTHBEARER (RFC 7628), XOAUTH2. Only with CFG_TLS.
 *
 * PLAIN, LOGIN and tokens show the secret to the server: whether it may be logged in to at
 * all is deliver/secure.h's question, asked before.
 * Names and passwords go as the bytes they are: no SASLprep (RFC 4013), whose tables are
 * larger than all of this, and which changes nothing in ASCII. A control character in
 * either is refused. */
#ifndef NET_SASL_H
#define NET_SASL_H
#include <stddef.h>
#include "login.h"

struct sasl {
	/* by the caller before sasl_begin() */
	const struct login *login;
	const char *only;	/* this mechanism alone ($AUTH_SMTP of the route), 0 or "" all */
	const char *host;	/* for OAUTHBEARER, 0 or "" none; port beside it */
	unsigned port;
	const unsigned char *binding;	/* 32 bytes of tls_binding(), 0 none */
	/* private */
	const struct mechanism *mech;
	int step, proven;
	char flag;		/* of SCRAM: 'p' bound, 'y' we could, the server could not, 'n' */
	char nonce[40];
	unsigned char signature[32];
	char said[120];		/* words with the server's in them */
};

/* Chooses among the server's mechanisms (n bytes, blank-separated, any case). Its name,
 * or 0: none that both can, with *why (a string that stays as long as s). */
const char *sasl_begin(struct sasl *s, const char *mechs, size_t n, const char **why);
/* What to say next, to a challenge (decoded) of n bytes, or at first to 0: raw bytes into
 * out, which is emptied first (heap or large enough: SASL_MAX). They may hold the secret:
 * wipe them. 1 said; 0 only for the first: the mechanism waits for a challenge; -1 the
 * server is wrong, with *why: cancel. */
#define SASL_MAX 16384
int sasl_step(struct sasl *s, const char *challenge, size_t n, struct buf *out, const char **why);
/* The server has said yes. 0; -1 with *why: it has not proven that it knows the password. */
int sasl_done(const struct sasl *s, const char **why);

#endif
