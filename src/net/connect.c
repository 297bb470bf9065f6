/* connect.c: one connection with a deadline, for every client of ours. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "connect.h"
#include "../base/control.h"
#include "../base/io.h"
#include "../base/text.h"
#include "../limits.h"

static struct addr *of(struct source *src, const struct addr *a)
{
	return src->a + (a->u.sa.sa_family == AF_INET6);
}

enum ip ip_word(const char *s, size_t n)
{
	return (enum ip)text_index("4\0" "6\0" "4only\0" "6only\0", s, n);
}

int source_load(struct source *src)
{
	struct buf b = BUF_HEAP(CONTROL_MAX);
	struct addr a;
	size_t i, n;

	memset(src, 0, sizeof *src);
	if (control_line(&b, "ipprefer") < 0)
		return -1;
	if (b.len && !(src->ip = ip_word(b.s, b.len)))
		return control_wrong("ipprefer", "not 4, 6, 4only, 6only");
	if (control_list(&b, "outgoingip") < 0)
		return -1;
	for (i = 0; i < b.len; i += n + 1) {
		n = strlen(b.s + i);
		if (addr_parse(&a, b.s + i, n) && !of(src, &a)->u.sa.sa_family)
			*of(src, &a) = a;
	}
	buf_free(&b);
	return 0;
}

static int start(int fd, const struct addr *to, struct source *src, int64_t at)
{
	const struct addr *from = src ? of(src, to) : 0;
	socklen_t len = sizeof (int);
	int on = 1, err = 0, r;

	if (from && from->u.sa.sa_family && bind(fd, &from->u.sa, addr_len(from)))
		return -1;
	/* The body and its end may leave in two writes: without this the second
	 * waits 40 ms for the peer's delayed ACK. Says no to a datagram. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	do
		r = connect(fd, &to->u.sa, addr_len(to));
	while (r < 0 && errno == EINTR);
	if (!r)
		return 0;
	if (errno != EINPROGRESS && errno != EALREADY)
		return -1;
	r = io_wait(fd, POLLOUT, at);
	if (!r)
		err = ETIMEDOUT;
	else if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -1;
	errno = err;
	return err ? -1 : 0;
}

int connect_to(const struct addr *to, int type, struct source *src, int64_t at)
{
	int fd = (int)syscall(SYS_socket, to->u.sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && start(fd, to, src, at))
		fd = io_close(fd);
	return fd;
}
