/* ask.c: a stub resolver: one question at a time, over UDP and, when the answer
 * does not fit, TCP (RFC 1035 4.2). In place of the C library's, which is right
 * too but five times as large. A forged answer has to guess the kernel's random
 * port and our random number, and to echo the question. */
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "config.h"
#include "ask.h"
#include "connect.h"
#include "../base/clock.h"
#include "../base/text.h"

#define HEADER 12
#define QUESTION 300	/* the longest name, and what stands around it */

/* ---- files ---- */

int lines_open(struct lines *l, const char *name)
{
	int fd = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	l->in = (struct in)IN_OVER(fd, l->window);
	return 0;
}

char *lines_next(struct lines *l)
{
	size_t n = 0;
	int c, comment = 0;

	while ((c = in_getc(&l->in)) >= 0 && c != '\n') {
		comment |= c == '#' || c == ';';
		if (!comment && c && n < sizeof l->line - 1)
			l->line[n++] = c;
	}
	l->line[n] = 0;
	if (c < 0 && !n) {
		close(l->in.fd);
		return 0;
	}
	return l->line;
}

char *word_next(char **p)
{
	char *w = *p + text_span(*p, " \t\r"), *end = w + strcspn(w, " \t\r");

	*p = *end ? end + 1 : end;
	*end = 0;
	return *w ? w : 0;
}

