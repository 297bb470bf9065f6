/* The QMQP client: lines of qmqpservers, the bytes of a request, answers whole and broken. */
#include "../../src/net/qmqp.c"
#include "../../src/base/control.h"
#include "../lib/tap.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- lines ---- */

static int parses(const char *line, const char *name, unsigned port, int address)
{
	struct qserver v;

	memset(&v, 'x', sizeof v);
	if (!qserver_parse(&v, line, 628))
		return !name;
	return name && !strcmp(v.name, name) && v.to.port == port && (int)v.to.n == address;
}

static void test_lines(void)
{
	static const char *const bad[] = { "", " ", "# comment", "host:", ":628", "host:0",
		"host:65536", "host:99999999999999999999999", "host:6x", "host:-1", "300.1.1.1",
		"127.0.0", "1.2.3.4.5", "1.2.3.4:x", "[::1", "::1]", "[::1]x", "[::1]:", "[::1]:0",
		"2001:db8:1:2:3:4:5:6:628", "a/b", "user@host", "host,other", "h\xc3\xb6st", "a:1:2",
		"[host]:25", "[]", "[]:628" };
	char longname[400];
	size_t i;

	ok(parses("192.0.2.4", "192.0.2.4", 628, 1), "IPv4");
	ok(parses("192.0.2.4:6280", "192.0.2.4", 6280, 1), "IPv4 and port");
	ok(parses("  192.0.2.4\t# the first", "192.0.2.4", 628, 1), "blanks and a remark");
	ok(parses("2001:db8::4", "2001:db8::4", 628, 1), "IPv6");
	ok(parses("2001:db8::4:628", "2001:db8::4:628", 628, 1), "IPv6 bare: no port in it");
	ok(parses("[2001:DB8::4]", "[2001:db8::4]", 628, 1), "IPv6 in brackets");
	ok(parses("[2001:db8::4]:1628", "[2001:db8::4]", 1628, 1), "IPv6 and port");
	ok(parses("Qmqp.Example.NET", "qmqp.example.net", 628, 0), "a name");
	ok(parses("qmqp-1_a.example.net:65535 x", "qmqp-1_a.example.net", 65535, 0), "name and port");
	ok(parses("4u.example", "4u.example", 628, 0), "a name that begins with a digit");
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(parses(bad[i], 0, 0, 0), "nobody can use: \"%s\"", bad[i]);
	memset(longname, 'a', sizeof longname);
	longname[255] = 0;
	ok(parses(longname, longname, 628, 0), "a name of 255 bytes");
	longname[255] = 'a';
	longname[256] = 0;
	ok(parses(longname, 0, 0, 0), "a longer one");
}

/* What is left of a line with TLS, 0 none. */
static int settles(const char *line, const char *want)
{
	char s[300];
	struct qserver v;

	buf_text(s, sizeof s, "%s", line);
	return qserver_parse(&v, s, 628) && v.tls && qmqptls_settle(s) ? want && !strcmp(s, want) :
		!want;
}

static void test_tls(void)
{
	static const char *const bad[] = { "tls://", "tls:// host", "tls://,PIN=x", "tls://h:0",
		"tls://h,PINN=x", "tls://h PIN=x y", "tls://h remark", "tls://h,PIN", "tls://h,PIN=",
		"tls://h,=x", "tls://h,PIN=x,y", "tls://h,TLS=may", "tls://tls://h", "tls:/h",
		"tls://h/", "tls://u@h", "tls://[::1", "tls://h PIN=x CERT=y", "tls://h,PIN=x CERT=y",
		"tls://h,,PIN=x", "tls://h PIN=x, CERT=y", "TLS=tls://h", "tls//h" };
	size_t i;

	ok(parses("tls://[2001:DB8::4]:6289,PIN=x", "[2001:db8::4]", 6289, 1), "TLS: address and port");
	ok(parses("TLS://Qmqp.example.net", "qmqp.example.net", 628, 0), "TLS: a name");
	ok(parses("tls://2001:db8::4 PIN=a:b", "2001:db8::4", 628, 1), "TLS: IPv6 bare");
	ok(settles("tls://h", "tls://h") && settles("\ttls://h:9 \t# x", "\ttls://h:9"), "TLS: no option");
	ok(settles("tls://h,PIN=ab=,CERT=/x", "tls://h PIN=ab=,CERT=/x"), "TLS: with a comma");
	ok(settles("tls://h  pin=a:b,PskFile=c # x", "tls://h  pin=a:b,PskFile=c"), "TLS: with blanks");
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(settles(bad[i], 0), "TLS: nobody can use \"%s\"", bad[i]);
}

