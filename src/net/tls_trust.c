/* tls_trust.c: is the server who it should be? Asked once, when the handshake is done: by
 * the pins of its certificate, by TLSA records (RFC 7672), or by a chain to an authority
 * of this machine's bundle, with names and dates. What is asked for is never weakened:
 * pins that are there decide, and a clock that is not set proves nothing. */
#include <limits.h>
#include <string.h>
#include <mbedtls/base64.h>
#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/date.h"
#include "../base/text.h"
#include "tls_trust.h"

int trust_pin(const mbedtls_x509_crt *crt, unsigned char out[32])
{
	return mbedtls_sha256(crt->pk_raw.p, crt->pk_raw.len, out, 0);
}

int64_t trust_time(const mbedtls_x509_time *t)
{
	struct civil c = { t->year, t->mon, t->day, t->hour, t->min, t->sec, 0 };

	return date_unix(&c);
}

/* The n bytes of a name in a certificate, made printable. */
void trust_name(struct buf *b, const mbedtls_x509_buf *name)
{
	size_t i;

	for (i = 0; i < name->len; i++)
		buf_putc(b, name->p[i] >= ' ' && name->p[i] <= '~' ? name->p[i] : '?');
}

static void put_hex(struct buf *b, const unsigned char sum[32])
{
	int i;

	for (i = 0; i < 32; i++)
		buf_fmt(b, "%02x", sum[i]);
}

/* ---- Pins ---- */

static const char apart[] = ", \t\n";

/* 32 bytes of the n at s: hex with or without colons, or base64. 0 / -1 */
static int read_pin(const char *s, size_t n, unsigned char out[32])
{
	static const char digits[] = "0123456789abcdef";
	size_t i, got = 0;
	const char *d;

	if (text_casestarts(s, n, "sha256//")) {
		s += 8;
		n -= 8;
	}
	if (n < 64)
		return mbedtls_base64_decode(out, 32, &got, (const unsigned char *)s, n) ||
			got != 32 ? -1 : 0;
	memset(out, 0, 32);
	for (i = 0; i < n; i++) {
		if (s[i] == ':')
			continue;
		if (got == 64 || !(d = strchr(digits, text_lower(s[i]))) || !*d)
			return -1;
		out[got / 2] = (unsigned char)(out[got / 2] << 4 | (d - digits));
		got++;
	}
	return got == 64 ? 0 : -1;
}

static enum tls_result by_pin(const mbedtls_x509_crt *crt, const char *pins, struct buf *why)
{
	unsigned char whole[32], key[32], pin[32];
	size_t n;

	if (mbedtls_sha256(crt->raw.p, crt->raw.len, whole, 0) || trust_pin(crt, key))
		return TLS_LOCAL;
	for (; *pins; pins += n + text_span(pins + n, apart)) {
		n = strcspn(pins, apart);
		if (read_pin(pins, n, pin) < 0) {
			buf_fmt(why, "the pin %.*s is no SHA-256 in hex or base64", (int)n, pins);
			return TLS_LOCAL;
		}
		if (!memcmp(pin, key, 32) || !memcmp(pin, whole, 32))
			return TLS_OK;
	}
	buf_puts(why, "the server's certificate is none of those that are pinned; the pin of its "
		"key is ");
	put_hex(why, key);
	return TLS_REFUSED;
}

/* ---- TLSA ---- */

static int fits(const struct tlsa *r, const mbedtls_x509_crt *c)
{
	const mbedtls_x509_buf *b = r->selector ? &c->pk_raw : &c->raw;
	unsigned char sum[64];

	if (r->match == 1 ? mbedtls_sha256(b->p, b->len, sum, 0) :
		mbedtls_sha512(b->p, b->len, sum, 0))
		return 0;
	return !memcmp(sum, r->data, r->len);
}

static int usable(const struct tlsa *r)
{
	return (r->usage == 2 || r->usage == 3) && r->selector <= 1 &&
		((r->match == 1 && r->len == 32) || (r->match == 2 && r->len == 64));
}

/* A record of usage 3 is about the server's own key, and nothing else of its certificate
 * counts (RFC 7672 3.1.1). One of usage 2 names an authority that has to be in the chain:
 * it goes to *roots. 1 proven. */
