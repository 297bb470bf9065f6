/* tls_pool_libc.c: the memory of Mbed TLS from malloc, where a sanitizer or the host's
 * tools are to see every block. */
#include <stdlib.h>
#include "tls_pool.h"

void *tls_calloc(size_t n, size_t size)
{
	return calloc(n, size);
}

void tls_free(void *p)
{
	free(p);
}

size_t tls_peak(void)
{
	return 0;
}
