/* tls.h: the one door to TLS. The tls_*.c files alone know
 * Mbed TLS; tls_none.c stands in for them when CFG_TLS is 0. One connection of a
 * process has TLS at a time: it is known by its descriptor, and net/link.h asks.
 * TLS 1.2 and 1.3 (RFC 5246, 8446), never renegotiated. */
#ifndef NET_TLS_H
#define NET_TLS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"

/* Where IndiMail has certificates and keys, unless $CERTDIR names another directory. */
#define CERTDIR "/etc/indimail/certs"

/* What a route asks for. MAY: if the server offers it, whoever it is. MUST: encrypted,
 * whoever it is. VERIFY: encrypted, and it is who it should be. Pins and TLSA records are
 * kept in each of MAY, MUST and VERIFY. */
enum tls_level { TLS_NONE, TLS_MAY, TLS_MUST, TLS_VERIFY };

/* How it was proven who the server is. */
enum tls_proof { TLS_NOT_PROVEN, TLS_BY_CHAIN, TLS_BY_PIN, TLS_BY_DANE, TLS_BY_PSK };

/* One TLSA record (RFC 6698 2.1) that DNSSEC vouches for. */
#define TLSA_DATA 64
struct tlsa { unsigned char usage, selector, match, len, data[TLSA_DATA]; };
#define TLSA_MAX 8

/* What is asked of the other side. Strings are the caller's, until tls_start() is back. */
struct tls_want {
	enum tls_level level;
	const char *host;	/* as connected to: name or address, without brackets and port */
	const char *name;	/* whom the certificate must be for, also sent as SNI (RFC 6066 3; never
				 * an address); 0: host */
	const char *pins;	/* SHA-256 of the certificate or of its public key (SPKI): 64 hex digits,
				 * colons allowed, or base64, "sha256//" before either allowed; separated by
				 * blanks or commas; 0 none. One that fits replaces chain, name and dates;
				 * when none fits the server is refused */
	const char *cafile;	/* bundle in PEM; 0: control/cafile, else the usual places */
	const char *cert;	/* client's certificate and key in PEM; 0 none */
	const char *pskfile;	/* "identity:hexkey", 0600; instead of certificates; 0 none */
	const struct tlsa *tlsa;	/* RFC 7672 3; instead of a chain to cafile; with CFG_DANE */
	unsigned ntlsa;
	const char *method;	/* IndiMail's tlsclientmethod: "TLSv1_2", "TLSv1_3", lowest[:highest]; 0 */
	const char *ciphers;	/* IndiMail's tlsclientciphers (tls_suites.c); 0 all that there are */
};

/* What came of it, for the log and the report; the rest for qmta check (CFG_CHECK). */
struct tls_seen {
	enum tls_proof proof;
	char version[8];	/* "TLSv1.3" */
	/* from here on: only with CFG_CHECK */
	char cipher[48];
	char subject[128];	/* CN or first name of the certificate, printable */
	char issuer[128];
	int days;		/* until the certificate ends; negative: it has; INT_MAX without one */
	unsigned char pin[32];	/* SHA-256 of its public key (SPKI) */
	int resumed;		/* 1: from a ticket, the certificate is the one of before */
};

/* Results of tls_start(). */
enum tls_result {
	TLS_OK,
	TLS_BROKEN,	/* no TLS could be agreed on: not the server's identity */
	TLS_REFUSED,	/* it is not who it should be, or cannot prove it */
	TLS_NOCLOCK,	/* that cannot be said without a clock */
	TLS_LOCAL	/* trouble here: a file, memory, not built in */
};

/* Handshake as client on a connected non-blocking socket, until `at` (clock_mono). Words
 * for what went wrong are appended to why: one sentence, no status, no line end. After
 * TLS_OK all bytes of fd go through tls_read() and tls_write(); else the connection is
 * dead and stays the caller's to close. */
enum tls_result tls_start(int fd, const struct tls_want *want, int64_t at,
	struct tls_seen *seen, struct buf *why);
/* 1 when fd is the one that has TLS. */
int tls_on(int fd);
/* Up to n bytes, at least 1; 0: the other side closed properly; -1 errno (ETIMEDOUT;
 * ECONNRESET also for an end without goodbye; EBADMSG what came is not TLS). */
ssize_t tls_read(int fd, void *p, size_t n, int64_t at);
/* All n bytes. 0 / -1 errno. */
int tls_write(int fd, const void *p, size_t n, int64_t at);
/* Why tls_read() or tls_write() failed, when the other side said why (with TLS 1.3 it says
 * only here that it wants a client certificate): words as those of tls_start(). 1/0. The
 * connection is over: something that was not yet read may be lost. Never waits. */
int tls_reason(int fd, struct buf *why);
/* 1 when tls_read() would not wait: bytes of the other side are here, or its end. Takes
 * in what is no data (a session ticket), so a readable socket can be 0. Never waits. */
int tls_pending(int fd);
/* Says goodbye without waiting and forgets the connection; fd is still to be closed. */
void tls_stop(int fd);
/* Channel binding tls-exporter (RFC 9266): 1 and 32 bytes, 0 not available (TLS 1.2). */
int tls_binding(int fd, unsigned char out[32]);

/* ---- a server's side, only with CFG_TLSD: tls_accept.c ---- */

#define TICKET_KEY 32
struct tls_give {
	const char *cert;	/* our chain and its key, PEM: IndiMail's servercert.pem */
	const char *ca;		/* authorities of clients' certificates; 0: none is asked for */
	const char *crl;	/* those that were taken back; 0 none */
	const char *method;	/* IndiMail's tlsservermethod, as tlsclientmethod; 0 */
	/* Of all processes that serve the same name, new at each start, at least each day: for
	 * tickets (RFC 5077, 8446 4.6.1), so that a client's next connection is cheap; 0 none. */
	const unsigned char *ticket;
};
/* Handshake as server, else as tls_start(): words, results, the dead connection. seen->proof
 * is TLS_BY_CHAIN when the client has proven a certificate of `ca`, whose e-mail address, else
 * name is seen->subject; a client without one, or with another, is TLS_NOT_PROVEN: then
 * there are words after TLS_OK, too, when it has shown one. No SNI, no renegotiation. The
 * descriptor must be non-blocking. */
enum tls_result tls_accept(int fd, const struct tls_give *give, int64_t at,
	struct tls_seen *seen, struct buf *why);
/* 1: the certificate and key of give can be used, and the next tls_accept() does so; 0 and
 * words. It ends what TLS there was. */
int tls_ready(const struct tls_give *give, struct buf *why);

/* What `--version` says: "none", or the library's name and version. */
const char *tls_name(void);

#endif
