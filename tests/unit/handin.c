/* handin.c: a message handed over by packets: in order, out of order, cut short, and
 * nonsense. Whatever comes, the queue has the whole message or nothing. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "../../src/queue/handin.c"
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-handin.XXXXXX";
static int line;		/* our end */
static pid_t server;

static const char *out_of(const char *cmd)
{
	static char got[2000];
	char full[600];
	size_t n;
	FILE *f;

	snprintf(full, sizeof full, "cd '%s' && { %s; }", top, cmd);
	f = popen(full, "r");
	n = fread(got, 1, sizeof got - 1, f);
	got[n] = 0;
	pclose(f);
	return got;
}

/* Messages in the queue; -1 when a file is left that belongs to none. */
static int messages(void)
{
	int todo = atoi(out_of("find todo -type f | wc -l"));
	int mess = atoi(out_of("find mess -type f | wc -l"));
	int other = atoi(out_of("find pid intd info local remote -type f | wc -l"));

	return todo == mess && !other ? todo : -1;
}

static void start(void)
{
	int fd[2];

	if (pass_pair(fd) < 0)
		exit(1);
	if ((server = fork()) == 0) {
		close(fd[0]);
		proc_signals(SIG_IGN);	/* as the spawner leaves it */
		_exit(handin_serve(fd[1]));
	}
	close(fd[1]);
	line = fd[0];
}

static void packet(char letter, const void *p, size_t n)
{
	char b[8192];

	b[0] = letter;
	memcpy(b + 1, p, n);
	pass_send(line, b, n + 1, 0, 0);
}

static void head(uint32_t uid, uint32_t secs)
{
	uint32_t h[2] = { uid, secs };

	packet('B', h, sizeof h);
}

/* Closes our end and waits. The exit number, -1 for a death. */
static int stop(void)
{
	int status;

	close(line);
	status = proc_wait(server);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char said[600];

static char answer(void)
{
	int nfds = 0;
	ssize_t n = io_wait(line, POLLIN, clock_mono() + 30000) > 0 ?
		pass_recv(line, said, sizeof said - 1, 0, &nfds, 0) : -1;

	said[n > 0 ? n : 0] = 0;
	return n > 0 ? *said : 0;
}

/* Each letter of `what` is a packet: B D S T E; 'b' a head of the wrong length, 'L' one
 * that is too long, 'x' an unknown one, 't' an address that is none, 's' an empty
 * sender, 'F' one that brings a descriptor. The answer; 0 none came; '!' it died. */
static char play(const char *what)
{
	static const char big[WINDOW + 1];
	char got;

	start();
	for (; *what; what++)
		switch (*what) {
		case 'B': head(12345, 60); break;
		case 'b': packet('B', "abcd", 4); break;
		case 'D': packet('D', "Subject: x\n\nbody\n", 17); break;
		case 'L': packet('D', big, sizeof big); break;
		case 'S': packet('S', "s@example.org", 13); break;
		case 's': packet('S', "", 0); break;
		case 'T': packet('T', "r@example.net", 13); break;
		case 't': packet('T', "r\n@example.net", 14); break;
		case 'F': pass_send(line, "Dx", 2, &line, 1); break;
		default: packet(*what, "", 0);
		}
	shutdown(line, SHUT_WR);
	got = answer();
	return stop() == -1 ? '!' : got;
}

static void good(void)
{
	const char *text;

	ok(play("BDDSTTE") == 'K' && atoi(said + 1) == server, "a message: K and the qp number");
	ok(messages() == 1, "is in the queue");
	text = out_of("cat todo/* | tr '\\0' '\\n'");
	ok(strstr(text, "u12345\n") == text && strstr(text, "\nFs@example.org\nTr@example.net\nTr@example.net\n"),
		"envelope, in the name of the user");
	text = out_of("cat mess/0/*");
	ok(strstr(text, " invoked by uid 12345); ") && strstr(text, "-0000\nSubject: x\n\nbody\nSubject: x\n"),
		"Received line, and the text");
	ok(play("BsTE") == 'K' && messages() == 2, "an empty sender and an empty message");
	ok(play("BDFSTE") == 'K' && messages() == 3, "a descriptor that nobody asked for is dropped");
	out_of("rm -f todo/* mess/0/*");
}

static void refused(void)
{
	ok(play("BDStE") == 'D' && strstr(said, "not valid. (#5.1.3)"), "no address: never");
	ok(messages() == 0, "and nothing is left");
	out_of("mv pid pod");
	ok(play("BDSTE") == 'Z' && strstr(said, "(#4.3.0)"), "no queue: later: %s", said);
	out_of("mv pod pid");
}

static void nonsense(void)
{
	static const char *const t[] = { "", "B", "BD", "BDS", "BDST", "BDSTT", "D", "S", "T", "E",
		"BE", "BDE", "BDSE", "BDTE", "BTE", "BSSTE", "BDSDTE", "BDSTDE", "BDSTSE", "BBDSTE",
		"BDSBTE", "b", "bDSTE", "xDSTE", "BxSTE", "BDSTxE", "BLSTE", "BDSTKE" };
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(play(t[i]) == 0 && messages() == 0, "\"%s\" comes to nothing", t[i]);
}

static void random_ones(void)
{
	static const char letters[] = "BBDDDSSTTTEbLsxt";
	char what[12];
	int i, bad = 0, had = 0, now;
	size_t n, k;

	srand(7);
	for (i = 0; i < 300; i++) {
		n = (size_t)rand() % (sizeof what - 1);
		for (k = 0; k < n; k++)
			what[k] = letters[(size_t)rand() % (sizeof letters - 1)];
		what[n] = 0;
		if (i % 3)
			*what = n ? 'B' : 0;
		/* What comes behind the end only spoils the answer. */
		if (strchr(what, 'E'))
			strchr(what, 'E')[1] = 0;
		now = had + (play(what) == 'K');
		if (i % 10 == 9) {
			bad += messages() != now;
			now = 0;
			out_of("rm -f todo/* mess/0/*");
		}
		had = now;
	}
	ok(!bad, "300 at random: as many messages as were promised");
}

static void times(void)
{
	int64_t began = clock_mono();
	int status;

	start();
	head(1, 1);
	packet('D', "x\n", 2);
	packet('S', "", 0);
	packet('T', "r@h", 3);
	usleep(100000);
	kill(server, SIGALRM);	/* qmta-send is told to try all now */
	status = proc_wait(server);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_TEMP &&
		clock_mono() - began > 400 && clock_mono() - began < 5000, "its time is over: it ends (%x, %d ms)", (unsigned)status, (int)(clock_mono() - began));
	close(line);
	ok(atoi(out_of("find todo -type f | wc -l")) == 0, "nothing is queued");
	out_of("rm -f mess/0/* pid/* intd/*");
}

