/* tls_visitor.c: whose is a client's certificate? Asked when the handshake is done, which
 * says that the client has the key. An authority of clientca.pem must vouch for it, for
 * clients, today; and clientcrl.pem, when there is one, must be that authority's and must
 * not have it. Whatever is missing, too old or not readable proves nothing, and the client
 * is then as one that has shown none. */
#include <errno.h>
#include <string.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crl.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/io.h"
#include "tls_file.h"
#include "tls_trust.h"

enum { CRL_FILE = 65536 };

/* What is wrong, in the order in which it is said. */
static const struct { uint32_t flag; const char *words; } wrongs[] = {
	{ MBEDTLS_X509_BADCERT_NOT_TRUSTED, "no authority in %s vouches for it" },
	{ MBEDTLS_X509_BADCERT_REVOKED, "it was taken back (clientcrl.pem)" },
	{ MBEDTLS_X509_BADCERT_EXPIRED, "it, or its authority, has expired" },
	{ MBEDTLS_X509_BADCERT_FUTURE, "it, or its authority, is not valid yet" },
	{ MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "it, or its authority, is not meant for clients" },
	{ MBEDTLS_X509_BADCRL_EXPIRED, "clientcrl.pem is too old" },
	{ MBEDTLS_X509_BADCRL_NOT_TRUSTED, "clientcrl.pem is not its authority's" },
};

static int crl_load(mbedtls_x509_crl *crl, const char *file, struct buf *why)
{
	char path[512];
	struct buf name = BUF_OVER(path), b = BUF_HEAP(CRL_FILE);
	int fd = file_open(file, &name), r = -1;

	if (fd < 0 || io_slurp_fd(fd, &b) < 0 || !buf_z(&b))
		buf_fmt(why, "unable to read %s: %s", path, err_text(errno));
	else if (mbedtls_x509_crl_parse(crl, (unsigned char *)b.s, b.len + 1))
		buf_fmt(why, "%s is no list of certificates that were taken back, in PEM, or too "
			"large", path);
	else
		r = 0;
	io_close(fd);
	buf_free(&b);
	return r;
}

/* The authority that vouches for it must have said which ones it took back, and lately. */
static uint32_t crl_judge(const mbedtls_x509_crl *crl, const mbedtls_x509_crt *leaf)
{
	for (; crl; crl = crl->next)
		if (crl->issuer_raw.len == leaf->issuer_raw.len &&
			!memcmp(crl->issuer_raw.p, leaf->issuer_raw.p, leaf->issuer_raw.len))
			return crl->next_update.year && trust_time(&crl->next_update) < clock_wall() ?
				MBEDTLS_X509_BADCRL_EXPIRED : 0;
	return MBEDTLS_X509_BADCRL_NOT_TRUSTED;
}

/* Its address for mail: of the subject, as IndiMail has it, else the first alternative
 * name of that kind; else nothing. */
static const mbedtls_x509_buf *address(const mbedtls_x509_crt *crt)
{
	static const char email[] = MBEDTLS_OID_PKCS9_EMAIL;
	const mbedtls_x509_sequence *s;
	const mbedtls_x509_name *n;

	for (n = &crt->subject; n; n = n->next)
		if (n->oid.len == sizeof email - 1 && !memcmp(n->oid.p, email, sizeof email - 1))
			return &n->val;
	for (s = &crt->subject_alt_names; s; s = s->next)
		if (s->buf.tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 1))
			return &s->buf;
	return 0;
}

static void describe(const mbedtls_x509_crt *crt, struct tls_seen *seen)
{
	struct buf b = BUF_AT(seen->subject, 0, sizeof seen->subject - 1);
	const mbedtls_x509_buf *a = address(crt);

	trust_describe(crt, seen);
	if (a) {
		memset(seen->subject, 0, sizeof seen->subject);
		trust_name(&b, a);
	}
	/* Half a name is somebody else's. */
	if (strlen(seen->subject) == sizeof seen->subject - 1)
		seen->subject[0] = 0;
}

static void say_flags(uint32_t flags, const char *bundle, struct buf *why)
{
	size_t i;

	for (i = 0; i < sizeof wrongs / sizeof *wrongs; i++)
		if (flags & wrongs[i].flag) {
			buf_fmt(why, wrongs[i].words, bundle);
			return;
		}
	buf_fmt(why, "it is not valid (flags 0x%x)", (unsigned)flags);
}

int visitor_prove(mbedtls_x509_crt *chain, const struct tls_give *give, struct tls_seen *seen,
	struct buf *why)
{
	struct verdict v = { 0, 0, 1 };
	mbedtls_x509_crt *roots = 0;
	mbedtls_x509_crl crl;
	char path[512];
	struct buf bundle = BUF_OVER(path);
	uint32_t flags = 0;
	int r = 0;

	mbedtls_x509_crl_init(&crl);
	if (!clock_is_set())
		buf_puts(why, "the clock of this machine is not set");
	else if (!roots_find(chain, give->ca, &roots, &bundle, why) &&
		(!give->crl || !crl_load(&crl, give->crl, why))) {
		buf_z(&bundle);
		if (give->crl)
			flags = crl_judge(&crl, chain);
		if (!flags)
			mbedtls_x509_crt_verify(chain, roots, give->crl ? &crl : 0, 0, &flags,
				trust_look, &v);
		if (flags)
			say_flags(flags, path, why);
		else {
			describe(chain, seen);
			r = *seen->subject != 0;
		}
	}
	mbedtls_x509_crl_free(&crl);
	roots_free(roots);
	return r;
}
