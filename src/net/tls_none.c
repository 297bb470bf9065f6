/* tls_none.c: stands in for tls_mbed.c where CFG_TLS is 0. */
#include "tls.h"

const char *tls_name(void)
{
	return "none";
}
