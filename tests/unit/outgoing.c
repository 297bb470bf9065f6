/* What changes in a message that leaves: addresses in all the forms a field may
 * have, fields of any length, the Date; and that nothing else ever does. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "../lib/tap.h"
#include "../../src/msg/generic.c"
#include "../../src/msg/outgoing.c"

static unsigned seed = 11;
static struct outgoing o = { .text = BUF_HEAP(OUTGOING_TEXT) };
static char got[1 << 17];
static size_t got_len;

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static void put(const char *name, const char *s, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, n) != (ssize_t)n || close(fd) < 0)
		abort();
}

static int reload(const char *lines)
{
	put("generic", lines, strlen(lines));
	loaded = 0;
	buf_free(&map);
	ours_forget();
	return generic_load();
}

/* The message as it goes out, into got. 0, or why not. */
static const char *leave(const char *s, size_t n, off_t start, const char *sender)
{
	const char *why;
	uint64_t at = 0;
	int fd, bad = 0;

	put("mess", s, n);
	fd = open("mess", O_RDONLY);
	why = outgoing_find(&o, fd, start, n - (size_t)start, sender);
	close(fd);
	got_len = 0;
	for (unsigned i = 0; !why && i <= o.n; i++) {
		uint64_t to = i < o.n ? o.list[i].at : n - (size_t)start;

		if (to < at || to > n - (size_t)start)
			abort();
		memcpy(got + got_len, s + start + at, to - at);
		got_len += to - at;
		if (i == o.n)
			break;
		memcpy(got + got_len, o.text.s + o.list[i].from, o.list[i].n);
		got_len += o.list[i].n;
		at = to + o.list[i].cut;
	}
	got[got_len] = 0;
	if (!why && got_len != o.size)
		bad = 1;
	if (bad)
		abort();
	return why;
}

static void becomes(const char *in, const char *want, const char *what)
{
	int good = !leave(in, strlen(in), 0, "") && !strcmp(got, want);

	ok(good, "%s", what);
	if (!good)
		printf("# got: %s\n", got);
}

static void same(const char *in, const char *what)
{
	becomes(in, in, what);
}

static void fields(void)
{
	becomes("From: root@board.example.net\n\nFrom: root@board.example.net\n",
		"From: me@isp.example\n\nFrom: root@board.example.net\n", "From; the body stays");
	becomes("From: Cron Daemon <root@board.example.net> (yes)\n\n",
		"From: Cron Daemon <me@isp.example> (yes)\n\n", "name and comment");
	becomes("From: root@board.example.net (Cron \"Daemon)\n\n",
		"From: me@isp.example (Cron \"Daemon)\n\n", "the old form of a name");
	becomes("FROM:root\n\n", "FROM:me@isp.example\n\n", "bare, case, no blank");
	becomes("From: =?utf-8?q?J=C3=B6?=\n\t=?utf-8?q?rg?=\n <root@localhost>\nTo: root@localhost\n\n",
		"From: =?utf-8?q?J=C3=B6?=\n\t=?utf-8?q?rg?=\n <me@isp.example>\nTo: root@localhost\n\n",
		"folding stays, and so does To");
	becomes("From: a@x.example,\n root@localhost , \"Q, <q>\" <pi@dom.example>\n\n",
		"From: a@x.example,\n me@isp.example , \"Q, <q>\" <pi@new.example>\n\n", "a list");
	becomes("Reply-To: Team: root, (hi) kim@dom.example (Kim);, x@y.example\n\n",
		"Reply-To: Team: me@isp.example, (hi) kim@new.example (Kim);, x@y.example\n\n", "a group");
	becomes("Sender: <root>\nResent-From: root\nResent-Sender: root\nResent-Reply-To: root\n"
		"Return-Receipt-To: root\nCc: root\nX-From: root\n\n",
		"Sender: <me@isp.example>\nResent-From: me@isp.example\nResent-Sender: me@isp.example\n"
		"Resent-Reply-To: me@isp.example\nReturn-Receipt-To: root\nCc: root\nX-From: root\n\n",
		"which fields");
	becomes("From: <@r1,@r2:root@localhost>\n\n", "From: <me@isp.example>\n\n", "a source route goes");
	becomes("From: \"a b\"@dom.example\n\n", "From: \"a b\"@new.example\n\n", "quoting is made anew");
	becomes("From: roo (x) t@localhost, root (x) @localhost\n\n",
		"From: roo (x) t@localhost, me@isp.example\n\n", "a comment within an address");
	same("From: root@board.example.net, <broken\n\n", "half a list is none");
	same("From: root, a b@\001c\n\n", "nor is this");
	same("From: \"root@localhost\n\n", "nor an open string");
	same("From: <>\nSender:\nReply-To: undisclosed:;\n\n", "nothing in it");
	same("not a header\nFrom: root\n\n", "a message without a header");
	same("From: root", "a header that does not end");
	becomes("Subject: x\nFrom: root\n", "Subject: x\nFrom: me@isp.example\n", "only a header");
	same("", "an empty message");
	becomes("From: root\nFrom: root\n\n", "From: me@isp.example\nFrom: me@isp.example\n\n", "twice");
	ok(!leave("junk From: root\n\n", 17, 5, "root@localhost") && !strcmp(got, "From: me@isp.example\n\n") &&
		!strcmp(o.sender, "me@isp.example"), "a message that begins later in its file; the sender");
	ok(!leave("", 0, 0, "kim@far.example") && !strcmp(o.sender, "kim@far.example") &&
		!leave("", 0, 0, "") && !*o.sender, "senders that stay");
	ok(!outgoing_find(&o, -1, 0, 77, "root@localhost") && !strcmp(o.sender, "me@isp.example") &&
		!o.n && o.size == 77, "a pipe: only the sender");
}

