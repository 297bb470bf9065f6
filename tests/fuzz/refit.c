/* A fuzz target: any bytes as a message that is made to fit, for libFuzzer:
 *
 *   make SAN=1		(for build/san/config.h)
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *	-fno-sanitize=pointer-overflow -std=c11 -D_GNU_SOURCE -Ibuild/san -o /tmp/fuzz-refit \
 *	tests/fuzz/refit.c src/msg/field.c src/msg/mime.c src/base/{buf,grow,heap_libc,text}.c
 *   /tmp/fuzz-refit -dict=tests/fuzz/refit.dict -max_len=6000 -max_total_time=180
 *
 * The first two bytes say how the input is split and what is mended. It judges: room was
 * enough, each run gives the same, no line is too long but in what is sealed, no 8-bit
 * byte is left in a body that can be encoded, and what is said to need nothing is the same
 * but for its line ends. */
#include <stdint.h>
#include <stdlib.h>
#include "../../src/msg/refit.c"

static struct refit r;
static struct refit_plan plan, again;
static char out[1 << 17], was[1 << 17];
static size_t out_len, longest;

static void must(int fact)
{
	if (!fact)
		abort();
}

static void pass(struct refit_plan *p, const char *s, size_t n, size_t k, int study)
{
	size_t m, line = 0;

	refit_begin(&r, p, study);
	out_len = longest = 0;
	do {
		m = n < k ? n : k;
		size_t took = refit_put(&r, s, m);

		must(took <= m && !r.out.full && out_len + r.out.len < sizeof out);
		memcpy(out + out_len, r.out.s, r.out.len);
		for (size_t i = 0; i < r.out.len; i++) {
			line = r.out.s[i] == '\n' ? 0 : line + 1;
			longest = line > longest ? line : longest;
		}
		out_len += r.out.len;
		s += took;
		n -= took;
	} while (m);
	must(!study || !out_len);
}

static unsigned found(void)
{
	return plan.in[0] | plan.in[1] | plan.in[2] | plan.in[3];
}

static void unchanged(const char *s, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n' && i && s[i - 1] == '\r')
			continue;
		must(o < out_len && out[o++] == (s[i] == '\r' ? '\n' : s[i]));
	}
	must(out_len - o <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *s = (const char *)data + 2;
	size_t k, len;

	if (n < 2)
		return 0;
	n -= 2;
	k = 1 + data[0] * 16;
	memset(&plan, 0, sizeof plan);
	pass(&plan, s, n, k, 1);
	plan.what = found() & REFIT_LONG;
	if (data[1] & 1 && !(plan.in[IN_FIXED] & REFIT_EIGHT))
		plan.what |= plan.in[IN_BODY] & REFIT_EIGHT;
	pass(&plan, s, n, k, 0);
	must(longest <= REFIT_LINE || plan.in[IN_FIXED] & REFIT_LONG);
	if (!plan.what)
		unchanged(s, n);
	memcpy(was, out, len = out_len);
	pass(&plan, s, n, 257 - data[0] % 256, 0);
	must(len == out_len && !memcmp(was, out, len));
	memset(&again, 0, sizeof again);
	pass(&again, was, len, k, 1);
	if (plan.what & REFIT_EIGHT)
		must(!(again.in[IN_BODY] & REFIT_EIGHT));
	must(!(again.in[IN_BODY] & REFIT_LONG));
	return 0;
}
