/* The body on its way: what is replaced, at every place and across the window,
 * with line ends and dots coded as if the message had been like that. */
#include "../../src/deliver/body.c"
#include "../lib/tap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned seed = 5;
static struct smtp s;
static struct outgoing o;
static char in[3 * WINDOW], out[2 * sizeof in + 4096], want[sizeof out], text[4096];

static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static int file(void)
{
	char name[] = "/tmp/qmta-unit.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) < 0)
		abort();
	return fd;
}

/* What must arrive: the splices first, then the coding, one byte at a time. */
static size_t expect(size_t n)
{
	static char whole[sizeof out];
	size_t len = 0, w = 0, at = 0, i;
	int start = 1;

	for (i = 0; i <= o.n; i++) {
		size_t to = i < o.n ? (size_t)o.list[i].at : n;

		memcpy(whole + len, in + at, to - at);
		len += to - at;
		if (i == o.n)
			break;
		memcpy(whole + len, text + o.list[i].from, o.list[i].n);
		len += o.list[i].n;
		at = to + o.list[i].cut;
	}
	for (i = 0; i < len; i++) {
		if (start && whole[i] == '.')
			want[w++] = '.';
		start = whole[i] == '\n';
		if (start)
			want[w++] = '\r';
		want[w++] = whole[i];
	}
	if (!start) {
		memcpy(want + w, "\r\n", 2);
		w += 2;
	}
	memcpy(want + w, ".\r\n", 3);
	return w + 3;
}

/* The message of n bytes with the splices of o: 1 it arrives as it should. */
static int arrives(size_t n, off_t start)
{
	int msg = file(), to = file(), good;
	struct mail m = { .msg = msg, .size = n, .start = start, .fix = &o, .until = INT64_MAX };
	ssize_t len;

	if (pwrite(msg, in, n, start) != (ssize_t)n)
		abort();
	o.text = BUF_AT(text, sizeof text, sizeof text);
	wire_init(&s.w);
	wire_attach(&s.w, to);
	s.win_mail = 0;
	s.timeout = 10000;
	good = body_put(&s, &m) == 0 && wire_flush(&s.w, INT64_MAX) == 0;
	len = pread(to, out, sizeof out, 0);
	good = good && len == (ssize_t)expect(n) && !memcmp(out, want, (size_t)len);
	wire_close(&s.w);
	close(msg);
	return good;
}

static void add(size_t at, size_t cut, size_t n)
{
	o.list[o.n++] = (struct splice){ at, cut, rnd(1000), n };
}

static void fill(void)
{
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = "ab.\n.cdefgh"[rnd(11)];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = "XY.\n.Z"[rnd(6)];
}

static void edges(void)
{
	size_t at, bad = 0;

	o.n = 0;
	ok(arrives(sizeof in, 0) && arrives(0, 0) && arrives(WINDOW, 0), "nothing is replaced");
	add(0, 0, 5);
	ok(arrives(0, 0), "into an empty message");
	ok(arrives(100, 0), "in front");
	o.n = 0;
	add(100, 0, 5);
	ok(arrives(100, 0), "behind the last byte");
	o.n = 0;
	add(0, 100, 0);
	ok(arrives(100, 0), "nothing is left");
	for (at = WINDOW - 30; at < WINDOW + 30; at++) {
		o.n = 0;
		add(at, 20, 33);
		bad += !arrives(sizeof in, 0);
		add(at + 20, 0, 7);	/* one behind the other, as X-Original-From may be */
		bad += !arrives(sizeof in, 11);
	}
	ok(!bad, "across the window");
}

static void noise(void)
{
	size_t bad = 0;

	for (int i = 0; i < 1500; i++) {
		size_t n = 1 + rnd(sizeof in - 1), at = 0;

		o.n = 0;
		while (o.n < OUTGOING_MAX && (at += rnd(600)) <= n) {
			size_t cut = rnd(100);

			add(at, cut < n - at ? cut : n - at, rnd(300));
			at += o.list[o.n - 1].cut;
		}
		bad += !arrives(n, (off_t)rnd(3));
	}
	ok(!bad, "random ones");
}

/* What is in a message, across the window; and what of it is to be changed. */
static void plans(void)
{
	static struct mail m = { .size = WINDOW + 2, .fix = &o };
	int fd = m.msg = file();

	o.n = 0;
	memset(in, 'a', WINDOW + 2);
	for (int i = 500; i < WINDOW; i += 500)
		in[i] = '\n';
	memcpy(in, "A: b\n\n", 6);
	if (pwrite(fd, in, WINDOW + 2, 0) < 0)
		abort();
	s.win_mail = 0;
	s.caps = 0;
	body_plan(&s, &m);
	ok(!m.eight && !m.plan.what, "7-bit");
	s.win_mail = 0;
	if (pwrite(fd, "\200", 1, WINDOW + 1) < 0)
		abort();
	body_plan(&s, &m);
	ok(!m.eight && m.plan.what == REFIT_EIGHT, "8-bit in the last byte");
	s.caps = CAP_8BITMIME;
	body_plan(&s, &m);
	ok(m.eight && !m.plan.what, "and a server that takes it");
	m.stream = 1;
	body_plan(&s, &m);
	ok(!m.eight && !m.plan.what, "what can be read once only is not looked at");
	m.stream = 0;
	for (s.caps = 0; s.caps <= CAP_8BITMIME; s.caps += CAP_8BITMIME) {
		s.win_mail = 0;
		m.size = WINDOW + 2;
		body_plan(&s, &m);
		m.size = WINDOW + 3;
		wire_init(&s.w);
		wire_attach(&s.w, file());
		s.win_mail = 0;
		ok(body_put(&s, &m) == -2, "shorter than it was: never ended");
		wire_close(&s.w);
	}
	close(fd);
}

int main(void)
{
	fill();
	edges();
	noise();
	plans();
	return done();
}
