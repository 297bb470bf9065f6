/* A fuzz target: what stands behind MAIL FROM: and RCPT TO:, for libFuzzer (run.sh address).
 * Judged: an address that comes out is within its bound, has no control byte and no host
 * that could end or continue a command; written again as the SMTP client does, it is read
 * as the same. A recipient that a stranger may name (inbound.c; ours.example is all of
 * rcpthosts, and percenthack rewrites for hack.example) has a host of ours whoever
 * reads it: as the runner rewrites it, or an old server that knows %, ! and routes. */
#include "../../src/serve/address.c"
#include "../../src/serve/inbound.c"
#include "../../src/msg/quote.h"
#include "../../src/base/control.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "fuzz.h"

static int ours(const char *host, size_t n)
{
	return text_caseeq(host, n, "ours.example", 12) || text_caseeq(host, n, "hack.example", 12) ||
		text_caseeq(host, n, "me.example", 10);
}

/* ---- in place of lists.c, whose files need no reading here ---- */
enum list_answer list_rcpthost(const char *host, size_t n)
{
	return ours(host, n) ? LIST_YES : LIST_NO;
}

static void start(void)
{
	static const char *const files[] = { "me", "me.example\n", "percenthack", "hack.example\n",
		"locals", "me.example\n" };
	static char dir[] = "/tmp/fuzz-address.XXXXXX", var[64] = "CONTROLDIR=";
	char path[64];
	size_t i;
	int fd;

	must(mkdtemp(dir) != 0);
	putenv(strcat(var, dir));
	for (i = 0; i < 6; i += 2) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		must((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0);
		must(write(fd, files[i + 1], strlen(files[i + 1])) > 0 && !close(fd));
	}
}

/* Any reading of what a stranger may name ends at a host of ours. */
static void judge_stranger(const struct buf *from)
{
	char space[4 * ADDR_CAP];
	struct buf a = BUF_OVER(space);
	size_t at;

	buf_put(&a, from->s, from->len);
	if (inbound_rcpt(&a))
		return;
	at = text_rchr(a.s, a.len, '@');
	must(at < a.len && ours(a.s + at + 1, a.len - at - 1));
	must(!memchr(a.s, '@', at) && !memchr(a.s, '%', a.len) && !memchr(a.s, '!', a.len));
	/* Whoever got it as it came may rewrite it once more: percenthack's last word. */
	at = text_rchr(from->s, from->len, '@');
	if (at < from->len && text_caseeq(from->s + at + 1, from->len - at - 1, "ours.example", 12))
		must(!memchr(from->s, '%', from->len) && !memchr(from->s, '!', from->len) &&
			!memchr(from->s, '@', at));
}

static void judge(const struct buf *a)
{
	size_t at = text_rchr(a->s, a->len, '@'), i;
	char space[3 * ADDR_CAP], again_space[ADDR_CAP];
	struct buf b = BUF_OVER(space), again = BUF_OVER(again_space);
	const char *rest;

	must(a->len <= PATH_MOST && !a->full);
	for (i = 0; i < a->len; i++)
		must((unsigned char)a->s[i] >= 32 && a->s[i] != 127);
	for (i = at + 1; i < a->len; i++)
		must(!strchr(" \"(),;<>@\\", a->s[i]));
	must(at == a->len || at > 0);
	must(buf_putc(&b, '<') && addr_quote(&b, a->s, a->len) && buf_puts(&b, "> X") && buf_z(&b));
	must((rest = path_read(b.s, &again)) && !strcmp(rest, " X"));
	must(again.len == a->len && !memcmp(again.s, a->s, a->len));
	if (a->len)
		judge_stranger(a);
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	static int ready;
	char space[ADDR_CAP], *s;
	struct buf a = BUF_OVER(space);
	const char *rest;

	if (!ready++)
		start();
	s = malloc(n + 1);
	must(s != 0);
	memcpy(s, p, n);
	s[n] = 0;
	if ((rest = path_read(s, &a))) {
		must(rest > s && rest <= s + strlen(s) && (rest[-1] == '>' || *rest == ' ' || !*rest));
		judge(&a);
	}
	free(s);
	return 0;
}
