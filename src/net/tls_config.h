/* tls_config.h: what of Mbed TLS is built, in place of its own configuration
 * (MBEDTLS_CONFIG_FILE). A mail client for TLS 1.2 and 1.3 on a small board:
 * the library's default set is three times as large. tls_psa.h is the other half. */
#ifndef NET_TLS_CONFIG_H
#define NET_TLS_CONFIG_H
#include <stddef.h>
#ifndef CFG_PSK
#include "config.h"
#endif

/* The platform: nothing of the C library's that we do not have elsewhere. Memory is
 * tls_pool.c's. No clock: dates are checked by tls_trust.c. Nothing that is used here
 * prints: there is no tls_snprintf() in the program, and a use would not link. */
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO tls_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO tls_free
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO tls_snprintf
void *tls_calloc(size_t n, size_t size);
void tls_free(void *p);
int tls_snprintf(char *s, size_t n, const char *fmt, ...);

/* TLS 1.3 asks for a few things by the PSA interface. The library's own store of keys
 * behind that is 15 KB; it can be told that somebody else has it, and then tls_psa.c is a
 * tenth of that. tls_psa.h says what we have. */
#define MBEDTLS_PSA_CRYPTO_CLIENT
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "tls_psa.h"

/* Small before fast: one handshake an hour, not a thousand a second. */
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#define MBEDTLS_ECP_WINDOW_SIZE 2
/* A server does it for everybody who knocks: a fifth of the time, for 1.9 KB. */
#if CFG_TLSD
#define MBEDTLS_ECP_NIST_OPTIM
#endif

/* Protocols. max_fragment_length stays off: OpenSSL answers it in TLS 1.3 and
 * the library then gives up. So records come in at full size; ours may be
 * small. */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_KEYING_MATERIAL_EXPORT
/* A record's buffers are these and their headers: 4 KB out in all. */
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4032

/* With a key that both have, too, or a ticket. */
#if CFG_PSK || CFG_RESUME || CFG_TLSD
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#endif
#if CFG_RESUME || CFG_TLSD
#define MBEDTLS_SSL_SESSION_TICKETS
#endif

/* A server, too (tls_accept.c), and its clients' certificates. */
#if CFG_TLSD
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_X509_CRL_PARSE_C
#endif

/* Keys: forward secrecy always. */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_RSA_C
/* Keys of up to 4096 bits, and some for a blinded exponent: one of 8192 would take minutes. */
#define MBEDTLS_MPI_MAX_SIZE 576
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
/* For DKIM's keys; what is not called is not linked. */
#define MBEDTLS_GENPRIME
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_PEM_WRITE_C

/* Without a quicker way for the owner of a private key, who has ours here: DKIM and client
 * certificates take four times as long (30 ms on a PC), in 1.8 KB less. A server's handshake
 * would take twice as long. */
#if !CFG_TLSD
#define MBEDTLS_RSA_NO_CRT
#endif

/* Ciphers: AES-GCM alone, which every server has that has TLS 1.2 with forward
 * secrecy. ChaCha20 would be 4.2 KB, X25519 beside the two curves 3.8 KB. */
#define MBEDTLS_AES_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_SSL_CIPHERSUITES \
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256, \
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384, \
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, \
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384

/* Digests. SHA-1: a sixth of the usual root certificates sign themselves with
 * it and would not parse, and SCRAM-SHA-1 needs it. MD5: CRAM-MD5. */
#define MBEDTLS_MD_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_MD5_C

/* Certificates. */
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_VERSION_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_REMOVE_INFO

#endif
