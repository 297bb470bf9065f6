/* verifier.h: what is kept of a user's password, so that it can be proven and not read: a
 * line of control/smtpauth behind "user:". Only with CFG_TLSD. */
#ifndef NET_VERIFIER_H
#define NET_VERIFIER_H
#include <stddef.h>
#include "../base/buf.h"

#define VERIFIER_SALT 64
#define VERIFIER_TEXT 256
#define VERIFIER_ROUNDS 10000	/* of those that are made here */

struct verifier {
	enum verifier_kind {
		VERIFIER_NONE,	/* no password fits */
		VERIFIER_SCRAM,	/* {SCRAM-SHA-256}rounds,salt,stored,server (RFC 5803's parts) */
		VERIFIER_HASH,	/* $6$...: crypt(3) */
		VERIFIER_CLEAR	/* {PLAIN}password: for CRAM-MD5, which needs it */
	} kind;
	int nobody;	/* the caller's, once parsed: 1 it is another user's, and no password fits */
	unsigned rounds;
	size_t salt_len;
	unsigned char salt[VERIFIER_SALT], stored[32], server[32];
	char text[VERIFIER_TEXT];	/* of HASH and CLEAR */
};

/* The n bytes behind "user:". 1; 0 they are none of these: v is VERIFIER_NONE. */
int verifier_parse(struct verifier *v, const char *s, size_t n);
/* Once parsed: what SCRAM needs and this line does not have, the salt from mac, which is of
 * the user's name; for `nobody` a salt of that name, too, and keys that nothing fits.
 * 0 / -1 no randomness, no memory. */
int verifier_ready(struct verifier *v, const unsigned char mac[32]);
/* 1 the password of n bytes is the right one, 0 it is not, -1 no memory. */
int verifier_check(const struct verifier *v, const char *password, size_t n);
/* A new one in the first form, appended to line. 1; 0 no randomness, no memory, no room. */
int verifier_make(struct buf *line, const char *password, size_t n);

#endif
