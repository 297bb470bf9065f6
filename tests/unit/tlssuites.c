/* control/tlsclientciphers: what is offered for lists as people have them. */
#include "../../src/net/tls_suites.c"
#include "../lib/tap.h"

static const char *const openssl[SUITES] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
	"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384" };
static const char *const iana[SUITES] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" };
static const int ids[SUITES] = { 0x1301, 0x1302, 0xc02b, 0xc02f, 0xc02c, 0xc030 };

/* want: digits, the places of those that are offered; "" refused. */
static void gives(const char *words, const char *want)
{
	int list[SUITES + 2] = { 0 }, r;
	char text[300], got[SUITES + 1] = "";
	struct buf why = BUF_OVER(text);

	list[SUITES + 1] = -1;
	r = suites_choose(list, words, &why);
	for (int i = 0; i < SUITES && list[i]; i++)
		for (int k = 0; k < SUITES; k++)
			if (list[i] == ids[k])
				got[i] = (char)('0' + k);
	ok(!strcmp(got, want) && r == (*want ? 0 : -1) && list[SUITES + 1] == -1 &&
		(*want ? !why.len : why.len && buf_z(&why) && strstr(text, "names no cipher")),
		"\"%s\": %s, is %s", words, *want ? want : "none", got);
}

int main(void)
{
	int i;

	for (i = 0; i < SUITES; i++) {
		ok(bit(openssl[i], strlen(openssl[i])) == 1u << i, "%s", openssl[i]);
		ok(bit(iana[i], strlen(iana[i])) == 1u << i, "%s", iana[i]);
	}
	gives("DEFAULT", "012345");
	gives("HIGH:!aNULL:!MD5", "012345");
	gives("PROFILE=SYSTEM", "012345");
	gives("!aNULL:@STRENGTH", "012345");
	gives("", "012345");
	gives("ECDHE+AESGCM:@SECLEVEL=2", "012345");
	/* Named of one version: the other is as it was. */
	gives("ECDHE-RSA-AES256-GCM-SHA384", "501");
	gives("TLS_AES_256_GCM_SHA384", "12345");
	gives("TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", "132");
	gives("tls_ecdhe_rsa_with_aes_256_gcm_sha384, TLS_AES_128_GCM_SHA256", "50");
	gives("ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 TLS_AES_128_GCM_SHA256", "50");
	gives("ECDHE-RSA-AES256-GCM-SHA384:HIGH", "501234");
	gives("HIGH:ECDHE-RSA-AES256-GCM-SHA384:!ECDHE-ECDSA-AES128-GCM-SHA256", "50134");
	gives("!TLS_AES_128_GCM_SHA256:!TLS_AES_256_GCM_SHA384", "2345");
	gives("HIGH:-ECDHE-RSA-AES128-GCM-SHA256", "01245");
	gives("ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256", "301");
	gives("+ECDHE-RSA-AES128-GCM-SHA256", "012345");
	/* Others only: no key exchange, RSA's, none of the family. */
	gives("AES128-GCM-SHA256", "");
	gives("RC4-SHA:DES-CBC3-SHA:!aNULL", "");
	gives("TLS_CHACHA20_POLY1305_SHA256", "");
	gives("TLS_RSA_WITH_AES_128_GCM_SHA256", "");
	gives("HIGH:!TLS_AES_128_GCM_SHA256:!TLS_AES_256_GCM_SHA384:!ECDHE-ECDSA-AES128-GCM-SHA256:"
		"!ECDHE-RSA-AES128-GCM-SHA256:!ECDHE-ECDSA-AES256-GCM-SHA384:"
		"!ECDHE-RSA-AES256-GCM-SHA384", "");
	return done();
}
