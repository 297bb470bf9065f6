/* tls_ticket.c: session tickets (RFC 8446 4.6.1): the next connection to the same server
 * needs no certificate and no public key. The ticket of the last server is kept in memory,
 * and in a file when control/tlstickets names a directory. It stands for what was proven
 * when it was issued: so it is only used for exactly what was asked for then, for a day,
 * and only what this program wrote is read back. Nothing of this is needed: whatever goes
 * wrong, the handshake is a full one. */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mbedtls/sha256.h>
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/io.h"
#include "tls_again.h"

/* Declared by the library only when it has it. */
void mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(mbedtls_ssl_config *conf,
	int on);
void mbedtls_ssl_conf_session_tickets(mbedtls_ssl_config *conf, int use);

enum { TICKET_MAX = 1024, TICKET_SECS = 86400, TICKETS = 8 };	/* of one connection */

/* What is kept. want: a digest of what was asked for; sum: one of all before. */
static struct ticket {
	unsigned char want[32];
	int64_t at;
	struct tls_seen seen;
	size_t len;
	unsigned char data[TICKET_MAX];
	unsigned char sum[32];
} kept;
static struct { unsigned char want[32]; struct tls_seen seen; int offered, came; } cur;

static void add(mbedtls_sha256_context *h, const char *s)
{
	mbedtls_sha256_update(h, (const unsigned char *)(s ? s : ""), s ? strlen(s) + 1 : 1);
}

/* Everything that decides whether a server is the right one. */
static void digest_want(const struct tls_want *w, unsigned char out[32])
{
	mbedtls_sha256_context h;

	mbedtls_sha256_init(&h);
	mbedtls_sha256_starts(&h, 0);
	add(&h, "qmta 1");
	add(&h, w->host);
	add(&h, w->name);
	add(&h, w->pins);
	add(&h, w->cafile);
	add(&h, w->cert);
	add(&h, w->pskfile);
	add(&h, w->method);
	add(&h, w->ciphers);
	mbedtls_sha256_update(&h, (const unsigned char *)&w->level, sizeof w->level);
	if (w->ntlsa)
		mbedtls_sha256_update(&h, (const unsigned char *)w->tlsa, w->ntlsa * sizeof *w->tlsa);
	mbedtls_sha256_finish(&h, out);
}

static void sum_of(const struct ticket *t, unsigned char out[32])
{
	mbedtls_sha256((const unsigned char *)t, offsetof(struct ticket, sum), out, 0);
}

/* Path of the file for what is asked for now, with this at its end. 1; 0 none is wanted. */
static int path_of(struct buf *b, const char *end)
{
	int i;

	if (control_line(b, "tlstickets") <= 0 || *b->s != '/')
		return 0;
	buf_putc(b, '/');
	for (i = 0; i < 16; i++)
		buf_fmt(b, "%02x", cur.want[i]);
	return buf_puts(b, end) && buf_z(b);
}

static int fits(const struct ticket *t)
{
	int64_t age = clock_wall() - t->at;

	return t->len && t->len <= TICKET_MAX && age >= 0 && age < TICKET_SECS &&
		!memcmp(t->want, cur.want, 32);
}

/* Only a file of ours that nobody else may touch. */
static void load(void)
{
	char path[512];
	struct buf b = BUF_OVER(path);
	unsigned char sum[32];
	struct stat st;
	int fd;

	if (!path_of(&b, "") ||
		(fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)) < 0)
		return;
	kept.len = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 077) &&
		st.st_uid == geteuid() && io_read(fd, &kept, sizeof kept) == sizeof kept) {
		sum_of(&kept, sum);
		if (memcmp(sum, kept.sum, 32))
			kept.len = 0;
	} else
		kept.len = 0;
	close(fd);
}

static void store(void)
{
	char path[512], final[512];
	struct buf b = BUF_OVER(path), f = BUF_OVER(final);
	int fd, r;

	if (!path_of(&b, ".new") || !path_of(&f, ""))
		return;
	unlink(path);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return;
	r = io_write(fd, &kept, sizeof kept);
	close(fd);
	if (r < 0 || rename(path, final) < 0)
		unlink(path);
}

void ticket_offer(mbedtls_ssl_context *ssl, mbedtls_ssl_config *conf,
	const struct tls_want *want)
{
	mbedtls_ssl_session s;

	mbedtls_ssl_conf_session_tickets(conf, 0);	/* those of TLS 1.2 */
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(conf, 1);
	digest_want(want, cur.want);
	cur.offered = cur.came = 0;
	if (!fits(&kept))
		load();
	if (!fits(&kept))
		return;
	mbedtls_ssl_session_init(&s);
	cur.offered = !mbedtls_ssl_session_load(&s, kept.data, kept.len) &&
		!mbedtls_ssl_set_session(ssl, &s);
	mbedtls_ssl_session_free(&s);
	cur.seen = kept.seen;
	kept.len = 0;	/* RFC 8446 C.4: once */
}

int ticket_used(const mbedtls_ssl_context *ssl, struct tls_seen *seen)
{
	if (!cur.offered || mbedtls_ssl_get_peer_cert(ssl))
		return 0;
	*seen = cur.seen;
	seen->resumed = 1;
	return 1;
}

void ticket_for(const struct tls_seen *seen)
{
	cur.seen = *seen;
}

void ticket_keep(const mbedtls_ssl_context *ssl)
{
	mbedtls_ssl_session s;

	if (++cur.came > TICKETS)
		return;
	mbedtls_ssl_session_init(&s);
	memset(&kept, 0, sizeof kept);
	if (!mbedtls_ssl_get_session(ssl, &s) &&
		!mbedtls_ssl_session_save(&s, kept.data, sizeof kept.data, &kept.len)) {
		memcpy(kept.want, cur.want, 32);
		kept.at = clock_wall();
		kept.seen = cur.seen;
		sum_of(&kept, kept.sum);
		store();
	} else
		kept.len = 0;
	mbedtls_ssl_session_free(&s);
}
