/* tls_suites.h: which ciphers are offered. Private to the tls_*.c. */
#ifndef NET_TLS_SUITES_H
#define NET_TLS_SUITES_H
#include "../base/buf.h"

enum { SUITES = 6 };	/* as many as tls_config.h has */

/* words as in control/tlsclientciphers. 0 and the list as the library wants it, its end is
 * 0; -1 with a sentence: it leaves none of ours. */
int suites_choose(int list[SUITES + 1], const char *words, struct buf *why);

#endif