/* ---- settings ---- */

static char dir[] = "/tmp/qmta-qmqp.XXXXXX";

static void control_put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (!text) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

/* What descriptor 2 got during a load. */
static char warnings[2000];
static int load(struct qmqp *q, char *const *servers, const char *list)
{
	int was = dup(2), fd[2], r;
	ssize_t n;

	if (pipe(fd) < 0)
		return -2;
	dup2(fd[1], 2);
	r = qmqp_load(q, servers, list);
	dup2(was, 2);
	close(was);
	close(fd[1]);
	n = read(fd[0], warnings, sizeof warnings - 1);
	warnings[n > 0 ? n : 0] = 0;
	close(fd[0]);
	return r;
}

static void test_settings(void)
{
	static struct qmqp q;
	static char *argv[] = { "one.example", "two.example:99", 0 };
	char path[256];

	ok(load(&q, 0, 0) == 0 && q.count == 0 && !q.servers.len, "no file: no server");
	ok(q.timeout_connect == 10000 && q.timeout == 60000 && q.port == 628 && !q.balance &&
		!q.next_on_z, "defaults");
	ok(qmqp_send(&q, 0, 0) == QQ_CONFIG && *q.text && !*q.server && q.sure, "and nobody to ask");
	control_put("qmqpservers", "# two\n192.0.2.4\n\n  # more\n [::1]:99 x\nbad:port\n");
	ok(load(&q, 0, 0) == 0 && q.count == 2, "two lines of the file can be used");
	ok(!strcmp(line_at(&q, 0), "192.0.2.4") && !strcmp(line_at(&q, 1), " [::1]:99 x"), "these");
	ok(strstr(warnings, "warning: qmqpservers: not ") == warnings &&
		strstr(warnings, "left out: bad:port\n") == strchr(warnings, '\n') + 1 - 19,
		"one warning: %s", warnings);
	ok(load(&q, argv, 0) == 0 && q.count == 2 && !strcmp(line_at(&q, 1), "two.example:99"),
		"arguments replace the file");
	ok(load(&q, 0, " a.example\tb.example:7 ") == 0 && q.count == 2 &&
		!strcmp(line_at(&q, 1), "b.example:7"), "so does a line of qmqproutes");
	control_put("qmqpbalance", "1\n");
	control_put("qmqpz", "1\n");
	control_put("timeoutconnect", "3\n");
	control_put("timeoutremote", "0\n");
	control_put("outgoingip", "127.0.0.9\n");
	ok(load(&q, 0, 0) == 0 && q.balance && q.next_on_z && q.timeout_connect == 3000 &&
		q.timeout == 1 && q.source.a[0].u.sa.sa_family == AF_INET, "settings");
	control_put("qmqpbalance", 0);
	ok(load(&q, 0, 0) == 0 && !q.balance, "in order");
	snprintf(path, sizeof path, "%s/qmqpservers", dir);
	chmod(path, 01644);
	ok(load(&q, 0, 0) == 0 && q.balance, "the sticky bit");
	ok(load(&q, argv, 0) == 0 && !q.balance, "which is the file's alone");
	setenv("PORT_QMQP", "7777", 1);
	setenv("OUTGOINGIP", "::1", 1);
	ok(load(&q, 0, 0) == 0 && q.port == 7777 && !q.source.a[0].u.sa.sa_family &&
		q.source.a[1].u.sa.sa_family == AF_INET6, "variables");
	setenv("PORT_QMQP", "smtp", 1);
	ok(load(&q, 0, 0) == -1 && strstr(control_error(), "PORT_QMQP"), "a port that is none");
	unsetenv("PORT_QMQP");
	setenv("OUTGOINGIP", "me", 1);
	ok(load(&q, 0, 0) == -1 && strstr(control_error(), "OUTGOINGIP"), "an address that is none");
	unsetenv("OUTGOINGIP");
	control_put("timeoutremote", "x\n");
	control_put("qmqpservers", "bad:port\n");
	ok(load(&q, 0, 0) == 0 && q.count == 0, "nothing that can be used");
}

/* ---- answers ---- */

