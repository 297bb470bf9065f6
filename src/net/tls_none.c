/* tls_none.c: stands in for the other tls_*.c where CFG_TLS is 0. */
#include "tls.h"

enum tls_result tls_start(int fd, const struct tls_want *want, int64_t at,
	struct tls_seen *seen, struct buf *why)
{
	(void)fd;
	(void)want;
	(void)at;
	(void)seen;
	buf_puts(why, "TLS is not built into this program");
	return TLS_LOCAL;
}

const char *tls_name(void)
{
	return "none";
}