static void original(void)
{
	char in[2000];
	size_t n;
	int i;

	put("originalfrom", "1\n", 2);
	if (reload("root me@isp.example\n") != 1)
		abort();
	becomes("From: The\n root <root>\nTo: x\n\nb",
		"From: The\n root <me@isp.example>\nX-Original-From: The\n root <root>\nTo: x\n\nb",
		"X-Original-From");
	becomes("To: x\nFrom: root\n", "To: x\nFrom: me@isp.example\nX-Original-From: root\n",
		"at the end of the message");
	same("From: kim@far.example\n\n", "not when nothing changed");
	becomes("Sender: root\nFrom: kim@far.example\nResent-From: root\n\n",
		"Sender: me@isp.example\nFrom: kim@far.example\nResent-From: me@isp.example\n\n", "only for From");
	n = (size_t)sprintf(in, "Sender: root\n");
	for (i = 0; i < OUTGOING_MAX; i++)
		n += (size_t)sprintf(in + n, "From: root\n");
	ok(!leave(in, n, 0, "") && o.n <= OUTGOING_MAX + 1, "one to change, then many with their copies: %u", o.n);
	unlink("originalfrom");
	keep = 0;
}

/* A field of n bytes in all: From, a list that ends in root. */
static size_t long_from(char *s, size_t n)
{
	size_t i;

	memset(s, 'x', n);
	memcpy(s, "From: ", 6);
	for (i = 70; i + 40 < n; i += 70)
		memcpy(s + i, "@h.example,\n ", 13);
	memcpy(s + n - 24, "y@h.example, <root> (c)\n", 24);
	return n;
}

static void sizes(void)
{
	static char in[1 << 16], want[1 << 16];
	size_t n, k;
	int bad = 0;

	for (k = FIELD_BYTES - 40; k < FIELD_BYTES + 40; k++) {
		n = long_from(in, k);
		memcpy(in + n, "Sender: root\n\nFrom: root\n", 26);
		memcpy(want, in, n - 24);
		/* One byte has to follow before it is known that the field is over. */
		sprintf(want + n - 24, k < FIELD_BYTES ? "y@h.example, <me@isp.example> (c)\n"
			"Sender: me@isp.example\n\nFrom: root\n" :
			"y@h.example, <root> (c)\nSender: me@isp.example\n\nFrom: root\n");
		bad += leave(in, strlen(in), 0, "") || strcmp(got, want);
	}
	ok(!bad, "up to %d bytes a field is changed; what is behind a longer one too", FIELD_BYTES - 1);
	for (k = 1; k < 40000; k += 97) {
		memset(in, 'x', k + 12);
		memcpy(in, "X: ", 3);
		for (n = 1000; n < k; n += 1000)
			memcpy(in + n, "\n ", 2);
		strcpy(in + k + 12, "\nFrom: root\n\nSender: root\n");
		strcpy(want, in);
		strcpy(want + k + 12, "\nFrom: me@isp.example\n\nSender: root\n");
		bad += leave(in, strlen(in), 0, "") || strcmp(got, want);
	}
	ok(!bad, "a field of any length in front");
	strcpy(in, "From: ");
	for (k = 0; k < OUTGOING_MAX; k++)
		strcat(in, k ? ",root" : "root");
	strcpy(want, in);
	strcat(in, "\n\n");
	ok(!leave(in, strlen(in), 0, "") && o.n == OUTGOING_MAX, "%d addresses", OUTGOING_MAX);
	strcpy(in, want);
	strcat(in, ",root\nSender: root\n\n");
	ok(!leave(in, strlen(in), 0, "") && o.n == 1, "one more, and the field stays as it is");
	memset(in, 'a', ADDR_MAX);
	sprintf(want, "From: <%.*s@new.example>\n\n", ADDR_MAX - 12, in);
	n = (size_t)sprintf(got, "From: <%.*s@dom.example>\n\n", ADDR_MAX - 12, in);
	memcpy(in, got, n + 1);
	ok(!leave(in, n, 0, "") && !strcmp(got, want), "an address of 1002 bytes");
}

