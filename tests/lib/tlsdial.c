/* tlsdial.c: a client for tests of TLS alone.
 *   tlsdial ADDRESS PORT [KEY=VALUE...]
 * Keys: level (none may must verify), name, pin, ca, cert, psk, method, ciphers, tlsa (USAGE SEL
 * MATCH HEX), secs (5), say (a line to send; what comes back is shown), times, stack (1: the most that
 * the handshake takes of it).
 * Shows the result's name and words, or what was seen. Built into build/test. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../src/base/clock.h"
#include "../../src/base/err.h"
#include "../../src/base/io.h"
#include "../../src/net/addr.h"
#include "../../src/net/connect.h"
#include "../../src/net/link.h"
#include "../../src/net/tls_pool.h"

static const char *const results[] = { "OK", "BROKEN", "REFUSED", "NOCLOCK", "LOCAL" };
static const char *const proofs[] = { "not-proven", "chain", "pin", "dane", "psk" };
static const char *const levels[] = { "none", "may", "must", "verify" };
static struct tls_want want;
static struct tlsa records[TLSA_MAX];
static const char *say;
static int secs = 5, times = 1;
static size_t stack;

static void show(const char *s, size_t n)
{
	io_write(1, s, n);
}

static int hex(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_tlsa(const char *s)
{
	struct tlsa *r = &records[want.ntlsa++];

	r->usage = (unsigned char)(s[0] - '0');
	r->selector = (unsigned char)(s[2] - '0');
	r->match = (unsigned char)(s[4] - '0');
	for (s += 6; hex(s[0]) >= 0; s += 2)
		r->data[r->len++] = (unsigned char)(hex(s[0]) << 4 | hex(s[1]));
	want.tlsa = records;
}

static int key(const char *k, size_t n, const char *v)
{
	unsigned i;

	if (!strncmp(k, "level", n))
		for (i = 0; i < 4; i++)
			want.level = !strcmp(v, levels[i]) ? (enum tls_level)i : want.level;
	else if (!strncmp(k, "name", n)) want.name = v;
	else if (!strncmp(k, "pin", n)) want.pins = v;
	else if (!strncmp(k, "ca", n)) want.cafile = v;
	else if (!strncmp(k, "cert", n)) want.cert = v;
	else if (!strncmp(k, "psk", n)) want.pskfile = v;
	else if (!strncmp(k, "method", n)) want.method = v;
	else if (!strncmp(k, "ciphers", n)) want.ciphers = v;
	else if (!strncmp(k, "tlsa", n)) add_tlsa(v);
	else if (!strncmp(k, "secs", n)) secs = atoi(v);
	else if (!strncmp(k, "say", n)) say = v;
	else if (!strncmp(k, "times", n)) times = atoi(v);
	else if (!strncmp(k, "stack", n)) stack = 1;
	else
		return 0;
	return 1;
}

static void show_seen(const struct tls_seen *seen)
{
	char line[1024];
	struct buf b = BUF_OVER(line);
	unsigned char bind[32];
	int i;

	buf_fmt(&b, "%s %s %s\nsubject %s\nissuer %s\ndays %d\npin ", proofs[seen->proof],
		seen->version, seen->cipher, seen->subject, seen->issuer, seen->days);
	for (i = 0; i < 32; i++)
		buf_fmt(&b, "%02x", seen->pin[i]);
	buf_fmt(&b, "\nresumed %d", seen->resumed);
	show(b.s, b.len);
	buf_clear(&b);
	if (tls_binding(3, bind)) {
		buf_puts(&b, "\nbinding ");
		for (i = 0; i < 32; i++)
			buf_fmt(&b, "%02x", bind[i]);
	}
	buf_puts(&b, "\n");
	show(b.s, b.len);
}

static const char *reason(int fd)
{
	static char words[300];
	struct buf b = BUF_OVER(words);

	buf_puts(&b, "; ");
	return tls_reason(fd, &b) && buf_z(&b) ? words : "";
}

static void talk(int fd, int64_t at)
{
	char s[4096];
	ssize_t n;

	if (!say)
		return;
	if (link_write(fd, say, strlen(say), at) < 0 || link_write(fd, "\n", 1, at) < 0) {
		buf_text(s, sizeof s, "write: %s\n", err_text(errno));
		show(s, strlen(s));
		return;
	}
	do {
		if ((n = link_read(fd, s, sizeof s, at)) > 0)
			show(s, (size_t)n);
	} while (n > 0 && !memchr(s, '\n', (size_t)n));
	if (n < 0)
		buf_text(s, sizeof s, "read: %s%s\n", err_text(errno), reason(fd));
	else
		buf_text(s, sizeof s, "%s", n ? "" : "closed\n");
	show(s, strlen(s));
}

/* How much stack was used since paint(): the pattern that is left below tells. */
enum { PAINT = 60000 };
static unsigned char *top;

static __attribute__((noinline, no_sanitize("address"))) void paint(void)
{
	volatile unsigned char *p = top = __builtin_frame_address(0);
	size_t i;

	for (i = 256; i < PAINT; i++)
		p[-(ptrdiff_t)i] = 0xa5;
}

static __attribute__((noinline, no_sanitize("address"))) size_t painted_over(void)
{
	volatile unsigned char *p = top;
	size_t i = PAINT - 1;

	while (i > 256 && p[-(ptrdiff_t)i] == 0xa5)
		i--;
	return i;
}

static int dial(const char *host, const char *port)
{
	char words[1024];
	struct buf why = BUF_OVER(words);
	struct tls_seen seen;
	enum tls_result r;
	struct addr a;
	int64_t at = clock_mono() + secs * 1000;
	int fd;

	if (!addr_parse(&a, host, strlen(host)))
		return 100;
	addr_port(&a, (unsigned)atoi(port));
	if ((fd = connect_to(&a, SOCK_STREAM, 0, at)) < 0) {
		buf_text(words, sizeof words, "connect: %s\n", err_text(errno));
		show(words, strlen(words));
		return 111;
	}
	if (stack)
		paint();
	r = tls_start(fd, &want, at, &seen, &why);
	if (stack)
		stack = painted_over();
	show(results[r], strlen(results[r]));
	buf_putc(&why, '\n');
	show(" ", 1);
	if (r != TLS_OK)
		show(why.s, why.len);
	else {
		show_seen(&seen);
		talk(fd, at);
	}
	link_close(fd);
	return r;
}

int main(int argc, char **argv)
{
	char line[64];
	int i, r = 100;

	for (i = 3; i < argc; i++) {
		char *v = strchr(argv[i], '=');

		if (!v || !key(argv[i], (size_t)(v - argv[i]), v + 1))
			return 100;
	}
	if (argc < 3)
		return 100;
	if (!want.host)
		want.host = argv[1];
	for (i = 0; i < times; i++)
		r = dial(argv[1], argv[2]);
	buf_text(line, sizeof line, "peak %zu\n", tls_peak());
	show(line, strlen(line));
	if (stack) {
		buf_text(line, sizeof line, "stack %zu\n", stack);
		show(line, strlen(line));
	}
	return r;
}
