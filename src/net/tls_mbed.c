/* tls_mbed.c: one connection's TLS, through Mbed TLS: the client's side, and what the
 * server's (tls_accept.c) shares with it. The handshake says nothing of who the server is:
 * that is tls_trust.c's question, answered before tls_start() is back, so that no byte of
 * mail or of a login goes to a server that failed it. No renegotiation (not built), no
 * compression, no cipher without forward secrecy. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <mbedtls/ssl.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/io.h"
#include "addr.h"
#include "tls.h"
#include "tls_again.h"
#include "tls_conn.h"
#include "tls_file.h"
#include "tls_pool.h"
#include "tls_say.h"
#include "tls_suites.h"
#include "tls_trust.h"

/* Of the file with our certificate, its chain and its key; of what the library can send of
 * it, with what it puts around that. */
enum { CERT_MAX = 32768, CHAIN_MAX = MBEDTLS_SSL_OUT_CONTENT_LEN - 64 };

/* Declared by the library only when it has it. */
void mbedtls_ssl_conf_session_tickets(mbedtls_ssl_config *conf, int use);

struct tls_conn conn;

int tls_random(void *unused, unsigned char *p, size_t n)
{
	ssize_t r;

	(void)unused;
	for (; n; p += r, n -= (size_t)r)
		if ((r = getrandom(p, n, 0)) < 0) {
			if (errno != EINTR)
				return -1;
			r = 0;
		}
	return 0;
}

static int send_some(void *unused, const unsigned char *p, size_t n)
{
	ssize_t r;

	(void)unused;
	do
		r = write(conn.fd1 - 1, p, n);
	while (r < 0 && errno == EINTR);
	return r >= 0 ? (int)r : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : SAY_SYSTEM;
}

/* The library passes over records that mean nothing (warnings, empty ones) and asks for
 * more: who sends them without an end would never be waited for, and keep us for ever. */
static int receive_some(void *unused, unsigned char *p, size_t n)
{
	ssize_t r = -1;

	(void)unused;
	errno = ETIMEDOUT;
	if (clock_mono() <= conn.at)
		r = io_read(conn.fd1 - 1, p, n);
	return r >= 0 ? (int)r : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : SAY_SYSTEM;
}

/* After a call that returned r: 1 it is to be made again, 0 it is not: r has ended the
 * connection, or errno has (`at` is over: ETIMEDOUT). */
