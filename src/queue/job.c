/* job.c: packets between the runner and the processes that deliver. Both ends are
 * the same image on the same machine, so numbers travel as they lie in memory;
 * but a worker may be in the hands of a hostile server or user, so nothing in
 * its packets is believed before it was measured. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../base/io.h"
#include "../base/proc.h"
#include "job.h"

/* Then n offsets, then sender, route, wish and rcpt, each with its NUL. */
struct head { uint64_t size; uint32_t serial, n, list, limit; };
_Static_assert(sizeof(struct head) <= 32, "JOB_PACKET has 32 bytes for it");
_Static_assert(sizeof(struct head) % sizeof(uint32_t) == 0, "offsets follow aligned");

/* Appends a string and its NUL when it is shorter than max. */
static char *put_string(char *p, const char *s, size_t max)
{
	size_t n = p ? strlen(s) + 1 : 0;

	if (!n || n > max)
		return 0;
	memcpy(p, s, n);
	return p + n;
}

int job_send(int sock, const struct job *j)
{
	static char buf[JOB_PACKET];
	struct head h = { j->size, j->serial, j->n, j->list >= 0, j->limit };
	int fds[2] = { j->msg, j->list };
	char *p = buf + sizeof h;

	if (j->n > JOB_RCPTS) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(buf, &h, sizeof h);
	if (j->n)
		memcpy(p, j->off, j->n * sizeof *j->off);
	p += j->n * sizeof *j->off;
	p = put_string(p, j->sender, ADDR_CAP);
	p = put_string(p, j->route, ROUTE_CAP);
	p = put_string(p, j->wish ? j->wish : "", WISH_CAP);
	p = put_string(p, j->rcpt, ADDR_CAP);
	if (!p) {
		errno = EMSGSIZE;
		return -1;
	}
	return pass_send(sock, buf, (size_t)(p - buf), fds, 1 + (int)h.list);
}

/* Takes the string at *p; 0 when it has no end before end. */
static const char *get_string(const char **p, const char *end)
{
	const char *s = *p, *nul = memchr(s, 0, (size_t)(end - s));

	if (nul)
		*p = nul + 1;
	return nul ? s : 0;
}

/* 0, or -1 when the packet is not one of job_send's. */
static int parse_job(struct job *j, char *buf, size_t n, int nfds)
{
	const char *p = buf + sizeof(struct head), *end = buf + n;
	struct head h;

	if (n < sizeof h)
		return -1;
	memcpy(&h, buf, sizeof h);
	if (h.n > JOB_RCPTS || (size_t)(end - p) < h.n * sizeof *j->off ||
		nfds != (h.list ? 2 : 1))
		return -1;
	j->serial = h.serial;
	j->size = h.size;
	j->limit = h.limit;
	j->n = h.n;
	j->off = (const uint32_t *)(const void *)p;
	p += h.n * sizeof *j->off;
	j->sender = get_string(&p, end);
	j->route = j->sender ? get_string(&p, end) : 0;
	j->wish = j->route ? get_string(&p, end) : 0;
	j->rcpt = j->wish ? get_string(&p, end) : 0;
	return j->rcpt && p == end && strlen(j->route) < ROUTE_CAP ? 0 : -1;
}

int job_recv(int sock, struct job *j, void *buf, int flags)
{
	int fds[2] = { -1, -1 }, nfds = 2;
	ssize_t r = pass_recv(sock, buf, JOB_PACKET, fds, &nfds, flags);

	if (r <= 0)
		return (int)r;
	j->msg = fds[0];
	j->list = nfds > 1 ? fds[1] : -1;
	if (parse_job(j, buf, (size_t)r, nfds) == 0)
		return 1;
	while (nfds)
		close(fds[--nfds]);
	errno = EBADMSG;
	return -1;
}

/* A letter, three bytes of nothing, serial, index; then text. */
#define ANSWER_HEAD 12

int answer_send(int sock, char letter, uint32_t serial, uint32_t index, const char *text, size_t len)
{
	char buf[ANSWER_PACKET] = { letter };

	if (len > REPORT_MAX)
		len = REPORT_MAX;
	memcpy(buf + 4, &serial, 4);
	memcpy(buf + 8, &index, 4);
	if (len)
		memcpy(buf + ANSWER_HEAD, text, len);
	while (pass_send(sock, buf, ANSWER_HEAD + len, 0, 0) < 0)
		if (errno != EAGAIN || io_wait(sock, POLLOUT, IO_FOREVER) < 0)
			return -1;
	return 0;
}

int answer_recv(int sock, struct answer *a, void *buf)
{
	char *p = buf;
	int nfds = 0;
	ssize_t r = pass_recv(sock, buf, ANSWER_PACKET, 0, &nfds, MSG_DONTWAIT);

	if (r <= 0)
		return (int)r;
	if (r < ANSWER_HEAD || !memchr("hsmKZDQF", p[0], 8)) {
		errno = EBADMSG;
		return -1;
	}
	a->letter = p[0];
	memcpy(&a->serial, p + 4, 4);
	memcpy(&a->index, p + 8, 4);
	a->text = p + ANSWER_HEAD;
	a->len = (size_t)r - ANSWER_HEAD;
	return 1;
}
