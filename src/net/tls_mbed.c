/* tls_mbed.c: the only file that knows Mbed TLS. */
#include <mbedtls/version.h>
#include "tls.h"

const char *tls_name(void)
{
	return MBEDTLS_VERSION_STRING_FULL;
}