/* What is made of these bytes, given in two pieces and then the end. */
static char answered(struct talk *t, const char *s, size_t n, size_t split)
{
	int fd[2];
	pid_t pid = 0;
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
		return '!';
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	t->fd = fd[0];
	t->sent = 1;
	t->until = clock_mono() + 5000;
	if (write(fd[1], s, split) != (ssize_t)split)
		return '!';
	if (split < n && (pid = fork()) == 0) {
		usleep(2000);
		_exit(write(fd[1], s + split, n - split) != (ssize_t)(n - split));
	}
	close(fd[1]);
	c = answer(t, 5000);
	if (pid)
		waitpid(pid, 0, 0);
	close(fd[0]);
	return c;
}

static void good(const char *s, char want, const char *text)
{
	static struct talk t;
	size_t n = strlen(s), i, bad = 0;

	for (i = 0; i <= n; i++)
		if (answered(&t, s, n, i) != want || strcmp(t.text, text))
			bad++;
	ok(!bad, "split at every byte: %s", s);
}

static void test_answers(void)
{
	static const struct { const char *s; size_t n; } bad[] = {
#define BAD(s) { s, sizeof s - 1 }
		BAD(""), BAD("0:,"), BAD("4:Xabc,"), BAD("3:Kok"), BAD("3:Kok;"), BAD("5:Kok,"),
		BAD("2:Kok,"), BAD("1:K"), BAD("1:"), BAD("1"), BAD(":K,"), BAD("K"), BAD("Kok"),
		BAD("01:K,"), BAD("001:K,"), BAD(" 1:K,"), BAD("1 :K,"), BAD("1: K,"), BAD("+1:K,"),
		BAD("-1:K,"), BAD("0x1:K,"), BAD("1;K,"), BAD("1:k,"), BAD("1:z,"), BAD("1:\0,"),
		BAD("3: Kok,"), BAD("3:\nKo,"), BAD("\n3:Kok,"), BAD("\0" "3:Kok,"), BAD("5000:K"),
		BAD("4097:K"), BAD("99999999999999999999:K"), BAD("4294967297:K,"),
		BAD("18446744073709551617:K,"), BAD("220 mail.KDE.example ESMTP K\r\n"),
		BAD("HTTP/1.1 200 OK\r\n\r\n"), BAD("3:,Ko,"), BAD("1:,K"), BAD("3:220,K,"),
		BAD("2:KO\n"), BAD("10:Kok\n"), BAD("\xff\xfe\x01:K,"), BAD("1:\x4b\x2e"), BAD("3K:Kok,"),
	};
	static struct talk t;
	char s[QMQP_ANSWER_MAX + 10];
	size_t i, k, n, wrong;

	good("1:K,", 'K', "");
	good("22:Kok 1700000000 qp 4242,", 'K', "ok 1700000000 qp 4242");
	good("37:Zqq write error or disk full (#4.3.0),", 'Z', "qq write error or disk full (#4.3.0)");
	good("51:Dsorry, I can't accept addresses like that (#5.1.3),", 'D',
		"sorry, I can't accept addresses like that (#5.1.3)");
	good("10:Da\nb\tc\r\x7f\xc3\xa9,,trailer", 'D', "a b?c????");
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		wrong = 0;
		for (k = 0; k <= bad[i].n; k++)
			if (answered(&t, bad[i].s, bad[i].n, k) || *t.text || !t.why || !*t.why)
				wrong++;
		ok(!wrong, "no answer: \"%s\"", bad[i].n && *bad[i].s > 31 ? bad[i].s : "(control)");
	}
	n = (size_t)snprintf(s, sizeof s, "%d:D", QMQP_ANSWER_MAX);
	memset(s + n, 'w', QMQP_ANSWER_MAX - 1);
	s[n + QMQP_ANSWER_MAX - 1] = ',';
	ok(answered(&t, s, n + QMQP_ANSWER_MAX, 700) == 'D' && strlen(t.text) == QMQP_TEXT - 1,
		"the longest answer, of which the beginning is kept");
	ok(!answered(&t, s, n + QMQP_ANSWER_MAX - 1, 700), "the same without its comma");
	t.until = clock_mono();
}

/* ---- requests ---- */

static char content[300000];
struct pieces { size_t at, size, piece; size_t lie; };

static int rewind_pieces(void *arg)
{
	struct pieces *p = arg;

	p->at = 0;
	return 0;
}

static ssize_t next_pieces(void *arg, const char **s)
{
	struct pieces *p = arg;
	size_t n = p->size - p->at < p->piece ? p->size - p->at : p->piece;

	*s = content + p->at;
	p->at += n;
	return (ssize_t)n;
}