static int by_tlsa(mbedtls_x509_crt *chain, const struct tls_want *want,
	mbedtls_x509_crt **roots)
{
	mbedtls_x509_crt *c;
	unsigned i;

	for (i = 0; i < want->ntlsa; i++) {
		const struct tlsa *r = &want->tlsa[i];

		if (!usable(r))
			continue;
		if (r->usage == 3 && fits(r, chain))
			return 1;
		for (c = chain; c && r->usage == 2; c = c->next)
			if (fits(r, c))
				roots_add(roots, c->raw.p, c->raw.len);
	}
	return 0;
}

/* ---- A chain ---- */

/* 1 when an authority may vouch for some names alone (RFC 5280 4.2.1.10), which the library
 * cannot check: it refuses that only where it is marked as critical. */
static int is_limited(const mbedtls_x509_crt *crt)
{
	static const char id[] = MBEDTLS_OID_NAME_CONSTRAINTS;
	const unsigned char *p = crt->v3_ext.p;
	size_t n;

	for (n = crt->v3_ext.len; n >= sizeof id - 1; n--, p++)
		if (!memcmp(p, id, sizeof id - 1))
			return 1;
	return 0;
}

int trust_look(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	static const char server[] = MBEDTLS_OID_SERVER_AUTH, client[] = MBEDTLS_OID_CLIENT_AUTH;
	struct verdict *v = arg;
	int64_t now = clock_wall();

	(void)depth;
	if (mbedtls_x509_crt_check_extended_key_usage(crt,
		CFG_TLSD && v->client ? client : server, sizeof server - 1))
		*flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	if (is_limited(crt))
		*flags |= MBEDTLS_X509_BADCERT_OTHER;
	if (trust_time(&crt->valid_to) < now) {
		v->late = crt;
		*flags |= MBEDTLS_X509_BADCERT_EXPIRED;
	}
	if (trust_time(&crt->valid_from) > now) {
		v->early = crt;
		*flags |= MBEDTLS_X509_BADCERT_FUTURE;
	}
	return 0;
}

/* The first value of this kind in a name, 0 none. RFC 5280 A.1: 2.5.4.3 is the common
 * name, 2.5.4.10 the organization. */
static const mbedtls_x509_buf *part(const mbedtls_x509_name *n, unsigned char kind)
{
	for (; n; n = n->next)
		if (n->oid.len == 3 && n->oid.p[0] == 0x55 && n->oid.p[1] == 4 && n->oid.p[2] == kind)
			return &n->val;
	return 0;
}

static void put_owner(struct buf *b, const mbedtls_x509_name *n)
{
	const mbedtls_x509_buf *v = part(n, 3);

	if (v || (v = part(n, 10)))
		trust_name(b, v);
}

/* Whom it is for, at most a few. */
static void put_names(struct buf *b, const mbedtls_x509_crt *crt)
{
	const mbedtls_x509_sequence *s;
	int any = 0;

	for (s = &crt->subject_alt_names; s && any < 4; s = s->next)
		if (s->buf.tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2)) {
			buf_puts(b, any++ ? ", " : "");
			trust_name(b, &s->buf);
		}
	if (!any)
		put_owner(b, &crt->subject);
}

static void say_when(struct buf *why, const char *what, const mbedtls_x509_crt *of,
	const mbedtls_x509_crt *chain, const mbedtls_x509_time *t)
{
	if (of != chain) {
		buf_puts(why, "; that of its authority ");
		put_owner(why, &of->subject);
	} else
		buf_puts(why, "; it");
	buf_fmt(why, " %s ", what);
	date_gmt(why, trust_time(t));
}

