/* link.h: the bytes of one connection, with or without TLS. All of SMTP and QMQP goes
 * through here; what a build without TLS makes of it is base/io alone. As the io_*_by
 * functions of base/io.h. */
#ifndef NET_LINK_H
#define NET_LINK_H
#include <poll.h>
#include <unistd.h>
#include "config.h"
#include "tls.h"
#include "../base/io.h"

static inline ssize_t link_read(int fd, void *p, size_t n, int64_t at)
{
	return CFG_TLS && tls_on(fd) ? tls_read(fd, p, n, at) : io_read_by(fd, p, n, at);
}

static inline int link_write(int fd, const void *p, size_t n, int64_t at)
{
	return CFG_TLS && tls_on(fd) ? tls_write(fd, p, n, at) : io_write_by(fd, p, n, at);
}

/* 1 when the other side has said something or is gone. Never waits. */
static inline int link_pending(int fd)
{
	return CFG_TLS && tls_on(fd) ? tls_pending(fd) : io_wait(fd, POLLIN, 0) != 0;
}

/* Closes it, with TLS's goodbye. */
static inline void link_close(int fd)
{
	if (CFG_TLS && tls_on(fd))
		tls_stop(fd);
	close(fd);
}

#endif
