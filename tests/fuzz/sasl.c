/* A fuzz target: logging in to a server that says anything, for libFuzzer:
 *
 *   make SAN=1 CFG_TLS=1	(for build/san/config.h and the library)
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *	-std=c11 -D_GNU_SOURCE -Ibuild/san -Isrc/net -isystem .deps/mbedtls-x86_64-linux-gnu-host/include \
 *	-DMBEDTLS_CONFIG_FILE='"tls_config.h"' -o /tmp/fuzz-sasl tests/fuzz/sasl.c \
 *	src/net/tls_crypt.c src/base/{buf,clock,err,grow,heap_libc,io,log,text,trim}.c \
 *	src/net/tls_{pool_libc,psa}.c .deps/mbedtls-x86_64-linux-gnu-host/lib/libmbedtls.a \
 *	-Wl,--gc-sections
 *   mkdir -p /tmp/corpus-sasl && /tmp/fuzz-sasl -dict=tests/fuzz/sasl.dict -max_len=20000 \
 *	-len_control=0 -max_total_time=180 /tmp/corpus-sasl
 *
 * The first byte chooses the mechanism and whether there is a binding; then come the
 * challenges, one a line. Judged: an answer fits its room; only the mechanisms that may
 * show the password do; each refusal has words, printable and without the password; SCRAM
 * is never done without the signature that only the other side of the password can make. */
#include <stdlib.h>
#include "../../src/net/crypt.h"

/* One round is as good here as 200000, and the digests are the library's. */
#define digest_pbkdf2(d, p, plen, salt, slen, rounds, out) \
	digest_hmac((d), (p), (plen), (salt), (slen), (out))
#include "../../src/net/sasl.c"
#include "../../src/net/sasl_scram.c"

int tls_random(void *unused, unsigned char *p, size_t n)
{
	(void)unused;
	memset(p, 7, n);
	return 0;
}

int mbedtls_psa_external_get_random(void *unused, unsigned char *p, size_t n, size_t *len);
int mbedtls_psa_external_get_random(void *unused, unsigned char *p, size_t n, size_t *len)
{
	*len = n;
	return tls_random(unused, p, n);
}

static void must(int fact)
{
	if (!fact)
		abort();
}

/* The password is one that the input cannot hold. */
static struct login l = { .user = "a,b=c" };

static void judge_words(const char *why)
{
	must(why && *why && !strstr(why, l.secret));
	for (; *why; why++)
		must(*why >= 32 && *why < 127);
}

/* One challenge. 1: go on. */
static int ask(struct sasl *s, const char *p, size_t n)
{
	static char space[SASL_MAX];
	struct buf out = BUF_OVER(space), v = BUF_HEAP(64);
	const char *why = 0;
	int r = sasl_step(s, p, n, &out, &why);

	must(r <= 1 && r >= (p ? -1 : 0) && out.len <= sizeof space);
	if (r < 0)
		judge_words(why);
	else if (r && !(s->mech->says && strstr(s->mech->says, "$p")))
		must(!memmem(out.s, out.len, l.secret, l.len));
	if (r > 0 && s->proven) {
		must(base64_put(&v, s->signature, digest_size(s->mech->digest)));
		/* Trailing bits of base64 are nothing. */
		must(s->step == 3 && n >= v.len + 2 && !memcmp(p, "v=", 2) &&
			!memcmp(p + 2, v.s, v.len - 2));
	}
	buf_free(&v);
	return r >= 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static unsigned char binding[32];
	const char *p = (const char *)data, *end = p + size, *lf, *why = 0;
	struct sasl s = { .login = &l, .host = "h.example", .port = 25 };
	unsigned i = size ? *data : 0;
	size_t n;
	struct buf v = BUF_HEAP(64);
	char *copy;

	if (!size)
		return 0;
	must(buf_text(l.secret, sizeof l.secret, "%016llx",
		(unsigned long long)text_hash((const char *)data, size)));
	l.len = strlen(l.secret);
	p++;
	if (i & 128)
		s.binding = binding;
	if ((i & 15) >= MECHANISMS) {	/* the list itself */
		if (!sasl_begin(&s, p, (size_t)(end - p), &why))
			judge_words(why);
		return 0;
	}
	l.token = (mechanisms[i & 15].flags & TOKEN) != 0;
	s.only = mechanisms[i & 15].name;
	if (!sasl_begin(&s, s.only, strlen(s.only), &why)) {
		judge_words(why);
		return 0;
	}
	strcpy(s.nonce, "fyko+d2l");
	must(ask(&s, 0, 0));
	for (; p < end; p = lf + 1) {
		if (!(lf = memchr(p, '\n', (size_t)(end - p))))
			lf = end;
		n = (size_t)(lf - p);
		buf_clear(&v);
		if (!s.mech->says && s.step == 2 && n == 1 && *p == 'V') {	/* an honest one */
			must(buf_puts(&v, "v=") &&
				base64_put(&v, s.signature, digest_size(s.mech->digest)));
			p = v.s;
			n = v.len;
		}
		/* Of its own size, so that a byte too far is seen. */
		copy = malloc(n + !n);
		memcpy(copy, p, n);
		i = (unsigned)ask(&s, copy, n);
		free(copy);
		if (!i)
			break;
	}
	buf_free(&v);
	if (sasl_done(&s, &why) < 0)
		judge_words(why);
	else
		must(s.mech->says || s.proven);
	return 0;
}