static void say_flags(struct buf *why, const mbedtls_x509_crt *chain, uint32_t flags,
	const struct verdict *v, const char *name, const char *bundle)
{
	unsigned char pin[32];
	size_t from = why->len;

	if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
		buf_puts(why, "; it is for ");
		put_names(why, chain);
		buf_fmt(why, " and not for %s", name);
	}
	if (v->late)
		say_when(why, "has expired on", v->late, chain, &v->late->valid_to);
	if (v->early)
		say_when(why, "is not valid before", v->early, chain, &v->early->valid_from);
	if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
		if (chain->issuer_raw.len == chain->subject_raw.len &&
			!memcmp(chain->issuer_raw.p, chain->subject_raw.p, chain->subject_raw.len))
			buf_puts(why, "; it is self-signed");
		else {
			buf_puts(why, "; it is issued by ");
			put_owner(why, &chain->issuer);
			buf_fmt(why, ", and no chain leads from there to an authority in %s", bundle);
		}
		if (!trust_pin(chain, pin)) {
			buf_puts(why, " (if it is the right one, pin it: ");
			put_hex(why, pin);
			buf_puts(why, ")");
		}
	}
	if (flags & MBEDTLS_X509_BADCERT_BAD_MD)
		buf_puts(why, "; it is signed with SHA-1 or a digest as weak");
	if (flags & MBEDTLS_X509_BADCERT_BAD_KEY)
		buf_puts(why, "; its key is too weak");
	if (flags & MBEDTLS_X509_BADCERT_OTHER)
		buf_puts(why, "; one of its authorities is limited to some names, which cannot be "
			"checked here");
	if ((flags & MBEDTLS_X509_BADCERT_EXT_KEY_USAGE) || why->len == from)
		buf_fmt(why, "; it, or its authority, is not meant for a server (flags 0x%x)",
			(unsigned)flags);
}

static enum tls_result by_chain(mbedtls_x509_crt *chain, const struct tls_want *want,
	mbedtls_x509_crt *roots, const char *bundle, struct buf *why)
{
	const char *name = want->name ? want->name : want->host;
	struct verdict v = { 0, 0, 0 };
	uint32_t flags = 0;

	mbedtls_x509_crt_verify(chain, roots, 0, name, &flags, trust_look, &v);
	if (!flags)
		return TLS_OK;
	buf_puts(why, "the server's certificate is not valid");
	say_flags(why, chain, flags, &v, name, bundle);
	return TLS_REFUSED;
}

static enum tls_result verify(mbedtls_x509_crt *chain, const struct tls_want *want,
	mbedtls_x509_crt *roots, struct buf *why)
{
	char path[512];
	struct buf bundle = BUF_OVER(path);
	enum tls_result r = TLS_LOCAL;

	if (!clock_is_set()) {
		buf_puts(why, "the clock of this machine is not set, and without it no certificate can "
			"be checked; a pin (control/tlspin, or PIN= of the route) needs no clock");
		return TLS_NOCLOCK;
	}
	if (roots)
		buf_puts(&bundle, "the TLSA records");
	if (roots || !roots_find(chain, want->cafile, &roots, &bundle, why)) {
		buf_z(&bundle);
		r = by_chain(chain, want, roots, path, why);
	}
	roots_free(roots);
	return r;
}

enum tls_result trust_check(mbedtls_x509_crt *chain, const struct tls_want *want,
	enum tls_proof *proof, struct buf *why)
{
	const char *pins = want->pins ? want->pins + text_span(want->pins, apart) : "";
	mbedtls_x509_crt *roots = 0;
	enum tls_result r = TLS_OK;
	unsigned i, ntlsa = CFG_DANE ? want->ntlsa : 0;

	*proof = TLS_NOT_PROVEN;
	for (i = 0; i < ntlsa && !usable(&want->tlsa[i]); i++)
		;
	if (!*pins && i == ntlsa && want->level < TLS_VERIFY)
		return TLS_OK;
	if (!chain) {
		buf_puts(why, "the server has shown no certificate");
		return TLS_REFUSED;
	}
	*proof = TLS_BY_CHAIN;
	if (*pins) {
		*proof = TLS_BY_PIN;
		r = by_pin(chain, pins, why);
	} else if (i == ntlsa)
		r = verify(chain, want, 0, why);
	else {
		*proof = TLS_BY_DANE;
		if (!by_tlsa(chain, want, &roots)) {
			if (roots)
				return verify(chain, want, roots, why);
			buf_puts(why, "the server's certificate fits none of the TLSA records");
			r = TLS_REFUSED;
		}
	}
	return r;
}

void trust_describe(const mbedtls_x509_crt *crt, struct tls_seen *seen)
{
	struct buf s = BUF_AT(seen->subject, 0, sizeof seen->subject - 1);
	struct buf i = BUF_AT(seen->issuer, 0, sizeof seen->issuer - 1);
	int64_t days = (trust_time(&crt->valid_to) - clock_wall()) / 86400;

	if (part(&crt->subject, 3))
		put_owner(&s, &crt->subject);
	else
		put_names(&s, crt);
	put_owner(&i, &crt->issuer);
	seen->days = days > INT_MAX ? INT_MAX : days < INT_MIN ? INT_MIN : (int)days;
	trust_pin(crt, seen->pin);
}
