/* A fuzz target: `sendmail -bs` with any bytes as its client, for libFuzzer:
 *
 *   make SAN=1 CFG_SMTPD=1		(for build/san/config.h)
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *	-fno-sanitize=pointer-overflow -std=c11 -D_GNU_SOURCE -Ibuild/san -o /tmp/fuzz-session tests/fuzz/session.c \
 *	src/serve/{session,message,talk,data,header,address}.c src/msg/[a-z]*.c \
 *	src/base/{buf,clock,control,date,defaults,dir,env,envdir,envrules,err}.c \
 *	src/base/{grow,heap_libc,io,log,passwd,proc,text,trim}.c src/queue/{choose,qq,envelope}.c
 *   /tmp/fuzz-session -dict=tests/fuzz/smtp.dict -max_len=8192 -max_total_time=300
 *
 * The first byte says whether LF and CR alone are welcome, which limits hold, what fails.
 * Behind the session is a queue that keeps nothing and judges: no control byte in an
 * envelope, no CR or NUL in a message, no Bcc in its header, as many 250s as messages;
 * every reply is one line of printable bytes that begins with a number. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "../../src/serve/stdin.c"

static size_t queued;
static int inside, envelope, fail;
static char text[1 << 16];
static size_t text_len;

static void must(int fact)
{
	if (!fact)
		abort();
}

/* ---- the queue ---- */

int submit_begin(struct submit *s, enum qput_who who)
{
	(void)who;
	must(!inside);
	s->err = 0;
	if (fail & 8)
		return s->err = QQ_WRITE;
	inside = 1;
	envelope = 0;
	text_len = 0;
	return 0;
}

int submit_data(struct submit *s, const void *p, size_t n)
{
	must(inside && !envelope && !memchr(p, '\r', n) && !memchr(p, 0, n));
	if (n > sizeof text - 1 - text_len)
		n = sizeof text - 1 - text_len;
	memcpy(text + text_len, p, n);
	text_len += n;
	return s->err = fail & 16 && text_len > 200 ? QQ_WRITE : 0;
}

static void judge_header(void)
{
	char *end, *line;
	int dates = 0;

	text[text_len] = 0;
	must(!memcmp(text, "Received: (qmail ", 17));
	if ((end = strstr(text, "\n\n")))
		end[1] = 0;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		must(strncasecmp(line, "bcc:", 4) && strncasecmp(line, "bcc :", 5));
		dates += !strncasecmp(line, "date:", 5) || !strncasecmp(line, "date :", 6) ||
			!strncasecmp(line, "date\t", 5) || !strncasecmp(line, "date ", 5);
	}
	must(dates > 0 || text_len > sizeof text - 2);
}

static int clean(const char *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)a[i] < 32 || a[i] == 127)
			return 0;
	return n <= ADDR_MAX;
}

int submit_sender(struct submit *s, const char *a, size_t n)
{
	(void)s;
	must(inside && !envelope && clean(a, n));
	judge_header();
	envelope = 1;
	return 0;
}

int submit_rcpt(struct submit *s, const char *a, size_t n)
{
	(void)s;
	must(inside && envelope && n && clean(a, n) && memchr(a, '@', n));
	envelope = 2;
	return 0;
}

int submit_end(struct submit *s)
{
	must(inside && (s->err || envelope == 2));
	inside = 0;
	if (s->err)
		return s->err;
	queued++;
	return 0;
}

void submit_abort(struct submit *s)
{
	(void)s;
	must(inside);
	inside = 0;
}

pid_t submit_qp(const struct submit *s) { (void)s; return 1; }
int submit_permanent(const struct submit *s, int code) { (void)s; return qq_permanent(code); }
const char *submit_words(const struct submit *s, int code) { (void)s; return qq_words(code); }

/* ---- the client ---- */

static void judge_replies(const char *s, size_t n)
{
	size_t done = 0, at, end;

	for (at = 0; at < n; at = end + 2) {
		for (end = at; end < n && s[end] >= 32 && s[end] < 127; end++)
			;
		must(end + 1 < n && s[end] == '\r' && s[end + 1] == '\n' && end - at <= TALK_REPLY);
		must(end - at > 3 && s[at] >= '2' && s[at] <= '5' && (s[at + 3] == ' ' || s[at + 3] == '-'));
		done += end - at > 12 && !memcmp(s + at, "250 2.0.0 ok ", 13);
	}
	must(done == queued);
}

static void start(void)
{
	static char dir[] = "/tmp/fuzz-session.XXXXXX", var[64] = "CONTROLDIR=", path[64];
	static const char *const files[] = { "me", "board.example.net\n", "aliases",
		"team: a@x.y, b@x.y, root\nlist: a\nowner-list: a\n", "adminaddr", "adm@far.example\n" };
	size_t i;

	must(mkdtemp(dir) != 0);
	strcat(var, dir);
	putenv(var);
	putenv("USER=kim");
	for (i = 0; i < 6; i += 2) {
		FILE *f;

		must(buf_text(path, sizeof path, "%s/%s", dir, files[i]));
		must((f = fopen(path, "w")) != 0);
		fputs(files[i + 1], f);
		fclose(f);
	}
	set_signals();
	control_snapshot(1);
	must(admin_load() == 0 && env_keep() == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	static struct session s;
	static char replies[1 << 20];
	static int ready, in, out;
	ssize_t got;

	if (!ready++) {
		start();
		must((in = memfd_create("in", 0)) >= 0 && (out = memfd_create("out", 0)) >= 0);
	}
	if (!n)
		return 0;
	must(!ftruncate(in, 0) && !ftruncate(out, 0));
	must(pwrite(in, p + 1, n - 1, 0) == (ssize_t)(n - 1) && !lseek(in, 0, 0) && !lseek(out, 0, 0));
	memset(&s, 0, sizeof s);
	s.talk = (struct talk){ .in = in, .out = out, .barelf = *p & 1, .until = IO_FOREVER, .wait = 1000 };
	s.host = "h";
	s.lenient = *p & 1;
	s.databytes = *p & 2 ? 100 : 0;
	s.rcpts_max = *p & 4 ? 2 : 0;
	s.errors_max = 100;
	s.sender = sender;
	s.rcpt = rcpt;
	s.begin = begin;
	s.trace = trace;
	s.complete = fields;
	fail = *p;
	queued = 0;
	session_run(&s);
	must(!inside && queued == s.accepted);
	must((got = pread(out, replies, sizeof replies, 0)) >= 0);
	judge_replies(replies, (size_t)got);
	return 0;
}
