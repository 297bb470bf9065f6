/* tls_psa.c: the few functions of the PSA interface that TLS 1.3 calls, on the parts of
 * Mbed TLS that the rest of it uses anyway: a key pair for ECDH, HKDF (RFC 5869), one
 * HMAC, one digest. The library asks for each in a fixed way, one after the other, so
 * there is one key of each kind and one derivation, and what is handed in while a
 * derivation is on stays the caller's: it is not copied. */
#include <string.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/ecp.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include "tls_pool.h"

int psa_can_do_hash(psa_algorithm_t alg);

enum { PAIR = 1, MAC = 2 };	/* numbers of keys */

static mbedtls_ecp_keypair pair;
static psa_key_attributes_t about;	/* of the pair */
static struct { unsigned char key[64]; size_t len; } mac;
static struct {
	psa_algorithm_t alg;
	const unsigned char *secret, *more;	/* more: salt or info */
	size_t secret_len, more_len;
} kdf;

/* 32-bit numbers of algorithms say which digest is in them. */
static const mbedtls_md_info_t *digest_of(psa_algorithm_t alg)
{
	return mbedtls_md_info_from_type(mbedtls_md_type_from_psa_alg(PSA_ALG_GET_HASH(alg)));
}

static psa_status_t status(int r)
{
	return r ? PSA_ERROR_GENERIC_ERROR : PSA_SUCCESS;
}

psa_status_t psa_crypto_init(void)
{
	return PSA_SUCCESS;
}

psa_status_t psa_hash_compute(psa_algorithm_t alg, const uint8_t *p, size_t n, uint8_t *out,
	size_t size, size_t *len)
{
	const mbedtls_md_info_t *md = digest_of(alg);

	if (!md || size < (*len = mbedtls_md_get_size(md)))
		return PSA_ERROR_BUFFER_TOO_SMALL;
	return status(mbedtls_md(md, p, n, out));
}

/* ---- HMAC, for the Finished messages ---- */

psa_status_t psa_import_key(const psa_key_attributes_t *a, const uint8_t *p, size_t n,
	mbedtls_svc_key_id_t *key)
{
	(void)a;
	if (n > sizeof mac.key)
		return PSA_ERROR_NOT_SUPPORTED;
	memcpy(mac.key, p, mac.len = n);
	*key = MAC;
	return PSA_SUCCESS;
}

psa_status_t psa_mac_compute(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *p,
	size_t n, uint8_t *out, size_t size, size_t *len)
{
	const mbedtls_md_info_t *md = digest_of(alg);

	(void)key;
	if (!md || size < (*len = mbedtls_md_get_size(md)))
		return PSA_ERROR_BUFFER_TOO_SMALL;
	return status(mbedtls_md_hmac(md, mac.key, mac.len, p, n, out));
}

/* ---- The key pair ---- */

psa_status_t psa_generate_key(const psa_key_attributes_t *a, mbedtls_svc_key_id_t *key)
{
	mbedtls_ecp_keypair_free(&pair);
	about = *a;
	*key = PAIR;
	return status(mbedtls_ecp_gen_key(psa_get_key_bits(a) == 256 ? MBEDTLS_ECP_DP_SECP256R1 :
		MBEDTLS_ECP_DP_SECP384R1, &pair, tls_random, 0));
}

psa_status_t psa_get_key_attributes(mbedtls_svc_key_id_t key, psa_key_attributes_t *a)
{
	(void)key;
	*a = about;
	return PSA_SUCCESS;
}

psa_status_t psa_export_public_key(mbedtls_svc_key_id_t key, uint8_t *out, size_t size,
	size_t *len)
{
	(void)key;
	return status(mbedtls_ecp_write_public_key(&pair, MBEDTLS_ECP_PF_UNCOMPRESSED, len, out,
		size));
}

psa_status_t psa_raw_key_agreement(psa_algorithm_t alg, mbedtls_svc_key_id_t key,
	const uint8_t *peer, size_t n, uint8_t *out, size_t size, size_t *len)
{
	mbedtls_ecp_group *g = &pair.MBEDTLS_PRIVATE(grp);
	mbedtls_ecp_point q;
	mbedtls_mpi z;
	int r;

	(void)alg;
	(void)key;
	mbedtls_ecp_point_init(&q);
	mbedtls_mpi_init(&z);
	*len = (g->pbits + 7) / 8;
	/* compute_shared refuses a point that is not on the curve. */
	r = size < *len || mbedtls_ecp_point_read_binary(g, &q, peer, n) ||
		mbedtls_ecdh_compute_shared(g, &z, &q, &pair.MBEDTLS_PRIVATE(d), tls_random, 0) ||
		mbedtls_mpi_write_binary(&z, out, *len);
	mbedtls_ecp_point_free(&q);
	mbedtls_mpi_free(&z);
	return status(r);
}

psa_status_t psa_destroy_key(mbedtls_svc_key_id_t key)
{
	if (key == PAIR)
		mbedtls_ecp_keypair_free(&pair);
	else if (key == MAC)
		mbedtls_platform_zeroize(&mac, sizeof mac);
	return PSA_SUCCESS;
}

/* ---- HKDF ---- */

psa_status_t psa_key_derivation_setup(psa_key_derivation_operation_t *op, psa_algorithm_t alg)
{
	(void)op;
	memset(&kdf, 0, sizeof kdf);
	kdf.alg = alg;
	return PSA_SUCCESS;
}

psa_status_t psa_key_derivation_input_bytes(psa_key_derivation_operation_t *op,
	psa_key_derivation_step_t step, const uint8_t *p, size_t n)
{
	(void)op;
	if (step == PSA_KEY_DERIVATION_INPUT_SECRET) {
		kdf.secret = p;
		kdf.secret_len = n;
	} else {
		kdf.more = p;
		kdf.more_len = n;
	}
	return PSA_SUCCESS;
}

psa_status_t psa_key_derivation_output_bytes(psa_key_derivation_operation_t *op, uint8_t *out,
	size_t n)
{
	const mbedtls_md_info_t *md = digest_of(kdf.alg);

	(void)op;
	if (!md)
		return PSA_ERROR_NOT_SUPPORTED;
	if (PSA_ALG_IS_HKDF_EXPAND(kdf.alg))
		return status(mbedtls_hkdf_expand(md, kdf.secret, kdf.secret_len, kdf.more,
			kdf.more_len, out, n));
	return status(mbedtls_hkdf_extract(md, kdf.more, kdf.more_len, kdf.secret,
		kdf.secret_len, out));
}

psa_status_t psa_key_derivation_abort(psa_key_derivation_operation_t *op)
{
	(void)op;
	return PSA_SUCCESS;
}

/* ---- Digests in pieces: the library's own are asked for, as none are here ---- */

int psa_can_do_hash(psa_algorithm_t alg)
{
	(void)alg;
	return 0;
}

psa_status_t psa_hash_setup(psa_hash_operation_t *op, psa_algorithm_t alg)
{
	(void)op;
	(void)alg;
	return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t psa_hash_update(psa_hash_operation_t *op, const uint8_t *p, size_t n)
{
	(void)op;
	(void)p;
	(void)n;
	return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t psa_hash_finish(psa_hash_operation_t *op, uint8_t *out, size_t size, size_t *len)
{
	(void)op;
	(void)out;
	(void)size;
	(void)len;
	return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t psa_hash_clone(const psa_hash_operation_t *from, psa_hash_operation_t *to)
{
	(void)from;
	(void)to;
	return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t psa_hash_abort(psa_hash_operation_t *op)
{
	(void)op;
	return PSA_SUCCESS;
}
