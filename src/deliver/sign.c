/* sign.c: the DKIM signature of a message (RFC 6376, 8301), made right before its
 * envelope goes out, over the bytes that its server will get. control/dkim says which
 * domain signs with which key. A message that was to be signed and cannot be waits: some
 * receivers would throw an unsigned one away. Refuses keys that others may read. */
#include <string.h>
#include "body.h"
#include "sign.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../msg/dkim.h"
#include "../net/crypt.h"
#include "../net/tls_file.h"

enum { KEY_BYTES = 4096 };	/* a key's file: one of 4096 bits has 3272 */

/* A line of control/dkim, cut up. */
enum { DOMAIN, SELECTOR, FILE_NAME, WORDS };

/* The message at hand, and what is known of it. */
static struct {
	struct smtp *s;
	struct mail *m;
	const char *what, *why;	/* what cannot be used, and why the message is not signed */
	char *word[WORDS];	/* of its line in control/dkim */
	struct buf list;	/* that file */
	struct sha256 hash;
	struct dkim d;
} g;

/* Always -1. */
static int wrong(const char *why)
{
	g.why = why;
	return -1;
}

static void hash(void *unused, const void *p, size_t n)
{
	(void)unused;
	sha256_put(&g.hash, p, n);
}

/* 1 when the line, cut up, is for this domain. ".domain" is for all below it. */
static int is_for(const char *domain)
{
	char *key = g.word[DOMAIN];
	size_t k = strlen(key), n = strlen(domain);

	if (*key == '.' && n > k)
		g.word[DOMAIN]++;
	else if (n != k)
		return 0;
	return text_caseeq(key, k, domain + n - k, k);
}

/* Who signs this header: 1; 0 nobody; -1. */
static int choose(void)
{
	char space[256], *s, *end = g.list.s + g.list.len;
	struct buf domain = BUF_OVER(space);
	int i, r = dkim_domain(&g.d, &domain);

	if (r <= 0)
		return r ? wrong("its From is too long") : 0;
	for (s = g.list.s; s < end; s++) {
		for (i = 0; i < WORDS; i++) {
			g.word[i] = s += text_span(s, " \t");
			while (*s && *s != ' ' && *s != '\t')
				s++;
			if (*s)
				*s++ = 0;
		}
		s += strlen(s);
		if (!is_for(space))
			continue;
		if (!*g.word[FILE_NAME])
			return wrong("control/dkim: a line is DOMAIN SELECTOR FILE");
		return !dkim_has(&g.d, g.word[DOMAIN]);
	}
	return 0;
}

/* The whole message through d. As choose(). */
static int read_mail(void)
{
	struct pieces at;
	const char *p;
	ssize_t n;

	pieces_begin(&at, g.m);
	while ((n = pieces_next(g.s, &at, &p)) > 0)
		dkim_put(&g.d, p, (size_t)n);
	dkim_end(&g.d);
	return n < 0 ? wrong("it cannot be read") : choose();
}

/* What has been put behind `from` of the changes' text goes in front of all. */
static void in_front(struct outgoing *o, size_t from)
{
	struct splice x = { 0, 0, from, o->text.len - from };

	memmove(o->list + 1, o->list, o->n++ * sizeof *o->list);
	*o->list = x;
	o->size += x.n;
}

/* The field, now that the body's hash is known. 0 / -1. */
static int put_field(const struct buf *key)
{
	char space[48];
	unsigned char digest[32], sig[SIG_MAX];
	struct buf b = BUF_OVER(space), *text = &g.m->fix->text;
	size_t from = text->len, len;

	sha256_end(&g.hash, digest);
	base64_put(&b, digest, sizeof digest);
	buf_z(&b);
	sha256_begin(&g.hash);
	dkim_field(&g.d, text, g.word[DOMAIN], g.word[SELECTOR],
		clock_is_set() ? (uint64_t)clock_wall() : 0, space);
	sha256_end(&g.hash, digest);
	g.what = g.word[FILE_NAME];
	if (key_sign(key->s, key->len + 1, digest, sig, &len, &g.why) < 0)
		return -1;
	base64_lines(text, "\n\t", sig, len);
	if (text->full)
		return wrong("no memory");
	in_front(g.m->fix, from);
	return 0;
}

static int sign(void)
{
	struct buf key = BUF_HEAP(KEY_BYTES);
	int r = g.m->stream ? wrong("it comes from a pipe and can be read only once") :
		read_mail();

	if (r > 0 && (r = secret_read(g.word[FILE_NAME], &key, &g.s->report)) == 0)
		r = put_field(&key);
	crypt_wipe(key.s, key.cap);
	buf_free(&key);
	return r;
}

char sign_mail(struct smtp *s, struct mail *m)
{
	int r;

	memset(&g, 0, sizeof g);
	g.s = s;
	g.m = m;
	g.what = g.why = "";
	g.list.max = CONTROL_MAX;
	g.d.kept.max = DKIM_FIELDS;
	g.d.hash = hash;
	sha256_begin(&g.hash);
	smtp_words(s, "Message cannot be signed: ");
	r = control_list(&g.list, "dkim");
	if (r)
		r = r < 0 ? wrong(control_error()) : sign();
	if (r < 0)
		buf_fmt(&s->report, *g.what ? "%s: %s. (#4.3.5)\n" : "%s%s. (#4.3.5)\n", g.what, g.why);
	buf_free(&g.list);
	buf_free(&g.d.kept);
	return r < 0 ? 'Z' : 0;
}
