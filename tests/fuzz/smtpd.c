/* A fuzz target: mini-smtpd with any bytes as its client, for libFuzzer (run.sh smtpd). The
 * first byte says what is offered and which limits hold, the second what fails. A byte
 * 0x1e is not sent: there one segment of the input ends. Behind the session is a queue
 * that keeps nothing and judges: no message in lines that end wrongly, none with a CR or
 * NUL, Received as the program writes it and nothing of the client's above the
 * message, as many 250s as messages. STARTTLS is only begun when nothing stands behind
 * it, and what was said before it is forgotten. Each reply and each line of the log is
 * one line of printable bytes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "config.h"
#include "../../src/base/clock.h"
#include "../../src/base/io.h"
#include "../../src/base/log.h"
#include "../../src/base/text.h"
#include "../../src/exits.h"
#include "../../src/limits.h"
#include "../../src/queue/room.h"
#include "fuzz.h"

static const char *input;
static size_t left;
static char replies[1 << 20];
static size_t replied;

static int fz_wait(int fd, short events, int64_t at)
{
	(void)fd, (void)events, (void)at;
	return 1;
}

static ssize_t fz_read(int fd, void *p, size_t n)
{
	size_t k;

	(void)fd;
	while (left && *input == 0x1e)
		input++, left--;
	for (k = 0; k < left && k < n && input[k] != 0x1e; k++)
		;
	memcpy(p, input, k);
	input += k;
	left -= k;
	return (ssize_t)k;
}

static int fz_write(int fd, const void *p, size_t n, int64_t at)
{
	(void)fd, (void)at;
	must(n <= sizeof replies - replied);
	memcpy(replies + replied, p, n);
	replied += n;
	return 0;
}

static void fz_log(struct buf *line)
{
	size_t i;

	must(!line->full && line->len < LINE_MAX_LOG);
	for (i = 0; i < line->len; i++)
		must(line->s[i] >= 32 && line->s[i] < 127);
}

#define io_wait fz_wait
#define io_read fz_read
#define io_write_by fz_write
#include "../../src/serve/talk.c"
#undef io_wait
#define log_buf fz_log
#include "../../src/serve/trace.c"

/* ---- the queue ---- */

static struct session s;
static size_t queued;
static int inside, envelope, fail, greeted;
static char text[1 << 16];
static size_t text_len;

int room_for(uint64_t size)
{
	return !(fail & 1) || size < 1000;
}

int submit_begin(struct submit *m, enum qput_who who)
{
	(void)who;
	must(!inside);
	m->err = 0;
	m->way = BY_PUT;
	if (fail & 2)
		return m->err = QQ_WRITE;
	inside = 1;
	envelope = 0;
	text_len = 0;
	return 0;
}

int submit_data(struct submit *m, const void *p, size_t n)
{
	must(inside && !envelope && !memchr(p, '\r', n) && !memchr(p, 0, n));
	if (n > sizeof text - 1 - text_len)
		n = sizeof text - 1 - text_len;
	memcpy(text + text_len, p, n);
	text_len += n;
	return m->err = fail & 4 && text_len > 300 ? QQ_WRITE : 0;
}

/* Two lines, all of whose bytes are ours or harmless. */
static void judge_trace(void)
{
	const char *lf = 0;
	size_t i;

	text[text_len] = 0;
	must(!memcmp(text, "Received: from ", 15) && (lf = strchr(text, '\n')));
	must(!memcmp(lf, "\n  by h.example with ", 21) && (lf = strchr(lf + 1, '\n')));
	must(!memcmp(lf - 6, " -0000", 6));
	for (i = 0; text + i < lf; i++)
		must(text[i] == '\n' || (text[i] >= 32 && text[i] < 127 && !strchr("\"\\<>", text[i])));
}

static void judge_address(const char *a, size_t n)
{
	size_t i;

	must(n <= 1003);
	for (i = 0; i < n; i++)
		must((unsigned char)a[i] >= 32 && a[i] != 127 && (s.utf8 || (unsigned char)a[i] < 128));
}

int submit_sender(struct submit *m, const char *a, size_t n)
{
	(void)m;
	must(inside && !envelope);
	must(s.lenient || !(s.data.barelf | s.data.barecr));
	must(!s.data.nul && (!s.databytes || s.size <= s.databytes) && !s.refused);
	judge_address(a, n);
	judge_trace();
	envelope = 1;
	return 0;
}

int submit_rcpt(struct submit *m, const char *a, size_t n)
{
	(void)m;
	must(inside && envelope && n && memchr(a, '@', n));
	judge_address(a, n);
	envelope = 2;
	return 0;
}

int submit_end(struct submit *m)
{
	must(inside && (m->err || envelope == 2));
	inside = 0;
	if (!m->err)
		queued++;
	return m->err;
}

