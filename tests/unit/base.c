/* base.c: the bottom of the house: buffers and their formatter, numbers, dates,
 * control files read as the qmail family reads them, and descriptors handed over. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../lib/tap.h"
#include "../../src/base/buf.c"
#include "../../src/base/text.c"
#include "../../src/base/date.c"
#include "../../src/base/control.c"
#include "../../src/base/io.h"
#include "../../src/base/proc.h"

static int holds(const struct buf *b, const char *s)
{
	return b->len == strlen(s) && !memcmp(b->s, s, b->len);
}

static void test_buf(void)
{
	char a[16];
	struct buf b = BUF_OVER(a), h = BUF_HEAP(1000);
	int i, r = 1;

	ok(buf_puts(&b, "0123456789") && !buf_puts(&b, "abcdefg") && b.len == 10 && b.full,
		"a put that does not fit adds nothing and says so");
	buf_clear(&b);
	ok(!buf_fmt(&b, "%s-%d", "0123456789", 1234567) && b.len == 0,
		"a format that does not fit adds nothing");
	buf_clear(&b);
	ok(buf_fmt(&b, "%05d|%x|%c", 42, 255u, 'z') && holds(&b, "00042|ff|z"),
		"width with zeros, hex, character");
	buf_clear(&b);
	ok(buf_fmt(&b, "%lld", (long long)INT64_MIN + 1000000000000000000) && b.full == 0 &&
		b.len == 16 ? 1 : b.len == 0, "a 64-bit number either fits or is left out");
	for (i = 0; i < 100; i++)
		r &= buf_fmt(&h, "%d.%.*s.%%", i, 2, "abcdef");
	ok(r && h.len > 600 && h.len < 1000 && !memcmp(h.s, "0.ab.%1.ab.%", 12),
		"a heap buffer grows");
	while (buf_putc(&h, 'x'))
		;
	ok(h.len == 1000 && h.full, "and stops at its bound");
	buf_free(&h);
	h.max = 64;
	ok(buf_fmt(&h, "%llu %lld", (unsigned long long)UINT64_MAX, (long long)INT64_MIN) &&
		holds(&h, "18446744073709551615 -9223372036854775808"), "64-bit limits");
	buf_free(&h);
}

static void test_text(void)
{
	uint64_t v = 7, x;
	int r = 1;
	unsigned i;

	ok(text_u64("18446744073709551615x", 21, &v) == 20 && v == UINT64_MAX, "largest number");
	ok(text_u64("18446744073709551616", 20, &v) == 0, "one more does not fit");
	ok(!text_is_u64("", 0, &v) && !text_is_u64("1x", 2, &v), "not a number");
	ok(text_caseeq("ExAmple", 7, "eXaMPLE", 7) && !text_caseeq("a", 1, "ab", 2), "case-blind");
	ok(!text_caseeq("\xc0", 1, "\xe0", 1), "only ASCII has case");
	ok(text_rchr("a@b@c", 5, '@') == 3 && text_rchr("abc", 3, '@') == 3, "last byte");
	for (i = 0; i < 200000 && r; i++) {
		x = i < 1000 ? i : (uint64_t)rand() * (uint64_t)rand();
		v = text_isqrt(x);
		r = v * v <= x && (v + 1) * (v + 1) > x;
	}
	ok(r, "isqrt is the floor of the root, 200000 numbers");
	ok(text_isqrt(UINT64_MAX) == 4294967295u, "and of the largest one");
}

static int date_is(int (*fn)(struct buf *, int64_t), int64_t t, const char *want)
{
	char a[64];
	struct buf b = BUF_OVER(a);

	return fn(&b, t) && holds(&b, want);
}

static void test_date(void)
{
	int64_t t, back;
	struct civil c;
	int r = 1, i;
	char a[64];

	ok(date_is(date_mail, 1700000000, "14 Nov 2023 22:13:20 -0000"), "date 1700000000");
	ok(date_is(date_mail, 1699056000, "4 Nov 2023 00:00:00 -0000"), "date 1699056000");
	ok(date_is(date_mail, 951782400, "29 Feb 2000 00:00:00 -0000"), "date 951782400");
	ok(date_is(date_mbox, 1699056000, "Sat Nov 04 00:00:00 2023"), "66: mbox date, zero padded");
	ok(date_is(date_mbox, 1700000000, "Tue Nov 14 22:13:20 2023"), "mbox date 1700000000");
	ok(date_is(date_stamp, 1700000000, "20231114221320"), "stamp");
	ok(date_is(date_mail, 0, "1 Jan 1970 00:00:00 -0000"), "the first second");
	ok(date_is(date_mail, -1, "31 Dec 1969 23:59:59 -0000"), "the one before");
	ok(date_is(date_mail, 2147483648, "19 Jan 2038 03:14:08 -0000"), "2^31");
	ok(date_is(date_mail, 4294967296, "7 Feb 2106 06:28:16 -0000"), "2^32");
	for (i = 0; i < 100000 && r; i++) {
		struct buf b = BUF_OVER(a);

		t = (int64_t)rand() * 100 - 20000000000;
		date_civil(t, &c);
		r = date_unix(&c) == t && c.mon >= 1 && c.mon <= 12 && c.day >= 1 && c.day <= 31;
		if (r && t >= 0 && c.year < 10000)
			r = date_mail(&b, t) && date_mail_parse(a, b.len, &back) && back == t;
	}
	ok(r, "100000 dates there and back");
	ok(!date_mail_parse("14 Nov 2023 22:13:20 +0100", 26, &t) &&
		!date_mail_parse("Tue, 14 Nov 2023", 16, &t) && !date_mail_parse("", 0, &t) &&
		!date_mail_parse("99 Nov 2023 22:13:20 -0000", 26, &t), "other forms are not ours");
}

static void put_file(const char *name, const char *s, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, n) != (ssize_t)n || close(fd) < 0)
		abort();
}
#define FILE_IS(name, s) put_file(name, s, sizeof s - 1)

static void test_control(void)
{
	char dir[] = "/tmp/qmta-unit.XXXXXX";
	struct buf b = BUF_HEAP(CONTROL_MAX);
	uint64_t v = 5;

	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	setenv("CONTROLDIR", dir, 1);
	ok(control_line(&b, "me") == 0, "a missing file is the default");
	FILE_IS("me", " mx.example.net \t\r\nsecond\n");
	ok(control_line(&b, "me") == 1 && holds(&b, " mx.example.net") && !b.s[b.len],
		"first line, trailing blanks cut, leading ones kept");
	ok(control_host(&b, "helohost") == 1 && holds(&b, " mx.example.net"), "me is the default of hosts");
	FILE_IS("helohost", "\n");
	ok(control_host(&b, "helohost") == 1 && holds(&b, " mx.example.net"), "an empty file too");
	FILE_IS("n", "120 seconds\n");
	ok(control_num(&v, "n") == 1 && v == 120, "leading digits");
	FILE_IS("n", "many\n");
	ok(control_num(&v, "n") == 0 && v == 120, "no digit counts as absent");
	FILE_IS("locals", "# ours\nA.example \n\n b.example\nlast");
	ok(control_list(&b, "locals") == 1 && control_has(&b, "a.EXAMPLE", 9) &&
		control_has(&b, " b.example", 10) && control_has(&b, "last", 4) &&
		!control_has(&b, "# ours", 6) && !control_has(&b, "", 0), "lists");
	FILE_IS("map", "Key.example:value:8025\nkey.example:second\nnocolon\n:catch\n");
	ok(control_list(&b, "map") == 1 && !strcmp(control_map(&b, "KEY.example", 11), "value:8025"),
		"maps: first hit, case-blind, value after the first colon");
	ok(!strcmp(control_map(&b, "", 0), "catch") && !control_map(&b, "nocolon", 7), "the empty key");
	FILE_IS("bad", "a\0b\n");
	ok(control_line(&b, "bad") == -1 && strstr(control_error(), "bad"), "a NUL is an error that names the file");
	buf_free(&b);
	put_file("big", dir, 1);
	if (truncate("big", CONTROL_MAX + 1) < 0)
		abort();
	ok(control_line(&b, "big") == -1 && strstr(control_error(), "big"), "so is a file that is too big");
	buf_free(&b);
	unlink("me"); unlink("helohost"); unlink("n"); unlink("locals");
	unlink("map"); unlink("bad"); unlink("big");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		abort();
}

static void test_pass(void)
{
	int fd[2], p[2], got[2], n = 2, e;
	char a[8], c = 0;

	if (pass_pair(fd) < 0 || pipe(p) < 0)
		abort();
	ok(pass_send(fd[0], "job", 3, p, 2) == 0 && pass_recv(fd[1], a, sizeof a, got, &n, 0) == 3 &&
		n == 2, "a packet with two descriptors");
	ok(write(got[1], "x", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'x', "they are the same pipe");
	ok(fcntl(got[0], F_GETFD) & FD_CLOEXEC, "closed on exec");
	close(got[0]);
	n = 1;
	pass_send(fd[0], "j", 1, p, 2);
	e = fcntl(0, F_DUPFD, 3);
	close(e);
	ok(pass_recv(fd[1], a, sizeof a, got, &n, 0) == 1 && n == 1, "descriptors without room");
	close(got[0]);
	n = fcntl(0, F_DUPFD, 3);
	ok(n == e, "are closed, not leaked");
	n = 1;
	pass_send(fd[0], "longer than eight", 17, 0, 0);
	ok(pass_recv(fd[1], a, sizeof a, got, &n, 0) == -1 && errno == EMSGSIZE, "too long a packet");
	close(fd[0]);
	n = 0;
	ok(pass_recv(fd[1], a, sizeof a, got, &n, 0) == 0, "end of file");
}

int main(void)
{
	test_buf();
	test_text();
	test_date();
	test_control();
	test_pass();
	return done();
}
