/* sasl_scram.h: SCRAM (RFC 5802), for sasl.c alone. */
#ifndef NET_SASL_SCRAM_H
#define NET_SASL_SCRAM_H
#include "crypt.h"
#include "sasl.h"

/* Words of sasl.c. */
extern const char sasl_more[], sasl_unproven[];
/* As sasl_step(), with this digest. s->flag and s->nonce are set. */
int scram_step(struct sasl *s, enum digest d, const char *challenge, size_t n,
	struct buf *out, const char **why);
/* A name with ',' and '=' escaped (saslname of RFC 5802 5.1). */
void scram_name(struct buf *b, const char *name);

#endif