/* Number of the network interface, 0 when there is none of that name. */
static unsigned interface(const char *name)
{
	struct ifreq r = { 0 };
	size_t n = strlen(name);
	int fd = (int)syscall(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(r.ifr_name, name, n < IFNAMSIZ ? n : IFNAMSIZ - 1);
	if (syscall(SYS_ioctl, fd, SIOCGIFINDEX, &r) < 0)
		r.ifr_ifindex = 0;
	close(fd);
	return (unsigned)r.ifr_ifindex;
}

static void server_add(struct resolv *r, char *w)
{
	struct addr *a = &r->server[r->n];
	size_t n = strcspn(w, "%");

	if (r->n == ASK_SERVERS || !addr_parse(a, w, n))
		return;
	/* A router's link-local address comes with its interface. */
	if (w[n] && a->u.sa.sa_family == AF_INET6)
		a->u.v6.sin6_scope_id = interface(w + n + 1);
	addr_port(a, 53);
	r->n++;
}

/* "timeout:N" and "attempts:N" with 1 <= N <= 30. */
static void option(struct resolv *r, const char *w)
{
	unsigned *v = text_casestarts(w, strlen(w), "timeout:") ? &r->timeout :
		text_casestarts(w, strlen(w), "attempts:") ? &r->attempts : 0;
	uint64_t n;

	if (v && text_u64(strchr(w, ':') + 1, 2, &n) && n)
		*v = n < 30 ? n : 30;
}

void resolv_load(struct resolv *r)
{
	struct lines l;
	char *p, *key, *w;

	memset(r, 0, sizeof *r);
	r->timeout = 5;
	r->attempts = 2;
	if (!lines_open(&l, "/etc/resolv.conf")) {
		while ((p = lines_next(&l))) {
			key = word_next(&p);
			if (!key)
				continue;
			if (!strcmp(key, "search") || !strcmp(key, "domain")) {
				memcpy(r->search, p, strlen(p) + 1);	/* as long as a line */
				continue;
			}
			while ((w = word_next(&p)))
				if (!strcmp(key, "nameserver"))
					server_add(r, w);
				else if (!strcmp(key, "options"))
					option(r, w);
		}
	}
	if (!r->n)
		server_add(r, (char[]){ "127.0.0.1" });
}

static int is_local(const struct addr *a)
{
	static const unsigned char one[16] = { [15] = 1 };
	size_t n;
	const unsigned char *p = addr_ip(a, &n);

	return n == 4 ? *p == 127 : !memcmp(p, one, n);
}

unsigned resolv_local(struct resolv *r)
{
	unsigned i, n = 0;

	for (i = 0; i < r->n; i++)
		if (is_local(&r->server[i]))
			r->server[n++] = r->server[i];
	return r->n = n;
}

/* ---- one question ---- */

/* The question as a packet. Its length, or 0 when the name does not fit the rules
 * of RFC 1035 2.3.4. */
static size_t question(unsigned char q[static QUESTION], const char *name, unsigned type)
{
	size_t n = HEADER, k;

	memset(q, 0, QUESTION);
	q[2] = q[5] = 1;	/* recursion, please; one question */
	while (*name) {
		k = strcspn(name, ".");
		if (!k || k > 63 || n + k + 2 > HEADER + 255)
			return 0;
		q[n++] = k;
		memcpy(q + n, name, k);
		n += k;
		name += k + (name[k] == '.');
	}
	q[n + 2] = type;
	q[n + 4] = 1;
	return n + 5;
}

/* 1 when the answer is to this question: its number, and the question repeated
 * (some servers change the case of letters). */
static int is_answer(const unsigned char *q, size_t n, const unsigned char *a, size_t m)
{
	return m >= n && a[0] == q[0] && a[1] == q[1] && a[2] & 0x80 &&
		!a[4] && a[5] == 1 && text_caseeq((const char *)q + HEADER, n - HEADER,
			(const char *)a + HEADER, n - HEADER);
}

/* Reads n bytes. 0 / -1. */
static int read_all(int fd, unsigned char *p, size_t n, int64_t at)
{
	ssize_t r;

	for (; n; p += r, n -= (size_t)r)
		if ((r = io_read_by(fd, p, n, at)) <= 0)
			return -1;
	return 0;
}

/* An answer by TCP: two bytes of length before it. */
static ssize_t read_tcp(int fd, unsigned char *a, int64_t at)
{
	ssize_t m;

	if (read_all(fd, a, 2, at))
		return -1;
	m = a[0] << 8 | a[1];
	if (m > ASK_ANSWER)
		m = ASK_ANSWER;
	return read_all(fd, a, (size_t)m, at) ? -1 : m;
}

/* One server's answer to the question of n bytes at q + 2, with its length for TCP
 * before it. The length of the answer, or -1. */
static ssize_t exchange(const struct addr *to, int type, const unsigned char *q,
	size_t n, unsigned char *a, int64_t at)
{
	int tcp = type == SOCK_STREAM;
	/* Connected: only this server can answer, and its absence shows at once. */
	int fd = connect_to(to, type, 0, at);
	ssize_t m = -1;

	if (fd < 0)
		return -1;
	if (!io_write_by(fd, tcp ? q : q + 2, tcp ? n + 2 : n, at))
		do
			m = tcp ? read_tcp(fd, a, at) : io_read_by(fd, a, ASK_ANSWER, at);
		while (m >= 0 && !is_answer(q + 2, n, a, (size_t)m));
	close(fd);
	return m;
}

ssize_t ask(const struct resolv *r, const char *name, unsigned type,
	unsigned char answer[static ASK_ANSWER])
{
	unsigned char q[2 + QUESTION];
	size_t n = question(q + 2, name, type);
	int64_t ms = r->timeout * 1000, at;
	ssize_t m;

	if (!n)
		return 0;
	q[0] = n >> 8;
	q[1] = n;
	for (unsigned i = 0; i < r->attempts * r->n; i++) {
		const struct addr *to = &r->server[i % r->n];

		if (getrandom(q + 2, 2, 0) != 2)
			return -1;
		if (CFG_TLS)
			q[2 + 3] = is_local(to) ? ASK_SECURE : 0;
		at = clock_mono() + ms;
		m = exchange(to, SOCK_DGRAM, q, n, answer, at);
		if (m >= 0 && answer[2] & 2)
			m = exchange(to, SOCK_STREAM, q, n, answer, at + ms);
		if (CFG_TLS && m >= 0)
			answer[3] &= (unsigned char)(~ASK_SECURE | q[2 + 3]);
		if (m >= 0 && ((answer[3] & 15) == 0 || (answer[3] & 15) == 3) &&
			(answer[2] & 4 || answer[3] & 0x80 || answer[6] | answer[7]))
			return m;
	}
	return -1;
}