static int copies(size_t size, size_t piece, size_t promised, int want)
{
	struct pieces p = { .size = size, .piece = piece };
	struct qmqp_source s = { promised, rewind_pieces, next_pieces, &p };
	static struct qmqp q = { .timeout = 5000 };
	static struct talk t;
	static char got[sizeof content + 100];
	char head[24];
	size_t n = 0, h = (size_t)snprintf(head, sizeof head, "%zu:", promised);
	int fd[2], r, status;
	ssize_t k;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
		return 0;
	if ((pid = fork()) == 0) {
		close(fd[0]);
		while ((k = read(fd[1], got + n, sizeof got - n)) > 0)
			n += (size_t)k;
		if (want)	/* never the whole of what was promised */
			_exit(n >= h + promised + 1);
		_exit(n != h + size + 1 || memcmp(got, head, h) || got[n - 1] != ',' ||
			memcmp(got + h, content, size));
	}
	close(fd[1]);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	t.q = &q;
	t.fd = fd[0];
	t.until = clock_mono() + 5000;
	r = request(&t, &s);
	close(fd[0]);
	waitpid(pid, &status, 0);
	return r == want && !status;
}

static void test_requests(void)
{
	static const size_t sizes[] = { 0, 1, 57, 4085, 4090, 4091, 4092, 4093, 4094, 4095, 4096,
		4097, 8191, 8192, 16384, 20480, 32768, 65536, 299999 };
	static const size_t pieces[] = { 1, 7, 4096, 5000, 16384, 16385, 32768, 300000 };
	size_t i, k, wrong = 0;

	for (i = 0; i < sizeof content; i++)
		content[i] = (char)(i * 7 + i / 251);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (k = 0; k < sizeof pieces / sizeof *pieces; k++)
			if ((sizes[i] < 30000 || pieces[k] > 1) && !copies(sizes[i], pieces[k], sizes[i], 0)) {
				wrong++;
				fprintf(stderr, "# %zu by %zu\n", sizes[i], pieces[k]);
			}
	ok(!wrong, "requests of all sizes, in pieces of all sizes");
	ok(copies(10, 3, 11, QQ_READ) && copies(9000, 4096, 9001, QQ_READ) &&
		copies(60000, 40000, 60001, QQ_READ), "a message that became shorter is never ended");
	ok(copies(10, 3, 9, QQ_READ) && copies(9000, 4096, 8999, QQ_READ) &&
		copies(60000, 60000, 1, QQ_READ), "nor one that became longer");
	ok(netstring_size(0) == 3 && netstring_size(9) == 12 && netstring_size(10) == 14 &&
		netstring_size(999) == 1004 && netstring_size(1000) == 1006, "sizes of netstrings");
}

/* A server that has spoken or left before it was asked: 0 when it got a byte. */
static int unasked(const char *words, char want)
{
	struct pieces p = { .size = 10, .piece = 10 };
	struct qmqp_source s = { 10, rewind_pieces, next_pieces, &p };
	static struct qmqp q = { .timeout = 5000 };
	static struct talk t;
	char c;
	int fd[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
		return 0;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	if (write(fd[1], words, strlen(words)) != (ssize_t)strlen(words))
		return 0;
	if (!*words)
		shutdown(fd[1], SHUT_WR);
	t.q = &q;
	t.fd = fd[0];
	t.until = clock_mono() + 5000;
	q.sure = 1;
	r = converse(&t, &s);
	close(fd[0]);
	r = r == want && q.sure && !t.sent && read(fd[1], &c, 1) == 0;
	close(fd[1]);
	return r;
}

static void test_unasked(void)
{
	ok(unasked("3:Kok,", QQ_CDIED) && unasked("220 hello\r\n", QQ_CDIED) && unasked("", QQ_CDIED),
		"a K before the request, a greeting, an end: nobody gets the message");
	ok(unasked("4:Zbye,", QQ_ZREFUSED) && unasked("4:Dbye,", QQ_REFUSED),
		"a refusal before the request is heard");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	setenv("CONTROLDIR", dir, 1);
	unsetenv("PORT_QMQP");
	unsetenv("OUTGOINGIP");
	signal(SIGPIPE, SIG_IGN);
	test_lines();
	if (CFG_TLS)
		test_tls();
	test_settings();
	test_answers();
	test_requests();
	test_unasked();
	control_put("qmqpservers", 0);
	control_put("timeoutremote", 0);
	control_put("timeoutconnect", 0);
	control_put("outgoingip", 0);
	control_put("qmqpz", 0);
	rmdir(dir);
	return done();
}
