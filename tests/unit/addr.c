/* Addresses as text and back; which are ours; tcpto's records. */
#include "../../src/net/addr.c"
#include "../../src/net/tcpto.c"
#include "../lib/tap.h"
#include <fcntl.h>
#include <stdlib.h>

static int parses(const char *s, const char *want)
{
	char text[ADDR_TEXT];
	struct addr a;

	if (!addr_parse(&a, s, strlen(s)))
		return !want;
	addr_text(&a, text);
	if (want && strcmp(text, want))
		printf("# %s: %s\n", s, text);
	return want && !strcmp(text, want);
}

/* What the C library's says of the same text, and its bytes. */
static void same(void)
{
	static const char letters[] = "::::...0123af1";
	int bad = 0, good = 0;

	for (int i = 0; i < 300000; i++) {
		char s[24];
		int n = rand() % (int)(sizeof s - 1), got, want;
		unsigned char ours[16] = "", theirs[16] = "";

		for (int k = 0; k < n; k++)
			s[k] = letters[(unsigned)rand() % (sizeof letters - 1)];
		s[n] = 0;
		want = inet_pton(AF_INET, s, theirs) ? 4 : inet_pton(AF_INET6, s, theirs) ? 16 : 0;
		got = parse4(ours, s) ? 4 : parse6(ours, s) ? 16 : 0;
		good += got == 16;
		if (got != want || memcmp(ours, theirs, (size_t)want)) {
			bad++;
			printf("# %s: %d, %d\n", s, got, want);
		}
	}
	ok(!bad && good > 100, "as inet_pton reads them");
}

