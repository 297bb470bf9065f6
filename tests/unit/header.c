/* Field names, generated fields (checklist 102), recipients' order, line ends. */
#include "../../src/msg/field.c"
#include "../../src/msg/make.c"
#include "../../src/inject/rcpts.c"
#include "../../src/inject/reader.c"
#include "../lib/tap.h"
#include <stdlib.h>
#include <unistd.h>

static unsigned seed = 3;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static void test_names(void)
{
	static const struct { const char *line; int name; } t[] = {
		{ "To: a", 2 }, { "to : a", 2 }, { "X-Y\t: a", 3 }, { "a:", 1 },
		{ "no colon\n", 0 }, { ": x", 0 }, { "J\xc3\xb6: x", 0 }, { "a b: x", 0 },
		{ "", -1 }, { "Subj", -1 }, { "To ", -1 }, { "\n", 0 }, { "a\177b:", 0 },
	};
	char longname[2000];
	size_t i, colon;
	int f;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(field_name(t[i].line, strlen(t[i].line), &colon) == t[i].name,
			"field name, line %d", (int)i);
	memset(longname, 'x', sizeof longname);
	ok(field_name(longname, sizeof longname, &colon) == 0, "a name without an end is none");
	for (f = 1; f < FIELD_COUNT; f++)
		if (field_find(fields[f].name, strlen(fields[f].name)) != (enum field)f)
			break;
	ok(f == FIELD_COUNT, "every field is found by its name");
	for (f = FIELD_TO; f < FIELD_COUNT; f++) {
		int want = f <= FIELD_MESSAGE_ID ? FIELD_RESENT + f : FIELD_OTHER;

		strcpy(longname, "resent-");
		strcat(longname, fields[f].name);
		if ((int)field_find(longname, strlen(longname)) != want)
			break;
		if (want && field_flags((enum field)want) != (field_flags((enum field)f) | FIELD_RESENT))
			break;
	}
	ok(f == FIELD_COUNT, "its Resent- form too, when it has one");
	ok(field_find("Resent-", 7) == FIELD_OTHER, "Resent- alone is no field of ours");
	ok(field_find("bCC", 3) == FIELD_BCC && field_find("Bc", 2) == FIELD_OTHER &&
		field_find("Bccx", 4) == FIELD_OTHER, "case-blind, and whole names only");
}

static void made(struct buf *b, const char *want, const char *what)
{
	buf_z(b);
	ok(!strcmp(b->s, want), "%s", what);
	if (strcmp(b->s, want))
		printf("# %s", b->s);
	buf_clear(b);
}

static void test_make(void)
{
	char space[500];
	struct buf b = BUF_OVER(space);

	make_date(&b, "", 1700000000);
	made(&b, "Date: 14 Nov 2023 22:13:20 -0000\n", "102: Date of 1700000000");
	make_date(&b, "", 1699056000);
	made(&b, "Date: 4 Nov 2023 00:00:00 -0000\n", "102: Date of 1699056000");
	make_date(&b, "Resent-", 951782400);
	made(&b, "Resent-Date: 29 Feb 2000 00:00:00 -0000\n", "102: Resent-Date of 951782400");
	make_message_id(&b, "", 1700000000, 42, 0, "id7.example.net");
	made(&b, "Message-ID: <20231114221320.42.qmail@id7.example.net>\n", "102: Message-ID");
	make_message_id(&b, "", 1, 42, 0xabc, "x");
	made(&b, "Message-ID: <19700101000001.42.00000abc.qmail@x>\n", "Message-ID with a salt");
	make_from(&b, "", "K.I.M", 0, "kim@b.e", 7);
	made(&b, "From: \"K.I.M\" <kim@b.e>\n", "100: From with a name");
	make_from(&b, "", "K.I.M", 1, "kim@b.e", 7);
	made(&b, "From: kim@b.e (K.I.M)\n", "100: From with a comment");
	make_from(&b, "Resent-", "", 0, "a b@c", 5);
	made(&b, "Resent-From: \"a b\"@c\n", "From without a name");
	make_from(&b, "", "a\"b\\\nBcc: x", 0, "k@e", 3);
	made(&b, "From: \"a\\\"b\\\\ Bcc: x\" <k@e>\n", "a name cannot start a field");
	make_from(&b, "", "a)(\r\n b", 1, "k@e", 3);
	made(&b, "From: k@e (a\\)\\(   b)\n", "nor end its comment");
}

