/* tls.h: the one door to TLS. tls_mbed.c is the only file that knows Mbed TLS;
 * tls_none.c stands in for it when CFG_TLS is 0. */
#ifndef NET_TLS_H
#define NET_TLS_H

/* What `--version` says: "none", or the library's name and version. */
const char *tls_name(void);

#endif
