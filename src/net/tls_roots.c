/* tls_roots.c: finds an authority in the system's bundle of certificates. The bundle is
 * 220 KB of text, 400 KB when parsed: it is never in memory. It passes through a window;
 * of each certificate only the name is looked at, and what has the name of an issuer in
 * the server's chain is parsed. Refuses nothing but a bundle that is none. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <mbedtls/asn1.h>
#include <mbedtls/platform.h>
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/io.h"
#include "tls_file.h"
#include "tls_trust.h"

enum { DER_MAX = 4096 };	/* the largest of Debian's is 1.4 KB */

/* Where systems have it: Debian, Alpine, OpenWrt; Fedora; OpenBSD, Alpine; SUSE; RHEL;
 * FreeBSD. */
static const char usual[] =
	"/etc/ssl/certs/ca-certificates.crt\0"
	"/etc/pki/tls/certs/ca-bundle.crt\0"
	"/etc/ssl/cert.pem\0"
	"/etc/ssl/ca-bundle.pem\0"
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem\0"
	"/usr/local/share/certs/ca-root-nss.crt\0";

struct bundle {
	const mbedtls_x509_crt *chain;
	mbedtls_x509_crt *roots;
	unsigned seen;		/* certificates in it */
	size_t len;		/* bytes at der; DER_MAX: too many */
	unsigned bits, nbits;	/* base64 that is no whole byte yet */
	unsigned char der[DER_MAX];
};

/* Behind one value, whatever it is. 0 / -1 */
static int skip(unsigned char **p, const unsigned char *end)
{
	size_t n;

	if (*p >= end || mbedtls_asn1_get_tag(p, end, &n, **p))
		return -1;
	*p += n;
	return 0;
}

/* The subject's name, as it is encoded. RFC 5280 4.1: serial number, algorithm, issuer
 * and dates are before it, and perhaps a version. Its length, 0 there is none. */
static size_t subject(unsigned char **p, const unsigned char *end)
{
	enum { SEQUENCE = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE };
	unsigned char *name;
	size_t n;
	int i;

	if (mbedtls_asn1_get_tag(p, end, &n, SEQUENCE) ||
		mbedtls_asn1_get_tag(p, end, &n, SEQUENCE))
		return 0;
	for (i = *p < end && **p == 0xa0 ? 0 : 1; i < 5; i++)
		if (skip(p, end) < 0)
			return 0;
	name = *p;
	if (skip(p, end) < 0)
		return 0;
	n = (size_t)(*p - name);
	*p = name;
	return n;
}

static int wanted(struct bundle *b)
{
	unsigned char *p = b->der;
	size_t n = subject(&p, b->der + b->len);
	const mbedtls_x509_crt *c;

	for (c = b->chain; c && n; c = c->next)
		if (c->issuer_raw.len == n && !memcmp(c->issuer_raw.p, p, n))
			return 1;
	return 0;
}

/* Those whose dates are right go first: an old root and a new one may have one key. */
int roots_add(mbedtls_x509_crt **roots, const unsigned char *der, size_t n)
{
	mbedtls_x509_crt *c = mbedtls_calloc(1, sizeof *c);
	int64_t now = clock_wall();

	if (!c || mbedtls_x509_crt_parse_der(c, der, n)) {
		mbedtls_free(c);
		return -1;
	}
	if (trust_time(&c->valid_to) < now || trust_time(&c->valid_from) > now)
		while (*roots)
			roots = &(*roots)->next;
	c->next = *roots;
	*roots = c;
	return 0;
}

static void decode(struct bundle *b, const char *s, size_t n)
{
	for (; n--; s++) {
		int c = *s, v = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ?
			c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 :
			c == '+' ? 62 : c == '/' ? 63 : -1;

		if (v < 0)
			continue;
		b->bits = b->bits << 6 | (unsigned)v;
		b->nbits += 6;
		if (b->nbits >= 8 && b->len < DER_MAX)
			b->der[b->len++] = (unsigned char)(b->bits >> (b->nbits - 8));
		b->nbits %= 8;
	}
}

/* A line of the file, or a part of a long one. */
static void line(struct bundle *b, const char *s, size_t n, int *inside)
{
	if (n > 10 && !memcmp(s, "-----BEGIN", 10)) {
		*inside = n >= 27 && !memcmp(s + 11, "CERTIFICATE-----", 16);
		b->len = b->nbits = 0;
	} else if (*inside && n && *s == '-') {
		*inside = 0;
		b->seen++;
		if (b->len < DER_MAX && wanted(b))
			roots_add(&b->roots, b->der, b->len);
	} else if (*inside)
		decode(b, s, n);
}

static int scan(struct bundle *b, int fd)
{
	char window[1024], s[128];
	struct in in = IN_OVER(fd, window);
	size_t n = 0;
	int c, inside = 0;

	while ((c = in_getc(&in)) >= 0) {
		if (c != '\n')
			s[n++] = (char)c;
		if (c == '\n' || n == sizeof s) {
			line(b, s, n, &inside);
			n = 0;
		}
	}
	line(b, s, n, &inside);
	return c == -1 ? 0 : -1;
}

/* Opens it; name becomes which. The descriptor, or -1 with words. */
static int find(const char *file, struct buf *name, struct buf *why)
{
	char line[400];
	struct buf b = BUF_OVER(line);
	const char *s;
	int fd, r = 0;

	if (!file && (r = control_line(&b, "cafile")) < 0) {
		buf_puts(why, control_error());
		return -1;
	}
	if (file || (r && b.len)) {
		if ((fd = file_open(file ? file : b.s, name)) < 0)
			buf_fmt(why, "unable to read %s: %s", name->s, err_text(errno));
		return fd;
	}
	for (s = usual; *s; s += strlen(s) + 1)
		if ((fd = file_open(s, name)) >= 0)
			return fd;
	buf_fmt(why, "there is no bundle of certificate authorities here: install the package "
		"ca-certificates, or write the path of one to %s/cafile, or pin the server",
		control_dir());
	return -1;
}

int roots_find(const mbedtls_x509_crt *chain, const char *file, mbedtls_x509_crt **roots,
	struct buf *name, struct buf *why)
{
	struct bundle *b = mbedtls_calloc(1, sizeof *b);
	int fd, r = -1;

	if (!b) {
		buf_puts(why, "out of memory");
		return -1;
	}
	if ((fd = find(file, name, why)) >= 0) {
		b->chain = chain;
		b->roots = *roots;
		r = scan(b, fd);
		*roots = b->roots;
		if (r < 0)
			buf_fmt(why, "unable to read %s: %s", name->s, err_text(errno));
		else if (!b->seen) {
			buf_fmt(why, "there is no certificate in %s", name->s);
			r = -1;
		}
		close(fd);
	}
	mbedtls_free(b);
	return r;
}

void roots_free(mbedtls_x509_crt *roots)
{
	mbedtls_x509_crt_free(roots);
	mbedtls_free(roots);
}