static void test_rcpts(void)
{
	struct buf b = BUF_HEAP(1000);

	rcpts_reverse(&b, 0);
	ok(b.len == 0, "no recipients turned round are none");
	rcpts_add(&b, "a@x", 3);
	rcpts_add(&b, "bb@y", 4);
	rcpts_add(&b, "", 0);
	rcpts_add(&b, "ccc", 3);
	rcpts_reverse(&b, 4);
	ok(b.len == 14 && !memcmp(b.s, "a@x\0ccc\0\0bb@y", 14), "records from an offset on turned round");
	ok(rcpts_before(&b, 14) == 9 && rcpts_before(&b, 9) == 8 && rcpts_before(&b, 8) == 4 &&
		rcpts_before(&b, 4) == 0, "and walked from the end");
	buf_free(&b);
}

/* ---- line ends ---- */

static char got[4096];
static size_t got_len;

static int take(void *arg, const void *p, size_t n)
{
	(void)arg;
	memcpy(got + got_len, p, n);
	got_len += n;
	return 0;
}

static void feed(const char *s, size_t n, unsigned piece)
{
	struct body b = { .put = take, .last = '\n' };

	got_len = 0;
	while (n) {
		size_t k = piece ? 1 + rnd(piece) : n;
		char *copy;

		if (k > n)
			k = n;
		copy = malloc(k);
		memcpy(copy, s, k);
		body_feed(&b, copy, k);
		free(copy);
		s += k;
		n -= k;
	}
	body_end(&b);
}

static void lines(const char *in, const char *want, const char *what)
{
	feed(in, strlen(in), 0);
	ok(got_len == strlen(want) && !memcmp(got, want, got_len), "body: %s", what);
	feed(in, strlen(in), 1);
	ok(got_len == strlen(want) && !memcmp(got, want, got_len), "body, byte by byte: %s", what);
}

/* The same in one look: a run of CRs before a LF goes, another CR is a LF. */
static size_t simple(const char *s, size_t n, char *o)
{
	size_t i, j, len = 0;

	for (i = 0; i < n; i++) {
		for (j = i; j < n && s[j] == '\r'; j++)
			;
		if (s[i] == '\r' && j < n && s[j] == '\n')
			continue;
		o[len++] = s[i] == '\r' ? '\n' : s[i];
	}
	if (len && o[len - 1] != '\n')
		o[len++] = '\n';
	return len;
}

static void test_body(void)
{
	int round, wrong = 0;

	lines("a\nb\n", "a\nb\n", "LF");
	lines("a\r\nb\r\n", "a\nb\n", "CRLF");
	lines("a\r\nb\nc\r\n", "a\nb\nc\n", "mixed");
	lines("a\rb\r", "a\nb\n", "CR alone");
	lines("a\r\r\nb", "a\nb\n", "CRCRLF, and no end");
	lines("a\n\n\n", "a\n\n\n", "empty lines at the end");
	lines("", "", "nothing");
	feed("a\0b\0", 4, 0);
	ok(got_len == 5 && !memcmp(got, "a\0b\0\n", 5), "body: NUL stays");
	for (round = 0; round < 20000; round++) {
		char in[40], want[48];
		size_t n = rnd(sizeof in), i, len;

		for (i = 0; i < n; i++)
			in[i] = "\r\r\n\n.a"[rnd(6)];
		len = simple(in, n, want);
		feed(in, n, 4);
		wrong += len != got_len || memcmp(want, got, len);
	}
	ok(!wrong, "random line ends in random pieces");
}

static void test_repair(void)
{
	char space[40];
	struct buf b = BUF_OVER(space);

	buf_puts(&b, "keep\rTo: x\r\n");
	ok(reader_repair(&b, 5) == 1 && b.len == 11 && !memcmp(b.s, "keep\rTo: x\n", 11), "CRLF of a header line");
	buf_clear(&b);
	buf_puts(&b, "S: a\rBcc: b\r\r\n");
	ok(reader_repair(&b, 0) == 1 && b.len == 12 && !memcmp(b.s, "S: a Bcc: b\n", 12),
		"a CR inside a header line starts no field");
	buf_clear(&b);
	buf_puts(&b, "S: a");
	ok(reader_repair(&b, 0) == 1 && b.len == 5 && b.s[4] == '\n', "a line without an end gets one");
	buf_clear(&b);
	buf_put(&b, "S: a\0b\n", 7);
	ok(reader_repair(&b, 0) == 0, "a NUL is told");
}

int main(void)
{
	test_names();
	test_make();
	test_rcpts();
	test_body();
	test_repair();
	return done();
}
