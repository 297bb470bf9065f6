/* tls_pool.h: what the tls_*.c share and nobody else sees: Mbed TLS's memory and its
 * random numbers. */
#ifndef NET_TLS_POOL_H
#define NET_TLS_POOL_H
#include <stddef.h>

/* Storage in place of malloc: one pool of fixed size, of which only what is used takes
 * memory. tls_calloc: zeroed, 0 when there is none. (tls_config.h has them for the
 * library.) */
void *tls_calloc(size_t n, size_t size);
void tls_free(void *p);
/* Most bytes that were ever in use. */
size_t tls_peak(void);

/* As the library wants it (f_rng): n random bytes at p; waits for the kernel's pool to
 * be seeded. 0 / -1. */
int tls_random(void *unused, unsigned char *p, size_t n);

#endif
