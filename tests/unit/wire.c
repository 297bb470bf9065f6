/* Reading replies: the forms of RFC 5321 4.2, and whatever else a server says;
 * and the records of an external program. */
#include "../../src/deliver/wire.c"
#include "../../src/deliver/external.c"
#include "../lib/tap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "../../src/base/clock.h"

static struct wire w;
static int lines_seen;

static void line(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
	lines_seen++;
}

/* The server says these bytes and closes. */
static int says(const char *s, size_t n)
{
	int fd[2], code;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) || io_write(fd[1], s, n))
		exit(1);
	close(fd[1]);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	wire_init(&w);
	w.line = line;
	wire_attach(&w, fd[0]);
	lines_seen = 0;
	code = wire_reply(&w, clock_mono() + 5000);
	return code;
}
#define SAYS(s) says(s, sizeof (s) - 1)

static int text_is(const char *s)
{
	return w.text.len == strlen(s) && !memcmp(w.text.s, s, w.text.len);
}

static void replies(void)
{
	ok(SAYS("250 ok\r\n") == 250 && text_is("250 ok"), "one line");
	ok(SAYS("250\r\n") == 250 && text_is("250"), "a code alone");
	ok(SAYS("250-a\r\n250-b\r\n250 c\r\n") == 250 && text_is("250-a\n250-b\n250 c") &&
		lines_seen == 3, "three lines");
	ok(SAYS("250-a\n250 b\n") == 250 && text_is("250-a\n250 b"), "LF alone");
	wire_close(&w);
	says("250 a\r\n550 b\r\n", 14);
	ok(wire_reply(&w, clock_mono() + 1000) == 550 && text_is("550 b"), "the next one stays");
	wire_close(&w);
	ok(SAYS("25 ok\r\n") == 0 && SAYS("2500 ok\r\n") == 0 && SAYS("abc\r\n") == 0 &&
		SAYS("\r\n") == 0 && SAYS(" 250 ok\r\n") == 0, "no code");
	ok(SAYS("150 x\r\n") == 0 && SAYS("600 x\r\n") == 0 && SAYS("999 x\r\n") == 0, "no class of ours");
	ok(SAYS("250-a\r\n251 b\r\n") == 0 && SAYS("250-a\r\nb\r\n") == 0, "lines that disagree");
	ok(SAYS("250 ok") == -1 && SAYS("250-a\r\n") == -1 && SAYS("") == -1, "cut short");
	ok(SAYS("550 a\0b\033c\200\tz\r\n") == 550 && text_is("550 a?b?c? z"), "bytes are cleaned");
	wire_close(&w);
}

static void lengths(void)
{
	static char big[80000];
	size_t n = 0;

	memset(big, 'x', sizeof big);
	memcpy(big, "550 ", 4);
	memcpy(big + 60000, "\r\n", 2);
	ok(says(big, 60002) == 550 && w.text.len < REPLY_TEXT && w.text.len > 1000, "a long line is cut");
	memset(big + 60000, 'x', 2);
	ok(says(big, 79000) == -1 && w.text.len <= REPLY_TEXT, "an endless one is none");
	while (n < 50000)
		n += (size_t)sprintf(big + n, "250-%s\r\n", "twelve bytes");
	n += (size_t)sprintf(big + n, "250 end\r\n");
	ok(says(big, n) == 250 && w.text.len < REPLY_TEXT, "many lines are cut");
	n -= 9;
	n += (size_t)sprintf(big + n, "550 end\r\n");
	ok(says(big, n) == 0, "the last one's code counts all the same");
}

static void noise(void)
{
	static const char bytes[] = "0123456789- \r\n\r\n25";
	char s[200];
	int bad = 0, good = 0;

	for (int i = 0; i < 20000; i++) {
		size_t n = (size_t)rand() % sizeof s;
		int code;

		for (size_t k = 0; k < n; k++)
			s[k] = rand() % 8 ? bytes[(size_t)rand() % (sizeof bytes - 1)] : (char)rand();
		if (n > 4 && rand() % 2)
			memcpy(s, "250-", 4);
		code = says(s, n);
		bad += !(code == -1 || code == 0 || (code >= 200 && code <= 599));
		good += code > 0;
		for (size_t k = 0; k < w.text.len; k++)
			bad += (w.text.s[k] < 32 || w.text.s[k] > 126) && w.text.s[k] != '\n';
		wire_close(&w);
	}
	ok(!bad && good > 10, "noise (%d read as replies)", good);
}

static int reads(const char *s, size_t n, char letter, const char *text)
{
	char out[256], *copy = malloc(n);	/* exact size, for the sanitizer */
	struct buf b = BUF_OVER(out);
	char got;

	memcpy(copy, s, n);
	got = external_report(copy, n, &b);
	free(copy);
	return got == letter && (!text || (b.len == strlen(text) && !memcmp(out, text, b.len)));
}
#define READS(s, letter, text) reads(s, sizeof (s) - 1, letter, text)

static void records(void)
{
	char s[40];
	int bad = 0;

	ok(READS("r\0Kfine\n\0", 'K', "fine\n"), "r K");
	ok(READS("sbusy\n\0DGiving up\n\0", 'Z', "busy\nGiving up\n"), "s D: later, both texts");
	ok(READS("hno\n\0DGiving up\n\0", 'D', "no\nGiving up\n"), "h D");
	ok(READS("hno\n\0Kfine\n\0", 'D', "no\n"), "h K: refused, without K's text");
	ok(READS("Zlater\n\0", 'Z', "later\n") && READS("Dnever\n\0", 'D', "never\n"), "one record");
	ok(READS("Kcut", 'K', "cut") && READS("r\0Kcut", 'K', "cut"), "no NUL at the end");
	ok(READS("junk", 'D', 0) && READS("\0\0", 'D', 0), "no verdict");
	for (int i = 0; i < 20000; i++) {
		size_t n = 1 + (size_t)rand() % (sizeof s - 1);

		for (size_t k = 0; k < n; k++)
			s[k] = "KZDrsh\0\0a"[rand() % 9];
		bad += !reads(s, n, 'K', 0) && !reads(s, n, 'Z', 0) && !reads(s, n, 'D', 0);
	}
	ok(!bad, "random records");
}

int main(void)
{
	replies();
	lengths();
	noise();
	records();
	return done();
}