static int again(int *r, int64_t at)
{
	short events = POLLIN;
	int ready;

	if (CFG_RESUME && *r == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
		ticket_keep(&conn.ssl);
		return 1;
	}
	if (*r == MBEDTLS_ERR_SSL_WANT_WRITE)
		events = POLLOUT;
	else if (*r != MBEDTLS_ERR_SSL_WANT_READ)
		return 0;
	/* Who says much that is nothing (tickets) gets no more time than who is silent. */
	if ((ready = clock_mono() < at ? io_wait(conn.fd1 - 1, events, at) : 0) == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		*r = SAY_SYSTEM;
	return ready > 0;
}

/* errno for what ended it. */
static int ended(int r)
{
	if (r != SAY_SYSTEM)
		errno = r == MBEDTLS_ERR_SSL_CONN_EOF || r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ?
			ECONNRESET : r == MBEDTLS_ERR_SSL_ALLOC_FAILED ? ENOMEM : EBADMSG;
	return -1;
}

void conn_forget(void)
{
	mbedtls_ssl_free(&conn.ssl);
	mbedtls_ssl_config_free(&conn.conf);
	mbedtls_x509_crt_free(&conn.cert);
	mbedtls_pk_free(&conn.key);
	memset(&conn, 0, sizeof conn);
}

static int is_13(const char *s, size_t n)
{
	return n > 1 && (s[n - 2] == '_' || s[n - 2] == '.') && s[n - 1] == '3';
}

/* "lowest" or "lowest:highest", as "TLSv1_2:TLSv1_3". What is older than 1.2 is not built:
 * it counts as 1.2. */
static void set_versions(const char *method)
{
	size_t n = strcspn(method, ":");

	if (is_13(method, n))
		mbedtls_ssl_conf_min_tls_version(&conn.conf, MBEDTLS_SSL_VERSION_TLS1_3);
	if (method[n] && !is_13(method + n, strlen(method + n)))
		mbedtls_ssl_conf_max_tls_version(&conn.conf, MBEDTLS_SSL_VERSION_TLS1_2);
}

int conn_begin(int side, const char *method)
{
	int r;

	conn_forget();
	mbedtls_ssl_init(&conn.ssl);
	mbedtls_ssl_config_init(&conn.conf);
	mbedtls_x509_crt_init(&conn.cert);
	mbedtls_pk_init(&conn.key);
	r = mbedtls_ssl_config_defaults(&conn.conf, side, MBEDTLS_SSL_TRANSPORT_STREAM,
		MBEDTLS_SSL_PRESET_DEFAULT);
	mbedtls_ssl_conf_rng(&conn.conf, tls_random, 0);
	mbedtls_ssl_conf_authmode(&conn.conf, MBEDTLS_SSL_VERIFY_NONE);
	if (method)
		set_versions(method);
	return r;
}

/* What the library sends of ourselves is one piece: each certificate has five bytes more. */
static int fits(const char *file, struct buf *why)
{
	const mbedtls_x509_crt *c;
	size_t n = 0;

	for (c = &conn.cert; c; c = c->next)
		n += c->raw.len + 5;
	return n <= CHAIN_MAX || (buf_fmt(why, "%s: more than %u bytes of certificates: leave "
		"out the authority's own", file, (unsigned)CHAIN_MAX), 0);
}

int conn_cert(const char *file, struct buf *why)
{
	struct buf b = BUF_HEAP(CERT_MAX);
	int r;

	if (secret_read(file, &b, why) < 0)
		return -1;
	/* A certificate that makes no sense to the library, in a chain, is a positive number. */
	r = mbedtls_x509_crt_parse(&conn.cert, (unsigned char *)b.s, b.len + 1) ||
		mbedtls_pk_parse_key(&conn.key, (unsigned char *)b.s, b.len + 1, 0, 0,
			tls_random, 0) ||
		mbedtls_ssl_conf_own_cert(&conn.conf, &conn.cert, &conn.key);
	if (r)
		buf_fmt(why, "%s: there must be a certificate and its key in it, in PEM, without "
			"a password; RSA to 4096 bits, P-256 or P-384", file);
	mbedtls_platform_zeroize(b.s, b.cap);
	buf_free(&b);
	return r || !fits(file, why) ? -1 : 0;
}

int conn_setup(void)
{
	int r = mbedtls_ssl_setup(&conn.ssl, &conn.conf);

	mbedtls_ssl_set_bio(&conn.ssl, 0, send_some, receive_some, 0);
	return r;
}

int conn_shake(int fd, int64_t at)
{
	int r;

	conn.fd1 = fd + 1;
	conn.at = at;
	do
		r = mbedtls_ssl_handshake(&conn.ssl);
	while (again(&r, at));
	return r;
}

void conn_end(void)
{
	mbedtls_ssl_close_notify(&conn.ssl);
	conn_forget();
}

/* Everything before the first byte. 0, or -1 with words. */
static int prepare(const struct tls_want *want, struct buf *why)
{
	const char *name = want->name ? want->name : want->host;
	struct addr a;
	int r;

	if ((r = conn_begin(MBEDTLS_SSL_IS_CLIENT, want->method))) {
		say_error(r, &conn.ssl, why);
		return -1;
	}
	if (CFG_TLSD && !CFG_RESUME)	/* the library has them for our own clients alone */
		mbedtls_ssl_conf_session_tickets(&conn.conf, 0);
	if (want->ciphers) {
		if (suites_choose(conn.suites, want->ciphers, why) < 0)
			return -1;
		mbedtls_ssl_conf_ciphersuites(&conn.conf, conn.suites);
	}
	if (want->pskfile && !CFG_PSK) {
		buf_puts(why, "keys in a pskfile are not built into this program");
		return -1;
	}
	if ((want->pskfile && psk_set(&conn.conf, want->pskfile, why) < 0) ||
		(want->cert && conn_cert(want->cert, why) < 0))
		return -1;
	if (!(r = conn_setup()) && CFG_RESUME && !want->pskfile)
		ticket_offer(&conn.ssl, &conn.conf, want);
	/* RFC 6066 3: literal addresses are not permitted. */
	if (r || (r = mbedtls_ssl_set_hostname(&conn.ssl, addr_parse(&a, name, strlen(name)) ?
		0 : name))) {
		say_error(r, &conn.ssl, why);
		return -1;
	}
	return 0;
}

/* After the handshake: who is it? */
static enum tls_result identify(const struct tls_want *want, struct tls_seen *seen,
	struct buf *why)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&conn.ssl);
	enum tls_result r = TLS_OK;

	if (want->pskfile)
		seen->proof = TLS_BY_PSK;	/* no other handshake was offered */
	else if (!CFG_RESUME || !ticket_used(&conn.ssl, seen)) {
		if (CFG_CHECK && crt)
			trust_describe(crt, seen);
		r = trust_check((mbedtls_x509_crt *)crt, want, &seen->proof, why);
	}
	buf_text(seen->version, sizeof seen->version, "%s", mbedtls_ssl_get_version(&conn.ssl));
	if (CFG_CHECK)
		buf_text(seen->cipher, sizeof seen->cipher, "%s",
			mbedtls_ssl_get_ciphersuite(&conn.ssl));
	if (CFG_RESUME && r == TLS_OK)
		ticket_for(seen);
	return r;
}

