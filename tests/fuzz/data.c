/* A fuzz target: the text behind DATA, for libFuzzer (run.sh data). The first byte says how
 * it is cut into pieces. Judged against RFC 5321 4.5.2 as it reads: the text has no end
 * but CR LF . CR LF, which is found wherever it stands, and what comes out, what was
 * taken, and what is said of it do not depend on the pieces. */
#include "../../src/serve/data.c"
#include "fuzz.h"

struct result { struct data d; char *s; size_t len, used; };

/* The same where the bytes are, as the session does it. */
static void decode_here(struct data d, const char *in, size_t k, const char *out, size_t len,
	size_t took)
{
	char *here = malloc(DATA_GROWTH + k);
	size_t n;

	must(here != 0);
	memcpy(here + DATA_GROWTH, in, k);
	must(data_take(&d, here + DATA_GROWTH, k, here, &n) == took);
	must(n == len && !memcmp(here, out, n));
	must(!memcmp(here + DATA_GROWTH + took, in + took, k - took));
	free(here);
}

/* In pieces of 1 to `most` bytes (0: all at once). */
static void decode(struct result *r, const char *p, size_t n, unsigned most, int plain)
{
	unsigned seed = most;

	memset(r, 0, sizeof *r);
	r->d.plain = plain;
	r->s = malloc(n + n * DATA_GROWTH + 1);
	must(r->s != 0);
	while (r->used < n && r->d.state != DATA_END) {
		size_t k = n - r->used, len, took;
		struct data was = r->d;
		char *in, *out;

		seed = seed * 1103515245 + 12345;
		if (most && k > 1 + (seed >> 16) % most)
			k = 1 + (seed >> 16) % most;
		in = exact(p + r->used, k);
		must((out = malloc(k + DATA_GROWTH)) != 0);
		took = data_take(&r->d, in, k, out, &len);
		must(took == k || (took < k && took && r->d.state == DATA_END));
		must(len <= k + DATA_GROWTH);
		decode_here(was, in, k, out, len, took);
		memcpy(r->s + r->len, out, len);
		r->len += len;
		r->used += took;
		free(in);
		free(out);
	}
}

/* Where the text ends by the rule: behind CR LF . CR LF, the first CR LF being there already
 * at the start. 0: nowhere. */
static size_t end_of(const char *p, size_t n)
{
	size_t i;

	if (n >= 3 && !memcmp(p, ".\r\n", 3))
		return 3;
	for (i = 0; i + 5 <= n; i++)
		if (!memcmp(p + i, "\r\n.\r\n", 5))
			return i + 5;
	return 0;
}

/* What the rule makes of n bytes of lines, the end not among them. */
static size_t rule(const char *p, size_t n, char *o, int plain)
{
	size_t i, k = 0;
	int start = 1;

	for (i = 0; i < n; i++) {
		if (start && p[i] == '.' && !plain && i + 1 < n && p[i + 1] != '\r' &&
			p[i + 1] != '\n') {
			start = 0;
			continue;
		}
		start = 0;
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n') {
			i++;
			start = 1;
			o[k++] = '\n';
		} else
			o[k++] = p[i];
	}
	return k;
}

/* Is there a byte of this kind in it: a LF alone, a CR alone, a NUL. */
static int has(const char *p, size_t n, int c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] == c && !(c == '\n' && i && p[i - 1] == '\r') &&
			!(c == '\r' && i + 1 < n && p[i + 1] == '\n'))
			return 1;
	return 0;
}

static void judge(const struct result *r, const char *p, size_t n, int plain)
{
	size_t end = plain ? 0 : end_of(p, n), text = end ? end - 3 : n, len;
	char *want;

	must((r->d.state == DATA_END) == (end > 0) && r->used == (end ? end : n));
	/* What is held at its end is not decided. */
	if (!end && r->d.state != DATA_START && r->d.state != DATA_INSIDE)
		return;
	must((want = malloc(text + 1)) != 0);
	len = rule(p, text, want, plain);
	must(r->len == len && !memcmp(r->s, want, len));
	free(want);
	must(r->d.barelf == has(p, text, '\n') && r->d.barecr == has(p, text, '\r') &&
		r->d.nul == has(p, text, 0));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct result all, cut;
	int plain;
	char *p;

	if (!n)
		return 0;
	plain = *data >> 7;
	p = exact(data + 1, --n);
	decode(&all, p, n, 0, plain);
	judge(&all, p, n, plain);
	decode(&cut, p, n, 1 + (*data & 127), plain);
	must(!memcmp(&all.d, &cut.d, sizeof all.d) && all.used == cut.used &&
		all.len == cut.len && !memcmp(all.s, cut.s, all.len));
	free(all.s);
	free(cut.s);
	free(p);
	return 0;
}