static void dates(void)
{
	static const char early[] = "Received: (qmail 1 invoked by uid 0); 1 Jan 1970 00:00:09 -0000\n";
	char in[1000], want[1000];
	int r;

	sprintf(in, "%sFrom: root\nDate: 1 Jan 1970 00:00:05 -0000\nSender: root\n\n", early);
	r = !leave(in, strlen(in), 0, "");
	ok(r && o.n == 3 && o.list[0].at < o.list[1].at && o.list[1].at < o.list[2].at &&
		!strstr(got, "00:00:05") && strstr(got, "From: me@isp.example\nDate: ") &&
		strstr(got, "\nSender: me@isp.example\n\n"), "From, Date and Sender together");
	sprintf(in, "%sDate: 1 Jan 1970 00:00:05 -0000\n\n", early);
	sprintf(want, "%sDate: ", early);
	ok(!leave(in, strlen(in), 0, "") && o.n == 1 && !strncmp(got, want, strlen(want)), "Date alone");
	put("generic", "", 0);
	reload("");
	sprintf(in, "%sFrom: root\nDate: 1 Jan 1970 00:00:05 -0000\n\n", early);
	ok(!leave(in, strlen(in), 0, "root") && o.n == 1 && strstr(got, "From: root\nDate: ") &&
		!strcmp(o.sender, "root"), "Date without a map");
	sprintf(in, "From: root\nDate: 1 Jan 1970 00:00:05 -0000\n\n");
	ok(!leave(in, strlen(in), 0, "") && !strcmp(got, in), "a Date that is not ours stays");
	if (reload("root\n") != -1)
		abort();
	ok(leave(in, strlen(in), 0, "") != 0 && strstr(leave(in, strlen(in), 0, ""), "/generic: "),
		"a map that makes no sense: the message waits");
}

/* Random headers: whatever comes, the order holds, the size is right (leave()
 * checks both), and without a name of ours not a byte changes. */
static void noise(void)
{
	static const char *const bits[] = { "From:", "Sender:", "\n", "\n ", " ", "root", "@", "dom.example",
		"<", ">", ",", ";", ":", "(", ")", "\"", "\\", "x", "Reply-To:", ".", "kim@h.example", "\n\n" };
	char in[600];
	int changed = 0, bad = 0, i;

	if (reload("root me@isp.example\n@dom.example @new.example\n") != 1)
		abort();
	for (i = 0; i < 4000; i++) {
		size_t n = 0;
		int k = (int)rnd(40), ours = 0;

		n += (size_t)sprintf(in, "From: ");
		while (k--) {
			unsigned b = rnd(9) ? (unsigned)"\5\6\7\12"[rnd(4)] : rnd(sizeof bits / sizeof *bits);

			if (i % 2 && (b == 5 || b == 7))
				b = 17;
			n += (size_t)sprintf(in + n, "%s", bits[b]);
		}
		ours = leave(in, n, 0, "") || o.n;
		changed += ours;
		bad += i % 2 && (ours || got_len != n || memcmp(got, in, n));
	}
	ok(!bad && changed > 50, "noise (%d changed)", changed);
}

int main(void)
{
	char dir[] = "/tmp/qmta-unit.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	setenv("CONTROLDIR", dir, 1);
	put("me", "board.example.net\n", 18);
	if (reload("root@board.example.net me@isp.example\nroot me@isp.example\n"
		"@dom.example @new.example\n") != 1)
		abort();
	fields();
	sizes();
	original();
	reload("root me@isp.example\n");
	dates();
	noise();
	unlink("me"); unlink("generic"); unlink("mess");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		abort();
	buf_free(&map);
	buf_free(&o.text);
	ours_forget();
	return done();
}