static void text(void)
{
	int bad = 0;

	ok(parses("192.0.2.1", "192.0.2.1") && parses("255.255.255.255", "255.255.255.255"), "IPv4");
	ok(parses("[192.0.2.1]", "192.0.2.1"), "in brackets");
	ok(parses("[IPv6:2001:db8::1]", "2001:db8::1") && parses("[ipv6:::]", "::"), "RFC 5321 literal");
	ok(parses("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), "first of two equal runs");
	ok(parses("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), "longest run");
	ok(parses("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), "one zero is no run");
	ok(parses("1:0:0:0:0:0:0:0", "1::") && parses("::1", "::1") && parses("::", "::"), "runs at the ends");
	ok(parses("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "the longest");
	ok(parses("300.1.1.1", 0) && parses("1.2.3", 0) && parses("", 0) && parses("[]", 0) &&
		parses("host", 0) && parses("[1.2.3.4", 0) && parses("1.2.3.4 ", 0), "none");
	ok(parses("01.2.3.4", 0) && parses("1.2.3.4.", 0) && parses("1.2.3.0004", 0) &&
		parses("1..2.3", 0) && parses("::1.2.3", 0) && parses("1:2:3:4:5:6:7:1.2.3.4", 0),
		"no IPv4 address");
	ok(parses("::ffff:192.0.2.1", "::ffff:c000:201") && parses("1:2:3:4:5:6:1.2.3.4",
		"1:2:3:4:5:6:102:304"), "four numbers at the end");
	ok(parses("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0") && parses("::2:3:4:5:6:7:8",
		"0:2:3:4:5:6:7:8"), "one group is left out");
	ok(parses(":", 0) && parses(":::", 0) && parses(":1", 0) && parses("1:", 0) &&
		parses("1::2::3", 0) && parses("1:2:3:4:5:6:7", 0) && parses("1:2:3:4:5:6:7:8:9", 0) &&
		parses("1:2:3:4::5:6:7:8", 0) && parses("12345::", 0) && parses("::g", 0) &&
		parses("1:2:3:4:5:6:7:8:", 0) && parses("::1.2.3.4:5", 0), "no IPv6 address");
	same();
	for (int i = 0; i < 20000; i++) {
		struct addr a, b;
		char t[ADDR_TEXT];

		memset(&a, 0, sizeof a);
		a.u.sa.sa_family = AF_INET6;
		for (int k = 0; k < 16; k++)
			a.u.v6.sin6_addr.s6_addr[k] = rand() % 3 ? 0 : rand();
		addr_text(&a, t);
		bad += !addr_parse(&b, t, strlen(t)) || !addr_same(&a, &b);
	}
	ok(!bad, "random addresses come back");
}

static int ours(const char *s)
{
	struct addr a;

	return addr_parse(&a, s, strlen(s)) && addr_ours(&a);
}

static void tcpto(void)
{
	FILE *f = tmpfile();
	int fd = fileno(f), other;
	struct addr a, b;
	unsigned char r[TCPTO_BYTES];
	unsigned n;
	int64_t at;
	char name[64];

	addr_parse(&a, "192.0.2.1", 9);
	addr_parse(&b, "2001:db8::1", 11);
	tcpto_failed(-1, &a, 0);
	ok(!tcpto_skip(-1, &a, TCPTO_PENALTY), "without a file: no memory");
	tcpto_failed(fd, &a, 0);
	tcpto_failed(fd, &b, 0);
	ok(!tcpto_skip(fd, &a, TCPTO_PENALTY), "once is not enough");
	ok(pread(fd, r, sizeof r, 0) == sizeof r && r[0] == 2 && r[4] == 1 &&
		!memcmp(r + 16, "\xc0\0\2\1", 4), "the record");
	ok(tcpto_record(r, &a, &n, &at) && n == 1 && at > 1000000000, "as shown");
	ok(pread(fd, r, sizeof r, 32) == sizeof r && r[0] == 10 && r[16] == 0x20, "IPv6 record");
	tcpto_failed(fd, &a, 0);
	ok(!tcpto_skip(fd, &a, TCPTO_PENALTY), "twice within 120 s counts once");
	if (pread(fd, r, sizeof r, 0) != sizeof r)
		return;
	tcpto_failed(fd, &a, 1);
	ok(!tcpto_skip(fd, &a, TCPTO_PENALTY), "and so within a tolerance of its own");
	if (!r[9]--)	/* 256 s ago */
		r[10]--;
	if (pwrite(fd, r, sizeof r, 0) < 0)
		return;
	tcpto_failed(fd, &a, 600);
	ok(!tcpto_skip(fd, &a, TCPTO_PENALTY), "a tolerance that is longer");
	tcpto_failed(fd, &a, 0);
	ok(tcpto_skip(fd, &a, TCPTO_PENALTY) && !tcpto_skip(fd, &b, TCPTO_PENALTY), "a second time: skipped");
	ok(!tcpto_skip(fd, &a, 0) && tcpto_skip(fd, &a, 1), "a penalty of its own");
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	other = open(name, O_RDWR);
	flock(other, LOCK_EX);
	ok(other < 0 || !tcpto_skip(fd, &a, TCPTO_PENALTY), "a busy file is no memory, and no wait");
	flock(other, LOCK_UN);
	tcpto_worked(fd, &a);
	ok(!tcpto_skip(fd, &a, TCPTO_PENALTY), "it answers again");
	for (int i = 0; i < 100; i++) {
		a.u.v4.sin_addr.s_addr = htonl(0x0a000000u + (unsigned)i);
		tcpto_failed(fd, &a, 0);
	}
	ok(lseek(fd, 0, SEEK_END) == TCPTO_RECORDS * TCPTO_BYTES, "never grows over 64 records");
	fclose(f);
}

static int reverses(const char *ip, const char *name)
{
	char space[128];
	struct buf b = BUF_OVER(space);
	struct addr a;

	ok(addr_parse(&a, ip, strlen(ip)), "%s", ip);
	addr_reverse(&b, &a);
	return buf_z(&b) && !strcmp(space, name);
}

static void reversed(void)
{
	ok(reverses("192.0.2.10", "10.2.0.192."), "IPv4 backwards");
	ok(reverses("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		"8.b.d.0.1.0.0.2."), "IPv6 backwards");
}

int main(void)
{
	text();
	ok(ours("127.0.0.1") && ours("127.3.2.1") && ours("0.0.0.0") && ours("::"), "ours");
	ok(!ours("192.0.2.1") && !ours("2001:db8::1"), "not ours");
	reversed();
	tcpto();
	return done();
}
