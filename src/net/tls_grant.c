/* tls_grant.c: session tickets that a server gives (RFC 5077, RFC 8446 4.6.1): what it has
 * to know of a connection goes to the client, under a key that never leaves this machine's
 * memory, and the client's next connection costs no signature. The certificate that was
 * shown is part of it: another one is another server. A ticket stands for no client's
 * certificate: where these are asked for, none is given. */
#include <string.h>
#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include "../base/clock.h"
#include "tls_conn.h"
#include "tls_grant.h"
#include "tls_pool.h"
#include "tls_trust.h"

/* A ticket: a nonce, when it was made (both in clear), the tag, the session. */
enum { NONCE = 12, WHEN = 8, TAG = 16, HEAD = NONCE + WHEN + TAG,
	LIFETIME = 43200 };	/* seconds: no key lasts longer */

static struct {
	unsigned char key[TICKET_KEY];
	unsigned char about[32 + WHEN];	/* the certificate's digest, when the ticket was made */
	int taken;
} g;

/* Encrypts or decrypts the n bytes at s in place. 0, or not. */
static int seal(int mode, unsigned char *ticket, unsigned char *s, size_t n)
{
	mbedtls_gcm_context c;
	int r;

	memcpy(g.about + 32, ticket + NONCE, WHEN);
	mbedtls_gcm_init(&c);
	r = mbedtls_gcm_setkey(&c, MBEDTLS_CIPHER_ID_AES, g.key, 8 * sizeof g.key);
	if (!r && mode == MBEDTLS_GCM_ENCRYPT)
		r = mbedtls_gcm_crypt_and_tag(&c, mode, n, ticket, NONCE, g.about, sizeof g.about,
			s, s, TAG, ticket + NONCE + WHEN);
	else if (!r)
		r = mbedtls_gcm_auth_decrypt(&c, n, ticket, NONCE, g.about, sizeof g.about,
			ticket + NONCE + WHEN, TAG, s, s);
	mbedtls_gcm_free(&c);
	return r;
}

static int give_one(void *unused, const mbedtls_ssl_session *session, unsigned char *ticket,
	const unsigned char *end, size_t *len, uint32_t *lifetime)
{
	int64_t now = clock_mono();
	size_t n;

	(void)unused;
	*lifetime = LIFETIME;
	*len = 0;
	if (end - ticket < HEAD || tls_random(0, ticket, NONCE) ||
		mbedtls_ssl_session_save(session, ticket + HEAD, (size_t)(end - ticket) - HEAD, &n))
		return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
	memcpy(ticket + NONCE, &now, WHEN);
	*len = HEAD + n;
	return seal(MBEDTLS_GCM_ENCRYPT, ticket, ticket + HEAD, n);
}

/* A session of another version of TLS has no secret that this one knows. */
static int take_back(void *unused, mbedtls_ssl_session *session, unsigned char *ticket,
	size_t len)
{
	int64_t now = clock_mono(), at;

	(void)unused;
	if (len <= HEAD || seal(MBEDTLS_GCM_DECRYPT, ticket, ticket + HEAD, len - HEAD))
		return MBEDTLS_ERR_SSL_INVALID_MAC;
	memcpy(&at, ticket + NONCE, WHEN);
	if (at > now || now - at > 1000 * (int64_t)LIFETIME ||
		mbedtls_ssl_session_load(session, ticket + HEAD, len - HEAD) ||
		session->MBEDTLS_PRIVATE(tls_version) !=
			mbedtls_ssl_get_version_number(&conn.ssl))
		return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
	g.taken = 1;
	return 0;
}

void grant_offer(const unsigned char key[TICKET_KEY])
{
	const mbedtls_x509_buf *own = &conn.cert.raw;

	g.taken = 0;
	memcpy(g.key, key, sizeof g.key);
	if (!mbedtls_sha256(own->p, own->len, g.about, 0))
		mbedtls_ssl_conf_session_tickets_cb(&conn.conf, give_one, take_back, 0);
}

int grant_taken(void)
{
	mbedtls_platform_zeroize(g.key, sizeof g.key);
	return g.taken;
}
