/* A fuzz target: the header as it passes by, for libFuzzer (run.sh header). The first byte
 * says how it is cut, and whether fields are left out and completed. Judged: the pieces
 * change nothing; what only passes is what came in, byte for byte but for its CRs; hops
 * are the lines that begin with the two names; what begins here has no field that must
 * not go on, no CR, and no line of the body has become one of the header. */
#include <stdio.h>
#include <strings.h>
#include "../../src/serve/header.c"
#include "fuzz.h"

struct result { struct header h; char *s; size_t len, cap, end; unsigned seen; int completed; };

static void put_(void *arg, const char *s, size_t n)
{
	struct result *r = arg;

	must(r->len + n <= r->cap);
	memcpy(r->s + r->len, s, n);
	r->len += n;
}

static void complete_(void *arg, unsigned seen)
{
	struct result *r = arg;

	must(!r->completed++);
	r->seen = seen;
	put_(r, "X-Mark: x\n", 10);
	r->end = r->len;
}

static void run(struct result *r, const char *p, size_t n, unsigned most, int own)
{
	unsigned seed = most;
	size_t k;
	char *in;

	memset(r, 0, sizeof *r);
	r->cap = n + 64;
	must((r->s = malloc(r->cap)) != 0);
	r->h.put = put_;
	r->h.complete = own ? complete_ : 0;
	r->h.arg = r;
	for (; n; p += k, n -= k) {
		seed = seed * 1103515245 + 12345;
		k = most && n > 1 + (seed >> 16) % most ? 1 + (seed >> 16) % most : n;
		in = exact(p, k);
		header_put(&r->h, in, k);
		free(in);
	}
	header_end(&r->h);
	must(r->completed == own);
}

/* Mail that passes by. */
static void judge_passing(const struct result *r, const char *p, size_t n)
{
	size_t i, line, len, blank;
	unsigned hops = 0;

	must(r->len == n);
	for (i = 0; i < n; i++)
		must(p[i] == '\r' ? r->s[i] == ' ' || r->s[i] == '\n' : r->s[i] == p[i]);
	for (line = 0; line < n; line += len + 1) {
		len = strcspn(r->s + line, "\n");
		if (!len || (!line && (*r->s == ' ' || *r->s == '\t')))
			break;
		if (r->s[line] == ' ' || r->s[line] == '\t')
			continue;
		for (blank = 0; blank < len && (unsigned char)r->s[line + blank] > 32 &&
			(unsigned char)r->s[line + blank] < 127 && r->s[line + blank] != ':'; blank++)
			;
		if (!blank)
			return;
		/* One whose colon is not among so many bytes is no field. */
		i = blank + strspn(r->s + line + blank, " \t");
		if (i >= HEADER_NAME || r->s[line + i] != ':')
			break;
		hops += (blank == 8 && !strncasecmp(r->s + line, "received", 8)) ||
			(blank == 12 && !strncasecmp(r->s + line, "delivered-to", 12));
	}
	must(r->h.hops == hops);
}

/* Mail that begins here. */
static void judge_own(const struct result *r)
{
	size_t line, len, n;
	int first = 1;

	must(!memchr(r->s, '\r', r->len));
	/* All before our own field is header: fields and what continues them. */
	for (line = 0; line < r->end; line += len + 1) {
		len = (size_t)((char *)memchr(r->s + line, '\n', r->end - line) - (r->s + line));
		if (r->s[line] == ' ' || r->s[line] == '\t') {
			must(!first);
			continue;
		}
		first = 0;
		n = strcspn(r->s + line, ":");
		must(n && n < len);
		must(strncasecmp(r->s + line, "bcc:", 4) && strncasecmp(r->s + line, "bcc :", 5) &&
			strncasecmp(r->s + line, "return-path:", 12) &&
			strncasecmp(r->s + line, "content-length:", 15));
	}
	must(r->end == r->len || r->s[r->end] == '\n');
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct result all, cut;
	int own;
	size_t i;
	char *p;

	if (!n)
		return 0;
	own = *data >> 7;
	p = exact(data + 1, --n);
	/* The session takes no NUL so far. */
	for (i = 0; i < n; i++)
		if (!p[i])
			p[i] = 'N';
	if (own && n)
		p[n - 1] = '\n';	/* as DATA's do */
	run(&all, p, n, 0, own);
	run(&cut, p, n, 1 + (*data & 127), own);
	must(all.len == cut.len && !memcmp(all.s, cut.s, all.len) && all.h.hops == cut.h.hops &&
		all.seen == cut.seen && all.end == cut.end);
	if (n) {
		all.s[all.len] = 0;	/* there is room: cap */
		if (own)
			judge_own(&all);
		else
			judge_passing(&all, p, n);
	}
	free(all.s);
	free(cut.s);
	free(p);
	return 0;
}