/* The calls of who hands in, against a server, and without one. */
static void calls(void)
{
	static char big[3 * WINDOW + 5];
	char words[300];
	struct buf b = BUF_OVER(words);
	struct handin h;
	int way, status;

	memset(big, 'x', sizeof big);
	for (way = 0; way < 2; way++) {
		buf_clear(&b);
		if (!way)
			start();
		handin_begin(&h, way ? -1 : line, clock_mono() + 20000);
		handin_data(&h, "a: b\n\n", 6);
		handin_data(&h, big, sizeof big);
		handin_data(&h, big, 0);
		handin_address(&h, 'S', "");
		handin_address(&h, 'T', "r@h");
		ok(handin_end(&h, &b) == 'K' && buf_z(&b) && atoi(words) == (way ? getpid() : server),
			"%s", way ? "in this process" : "to a server");
		ok(messages() == 1 && atoi(out_of("cat mess/0/* | tr -dc x | wc -c")) == (int)sizeof big,
			"all of it");
		if (!way)
			proc_wait(server);
		out_of("rm -f todo/* mess/0/*");
		buf_clear(&b);
		if (!way)
			start();
		handin_begin(&h, way ? -1 : line, clock_mono() + 20000);
		handin_data(&h, big, sizeof big);
		handin_abort(&h);
		if (!way) {
			status = proc_wait(server);
			ok(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_TEMP, "it noticed");
		}
		ok(messages() == 0, "given up: nothing");
	}
	start();
	kill(server, SIGKILL);
	proc_wait(server);
	handin_begin(&h, line, clock_mono() + 20000);
	handin_data(&h, big, sizeof big);
	handin_address(&h, 'S', "");
	handin_address(&h, 'T', "r@h");
	ok(handin_end(&h, &b) == 'Z' && b.len > 10, "a server that died: later: %.*s", (int)b.len, b.s);
}

int main(void)
{
	char cmd[100];

	if (!mkdtemp(top))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	unsetenv("QMAILQUEUE");
	setenv("QUEUEDIR", top, 1);
	setenv("CONTROLDIR", top, 1);
	out_of("mkdir -p pid intd todo bounce note lock mess/0 info/0 local/0 remote/0");
	good();
	refused();
	nonsense();
	random_ones();
	times();
	calls();
	snprintf(cmd, sizeof cmd, "rm -rf %s", top);
	return system(cmd) ? 1 : done();
}