void submit_abort(struct submit *m)
{
	(void)m;
	must(inside);
	inside = 0;
}

pid_t submit_qp(const struct submit *m) { (void)m; return 1; }
int submit_permanent(const struct submit *m, int code) { (void)m; return qq_permanent(code); }
const char *submit_words(const struct submit *m, int code) { (void)m; return qq_words(code); }

/* ---- the caller ---- */

static const struct peer peer = { .known = 1, .ip = "192.0.2.7", .host = "p.example",
	.local_ip = "192.0.2.1" };

static const char *hello(struct session *c)
{
	greeted = 1;
	return *c->helo == '!' ? "550 5.7.1 not you" : 0;
}

static const char *sender(struct session *c, struct buf *addr)
{
	must(!*c->helo || greeted);
	must(!c->need && !c->open);
	judge_address(addr->s, addr->len);
	return addr->len && *addr->s == '!' ? "553 5.7.1 not him" : 0;
}

static const char *rcpt(struct session *c, struct buf *addr)
{
	must(c->open && addr->len);
	judge_address(addr->s, addr->len);
	if (!memchr(addr->s, '@', addr->len))
		return "553 5.7.1 where is that";
	session_add(c, addr->s, addr->len);
	return 0;
}

static const char *begin(struct session *c)
{
	must(c->open && c->count && c->rcpts.len);
	return fail & 8 ? "451 4.3.0 not now" : 0;
}

static void trace(struct session *c)
{
	trace_put(c, &peer, 0);
}

static void told(struct session *c, const char *words, const struct buf *addr)
{
	trace_log(c, &peer, words, addr);
}

static int secure(struct session *c)
{
	must(c->talk.pos == c->talk.len && c->starttls && !c->tls);
	if (fail & 16) {
		talk_reply(&c->talk, "454 4.7.0 not now");
		return 1;
	}
	talk_reply(&c->talk, "220 2.0.0 ready");
	c->tls = 1;
	c->starttls = 0;
	c->version = "TLSv1.3";
	c->cipher = "TLS-AES-128-GCM-SHA256";
	c->mechs = "PLAIN";
	c->need = 0;
	greeted = 0;
	return 1;
}

static int login(struct session *c, const char *arg)
{
	int r;

	must(c->mechs && !c->user && !c->open && c->esmtp && *arg);
	talk_reply(&c->talk, "334 ");
	if ((r = talk_line(&c->talk)) <= 0)
		return r;
	if (r == TALK_LINE_READ && !strcmp(c->talk.line, "yes")) {
		c->user = "kim";
		talk_reply(&c->talk, "235 2.7.0 ok");
		return 1;
	}
	return session_wrong(c, "535 5.7.8 no");
}

static void judge_replies(void)
{
	size_t done = 0, at, end;
	const char *r = replies;

	for (at = 0; at < replied; at = end + 2) {
		for (end = at; end < replied && r[end] >= 32 && r[end] < 127; end++)
			;
		must(end + 1 < replied && r[end] == '\r' && r[end + 1] == '\n' &&
			end - at <= TALK_REPLY);
		must(end - at > 3 && r[at] >= '2' && r[at] <= '5' &&
			(r[at + 3] == ' ' || r[at + 3] == '-'));
		done += end - at > 12 && !memcmp(r + at, "250 2.0.0 ok ", 13);
	}
	must(done == queued);
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	char *copy;

	if (n < 2)
		return 0;
	copy = exact(p + 2, n - 2);
	input = copy;
	left = n - 2;
	replied = queued = 0;
	greeted = 0;
	fail = p[1];
	memset(&s, 0, sizeof s);
	s.talk = (struct talk){ .in = 1000, .out = 1001, .barelf = *p & 1, .until = IO_FOREVER,
		.wait = 1000, .nonblock = 1 };
	s.host = "h.example";
	s.lenient = *p & 1;
	s.databytes = *p & 2 ? 100 : 0;
	s.rcpts_max = *p & 4 ? 2 : 0;
	s.chunking = !!(*p & 8);
	s.starttls = !!(*p & 16);
	s.mechs = *p & 32 ? "PLAIN" : 0;
	s.need = *p & 64 ? "530 5.7.0 TLS first" : 0;
	s.remote = 1;
	s.greet = -1;
	s.errors_max = *p & 128 ? 10 : 1000;
	s.hello = hello;
	s.sender = sender;
	s.rcpt = rcpt;
	s.begin = begin;
	s.trace = trace;
	s.told = told;
	s.secure = secure;
	s.login = login;
	session_run(&s);
	must(!inside && queued == s.accepted && s.errors <= s.errors_max);
	judge_replies();
	free(copy);
	return 0;
}