enum tls_result tls_start(int fd, const struct tls_want *want, int64_t at,
	struct tls_seen *seen, struct buf *why)
{
	enum tls_result result = TLS_LOCAL;
	int r;

	memset(seen, 0, sizeof *seen);
	seen->days = INT_MAX;
	if (!prepare(want, why)) {
		r = conn_shake(fd, at);
		result = r ? TLS_BROKEN : identify(want, seen, why);
		if (r)
			say_error(r, &conn.ssl, why);
		if (r == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && want->pskfile)
			buf_puts(why, "; is what the pskfile has the identity and the key of the server?");
	}
	if (result != TLS_OK)
		conn_end();
	return result;
}

int tls_on(int fd)
{
	return conn.fd1 && conn.fd1 == fd + 1;
}

ssize_t tls_read(int fd, void *p, size_t n, int64_t at)
{
	int r = conn.broken;

	(void)fd;
	conn.at = at;
	if (!r)
		do
			r = mbedtls_ssl_read(&conn.ssl, p, n);
		while (again(&r, at));
	if (r >= 0)
		return r ? r : ended(MBEDTLS_ERR_SSL_CONN_EOF);
	if (r != SAY_SYSTEM)
		conn.broken = r;
	return r == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : ended(r);
}

int tls_write(int fd, const void *p, size_t n, int64_t at)
{
	const unsigned char *s = p;
	int r;

	(void)fd;
	for (; n; s += r, n -= (size_t)r) {
		do
			r = mbedtls_ssl_write(&conn.ssl, s, n);
		while (again(&r, at));
		if (r < 0) {
			/* The rest of a record: the goodbye would take it along, and half
			 * a message, which nobody counts on, would be a whole one. */
			conn.ssl.MBEDTLS_PRIVATE(out_left) = 0;
			if (r != SAY_SYSTEM)
				conn.broken = r;
			return ended(r);
		}
	}
	return 0;
}

int tls_reason(int fd, struct buf *why)
{
	if (!tls_on(fd))
		return 0;
	tls_pending(fd);	/* when a write failed, it had been said before */
	if (conn.broken != MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		return 0;
	say_alert(conn.ssl.MBEDTLS_PRIVATE(in_msg)[1], why);
	return 1;
}

int tls_pending(int fd)
{
	int r;

	(void)fd;
	conn.at = clock_mono() + 1000;
	if (conn.broken || mbedtls_ssl_get_bytes_avail(&conn.ssl))
		return 1;
	do
		r = mbedtls_ssl_read(&conn.ssl, 0, 0);
	while (CFG_RESUME && r == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET &&
		(ticket_keep(&conn.ssl), 1));
	/* An answer of the library's own that cannot leave now (WANT_WRITE) would stand in the
	 * place of what is written next. */
	if (r == MBEDTLS_ERR_SSL_WANT_READ)
		return 0;
	if (r < 0)
		conn.broken = r;
	return r < 0 || mbedtls_ssl_get_bytes_avail(&conn.ssl) > 0;
}

void tls_stop(int fd)
{
	if (tls_on(fd))
		conn_end();
}

int tls_binding(int fd, unsigned char out[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	return tls_on(fd) &&
		mbedtls_ssl_get_version_number(&conn.ssl) == MBEDTLS_SSL_VERSION_TLS1_3 &&
		!mbedtls_ssl_export_keying_material(&conn.ssl, out, 32, label, sizeof label - 1,
			0, 0, 0);
}

const char *tls_name(void)
{
	return MBEDTLS_VERSION_STRING_FULL;
}
