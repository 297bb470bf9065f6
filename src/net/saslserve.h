/* saslserve.h: SASL mechanisms, the server's side (RFC 4422): PLAIN (RFC 4616), LOGIN,
 * CRAM-MD5 (RFC 2195), SCRAM-SHA-256 and -PLUS (RFC 5802, 7677, binding RFC 9266). What to
 * ask and whether the answer is right, not how it travels (serve/login.c). CFG_TLSD only. */
#ifndef NET_SASLSERVE_H
#define NET_SASLSERVE_H
#include <stddef.h>
#include "verifier.h"

#define SASL_USER 256		/* a name and its NUL */
#define SASL_SAID 1536		/* bytes of one answer that are looked at */

/* The mechanisms, as bits: which are offered. */
enum { MECH_PLAIN = 1, MECH_LOGIN = 2, MECH_CRAM = 4, MECH_SCRAM = 8, MECH_PLUS = 16 };

struct saslserve {
	/* ---- by the caller before saslserve_begin(); the rest is 0 ---- */
	unsigned offered;	/* MECH_ bits */
	const unsigned char *binding;	/* 32 bytes of tls_binding(); needed for MECH_PLUS */
	const char *host;	/* our name, for CRAM-MD5 */
	/* What is kept of this user's password: 0; -1 that cannot be told now. Of a user who
	 * is not there it is another one's, as `nobody`: it looks the same, and is as slow. */
	int (*find)(void *arg, const char *user, struct verifier *v);
	/* Is this the password: 1, 0, -1 that cannot be told now. */
	int (*check)(void *arg, const char *user, const char *password, size_t n);
	void *arg;
	/* ---- to read ---- */
	char user[SASL_USER];	/* after SASL_RIGHT, and after SASL_WRONG as far as it was said */
	/* ---- private ---- */
	unsigned mech, step;
	struct verifier v;
	size_t bare, nonce_at;	/* SCRAM: in said */
	char head[64];		/* gs2-header */
	char said[2048];	/* AuthMessage so far; CRAM-MD5's challenge */
	size_t said_len;
};

enum sasl_state {
	SASL_ASK,	/* the challenge is in out */
	SASL_RIGHT,
	SASL_WRONG,	/* the password or the proof */
	SASL_DAMAGED,	/* no such mechanism's words */
	SASL_LATER	/* it cannot be told now */
};

/* Of a name of n bytes, any case: 1 it is offered; 0 it is not. */
int saslserve_begin(struct saslserve *s, const char *mech, size_t n);
/* The next, to what the client has said (n bytes, decoded); said 0: nothing yet. out is
 * emptied first and has room for SASL_SAID bytes. */
enum sasl_state saslserve_step(struct saslserve *s, const char *said, size_t n, struct buf *out);
/* Names of the offered, blank-separated, strongest first, NUL-terminated. 1/0 */
int saslserve_list(struct buf *b, unsigned offered);

#endif
