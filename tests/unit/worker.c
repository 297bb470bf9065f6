/* The remote worker behind its socket, against tests/lib/smtpsink.py: kept
 * connections, envelopes sent ahead, limits, and who gets which answer. */
#include "../../src/deliver/smtp.h"
#undef SMTP_FINAL_SECS
#define SMTP_FINAL_SECS 1
#include "../../src/deliver/transact.c"
#include "../../src/deliver/remote.h"
#include "../../src/base/clock.h"
#include "../../src/base/proc.h"
#include "../lib/tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/qmta-worker.XXXXXX";
static int sock;
static pid_t worker, sink;
static char route[64];
static uint32_t off[JOB_RCPTS];
static char letters[JOB_RCPTS + 1];	/* last job: per recipient, '-' not named */
static char text[ANSWER_PACKET + 1];	/* last answer */
static char named[ANSWER_PACKET + 1];	/* last answer about a recipient */

/* ---- files ---- */

static char *path(const char *name)
{
	static char p[2][256];
	static int i;

	snprintf(p[i = !i], sizeof p[0], "%s/%s", dir, name);
	return p[i];
}

static void file_put(const char *name, const char *s, size_t n)
{
	FILE *f = fopen(path(name), "w");

	fwrite(s, 1, n, f);
	fclose(f);
}

/* How many lines of the sink's log (or of any file) have the text. */
static int count(const char *name, const char *what)
{
	char line[8192];
	FILE *f = fopen(path(name), "r");
	int n = 0;

	while (f && fgets(line, sizeof line, f))
		n += strstr(line, what) != 0;
	if (f)
		fclose(f);
	return n;
}

/* Waits for what the sink writes after its last reply. */
static int wait_count(const char *name, const char *what, int n)
{
	for (int i = 0; i < 100 && count(name, what) < n; i++)
		usleep(20000);
	return count(name, what);
}

static int stored(const char *name, const char *what)
{
	char p[64];

	snprintf(p, sizeof p, "mail/%s", name);
	return count(p, what);
}

/* ---- server and worker ---- */

static void sink_start(const char *script, const char *option, const char *value)
{
	char port[16] = "";
	FILE *f;
	const char *top = getenv("TOP");
	char prog[512];

	snprintf(prog, sizeof prog, "%s/tests/lib/smtpsink.py", top ? top : ".");
	unlink(path("port"));
	unlink(path("log"));
	file_put("script", script, strlen(script));
	snprintf(text, sizeof text, "rm -rf %s/mail", dir);
	if (system(text))
		exit(1);
	sink = fork();
	if (!sink) {
		execlp("python3", "python3", prog, "--portfile", path("port"), "--timeout", "60",
			"--dir", strdup(path("mail")), "--log", strdup(path("log")),
			"--script", strdup(path("script")), option, value, (char *)0);
		_exit(127);
	}
	for (int i = 0; i < 500 && !*port; i++) {
		f = fopen(path("port"), "r");
		if (f && !fgets(port, sizeof port, f))
			*port = 0;
		if (f)
			fclose(f);
		usleep(20000);
	}
	snprintf(route, sizeof route, "R127.0.0.1:%d", atoi(port));
}

/* Signals that a group gets together with the runner: the spawner ignores them. */
static const int group[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };

static void worker_start(void)
{
	int p[2];

	if (pass_pair(p))
		exit(1);
	worker = fork();
	if (!worker) {
		struct worker w = { .kind = 'R', .sock = p[1], .tcpto = -1 };

		close(p[0]);
		for (int i = 0; i < 4; i++)
			signal(group[i], SIG_IGN);
		remote_worker(&w);
	}
	close(p[1]);
	sock = p[0];
}

/* Returns the worker's exit status. */
static int stop(void)
{
	int status;

	close(sock);
	status = proc_wait(worker);
	return status;
}

static void sink_stop(void)
{
	kill(sink, SIGTERM);
	proc_wait(sink);
}

static void both(const char *script, const char *option, const char *value)
{
	sink_start(script, option, value);
	worker_start();
}

/* ---- jobs ---- */

/* n recipients rN@example.net; a recipient may be given as bytes instead. */
static void list_make(uint32_t n, const char *odd, uint32_t where)
{
	char name[64];
	FILE *f = fopen(path("list"), "w");

	for (uint32_t i = 0; i < n; i++) {
		off[i] = (uint32_t)ftell(f);
		snprintf(name, sizeof name, "r%u@example.net", i);
		fprintf(f, "T%s", odd && i == where ? odd : name);
		fputc(0, f);
	}
	fclose(f);
}

static void give(uint32_t serial, const char *sender, uint32_t n, int64_t extra)
{
	struct job j = { .serial = serial, .n = n, .off = off, .sender = sender,
		.route = route, .rcpt = "" };

	j.msg = open(path("msg"), O_RDONLY);
	j.list = open(path("list"), O_RDONLY);
	j.size = (uint64_t)(lseek(j.msg, 0, SEEK_END) + extra);
	while (job_send(sock, &j) && errno == EAGAIN)
		usleep(1000);
	close(j.msg);
	close(j.list);
}

/* Reads the answers to one job. Its final letter; '!' the worker is gone, '?' a
 * wrong serial, 0 nothing for 20 s. */
static char take(uint32_t serial)
{
	char buf[ANSWER_PACKET];
	struct answer a;
	struct pollfd p = { sock, POLLIN, 0 };

	memset(letters, '-', sizeof letters);
	*named = 0;
	for (;;) {
		if (poll(&p, 1, 20000) <= 0)
			return 0;
		if (answer_recv(sock, &a, buf) <= 0)
			return '!';
		memcpy(text, a.text, a.len);
		text[a.len] = 0;
		if (a.letter == 'Q')
			return 'Q';
		if (a.serial != serial)
			return '?';
		if (!strchr("hsm", a.letter))
			return a.letter;
		letters[a.index] = a.letter;
		strcpy(named, text);
	}
}

/* How many recipients of the last job got the letter. */
static int got(char letter, uint32_t n)
{
	int k = 0;

	while (n--)
		k += letters[n] == letter;
	return k;
}

/* ---- tests ---- */

static void kept(void)
{
	int good = 0;

	both("", 0, 0);
	list_make(1, 0, 0);
	for (uint32_t i = 0; i < 20; i += 5) {
		for (uint32_t k = i; k < i + 5; k++)
			give(k, "s@example.net", 1, 0);
		for (uint32_t k = i; k < i + 5; k++)
			good += take(k) == 'K';
	}
	ok(good == 20, "20 jobs are done");
	ok(strstr(text, "127.0.0.1 accepted message.\nRemote host said: 250 2.0.0 ok\n") == text,
		"words of K");
	ok(stop() == 0, "worker ends with the runner");
	ok(wait_count("log", "C QUIT", 1) == 1, "and says QUIT");
	ok(count("log", "connect") == 1, "one connection");
	ok(count("log", "stored") == 20, "20 messages arrived");
	ok(count("log", "recv") <= 20 + 18, "envelopes ride with the data before (%d reads)",
		count("log", "recv"));
	ok(stored("0007", "Subject: test") == 1, "content");
	sink_stop();
}

static void verdicts(void)
{
	both("BODY bad1 550 5.7.1 spam\nBODY bad2 451 4.3.0 full\nMAIL bad3 550 no such sender\n"
		"MAIL bad4 451 later\nDATA * 354 always\nRCPT r0 550 5.1.1 unknown\n", 0, 0);
	list_make(2, "x@example.net", 1);
	for (uint32_t i = 1; i <= 6; i++) {
		char s[16];

		snprintf(s, sizeof s, "bad%u@x", i);
		give(i, s, 2, 0);
	}
	ok(take(1) == 'D' && strstr(text, "failed after I sent") && strstr(text, "spam"), "5xx after data");
	ok(letters[0] == 'h' && letters[1] == '-', "only its refused recipient is named");
	ok(take(2) == 'Z' && strstr(text, "full"), "4xx after data, next in the pipe");
	ok(take(3) == 'D' && strstr(text, "sender was rejected") && got('h', 2) == 0,
		"5xx at MAIL, though DATA is accepted");
	ok(take(4) == 'Z' && strstr(text, "later"), "4xx at MAIL");
	ok(take(5) == 'K' && take(6) == 'K', "the next ones arrive");
	list_make(1, 0, 0);
	give(7, "s@x", 1, 0);
	give(8, "s@x", 1, 0);
	ok(take(7) == 'D' && letters[0] == 'h' && !strcmp(text, "Giving up on 127.0.0.1.\n"),
		"all refused, DATA accepted anyway");
	ok(strstr(named, "127.0.0.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown\n"
		"Giving up on 127.0.0.1.\n") == named, "words of h");
	ok(take(8) == 'D', "and the one behind it");
	list_make(1, "y@x", 0);
	give(9, "last@x", 1, 0);
	ok(take(9) == 'K', "then a good one");
	ok(stop() == 0 && count("log", "stored") == 3, "three messages arrived");
	ok(count("log", "BARE") == 0, "every end of data was seen as one");
	sink_stop();
}

static void refused_data(void)
{
	both("DATA #1 451 not now\nDATA #2 554 never\nRCPT r5 550 no\n", 0, 0);
	list_make(1, 0, 0);
	for (uint32_t i = 1; i <= 3; i++)
		give(i, "s@x", 1, 0);
	ok(take(1) == 'Z' && strstr(text, "failed on DATA"), "4xx at DATA");
	ok(take(2) == 'D' && strstr(text, "failed on DATA"), "5xx at DATA");
	ok(take(3) == 'K', "the next is done");
	ok(stop() == 0 && count("log", "C RSET") == 2 && count("log", "connect") == 1,
		"after RSET, on the same connection");
	sink_stop();
}

static void limit(void)
{
	both("", "--max-rcpts", "3");
	list_make(8, 0, 0);
	give(1, "s@x", 8, 0);
	ok(take(1) == 'K' && !memcmp(letters, "---mmmmm", 8), "452: the others are given back");
	give(2, "s@x", 5, 0);
	give(3, "s@x", 2, 0);
	ok(take(2) == 'K' && !memcmp(letters, "---mm", 5), "then no more than the limit");
	ok(take(3) == 'K' && got('-', 2) == 2, "fewer are no matter");
	ok(count("log", "C RCPT") == 8 + 3 + 2, "limit is remembered");
	ok(stop() == 0 && count("log", "connect") == 1, "one connection");
	sink_stop();
	both("RCPT r2 552 5.2.2 mailbox full\nRCPT r3 452 4.2.2 mailbox full\nRCPT r4 552 too many\n"
		"RCPT r5 552 too many\n", 0, 0);
	list_make(6, 0, 0);
	give(1, "s@x", 6, 0);
	ok(take(1) == 'K' && !memcmp(letters, "--hsmm", 6), "a full mailbox is no limit");
	list_make(1, "r4@x", 0);
	give(2, "s@x", 1, 0);
	ok(take(2) == 'D' && letters[0] == 'h', "552 for the first is final");
	ok(stop() == 0, "end");
	sink_stop();
}

static void all_refused_below_limit(void)
{
	both("RCPT bob 550 no\n", "--max-rcpts", "1");
	list_make(2, 0, 0);
	give(1, "s@x", 2, 0);
	ok(take(1) == 'K' && !memcmp(letters, "-m", 2), "limit 1 is learned");
	list_make(2, "bob@x", 0);
	give(2, "s@x", 2, 0);
	ok(take(2) == 'D' && !memcmp(letters, "hm", 2), "who was not asked is not refused");
	ok(stop() == 0, "end");
	sink_stop();
}

static void closed_between(void)
{
	both("BODY !s close 250 ok\nMAIL #3 drop\nMAIL #5 close 421 too many\nMAIL #7 reset\n", 0, 0);
	list_make(1, 0, 0);
	give(1, "s@x", 1, 0);
	ok(take(1) == 'K', "accepted, then the server closes");
	wait_count("log", "close", 1);
	usleep(50000);
	for (uint32_t i = 2; i < 6; i++)
		give(i, "s@x", 1, 0);
	for (uint32_t i = 2; i < 6; i++)
		ok(take(i) == 'K', "closed before MAIL was answered: again, unseen (%u)", i);
	ok(stop() == 0 && count("log", "connect") == 5, "connections: %d", count("log", "connect"));
	ok(count("log", "stored") == 5, "no duplicate");
	sink_stop();
}

static void lost_verdict(void)
{
	both("BODY one swallow\nBODY two stall\n", 0, 0);
	list_make(1, 0, 0);
	give(1, "one@x", 1, 0);
	give(2, "b@x", 1, 0);
	ok(take(1) == 'Z' && strstr(text, "Possible duplicate! (#4.4.2)"), "lost after the dot");
	ok(take(2) == 'K', "the one sent ahead is sent again");
	give(3, "two@x", 1, 0);
	give(4, "c@x", 1, 0);
	ok(take(3) == 'Z' && strstr(text, "Possible duplicate!"), "no answer in time");
	ok(take(4) == 'K', "next");
	ok(stop() == 0 && count("log", "stored") == 3, "stored once each");
	sink_stop();
}

static void signalled(void)
{
	both("BODY slow sleep 0.6 250 ok\n", 0, 0);
	list_make(1, 0, 0);
	give(1, "slow@x", 1, 0);
	ok(wait_count("log", "DATA", 1) >= 1, "in the middle of a transaction");
	for (int i = 0; i < 4; i++)
		kill(worker, group[i]);
	ok(take(1) == 'K', "TERM, INT, HUP and ALRM do not end it");
	give(2, "b@x", 1, 0);
	ok(take(2) == 'K' && stop() == 0, "nor the worker");
	sink_stop();
}

static void unreadable(void)
{
	both("", 0, 0);
	list_make(3, "a@b\r\nRSET", 1);
	give(1, "s@x", 3, 0);
	ok(take(1) == 'K' && !memcmp(letters, "-h-", 3), "a control byte: that one is refused");
	ok(count("log", "RSET") == 0, "and never on the wire");
	give(2, "a\nb@x", 3, 0);
	ok(take(2) == 'D' && strstr(text, "5.1.7"), "a sender like that");
	list_make(1, 0, 0);
	give(3, "s@x", 1, 10);
	ok(take(3) == 'Z' && strstr(text, "read the message"), "message shorter than it was");
	ok(wait_count("log", "1 close", 1) == 1 && count("log", "stored") == 1, "is not ended");
	off[0] = 100000;
	give(4, "s@x", 1, 0);
	ok(take(4) == 'Z' && strstr(text, "read the recipients"), "list is damaged");
	list_make(1, 0, 0);
	give(5, "s@x", 1, 0);
	ok(take(5) == 'K', "next");
	{
		char big[2500];

		memset(big, 'x', sizeof big);
		big[sizeof big - 1] = 0;
		list_make(3, big, 1);
	}
	give(6, "s@x", 3, 0);
	ok(take(6) == 'K' && !memcmp(letters, "-h-", 3), "an address without measure");
	ok(stop() == 0, "end");
	sink_stop();
}

static void many(const char *option)
{
	uint32_t n = 1000;
	int64_t began;
	char fate;

	both("RCPT r77@ 550 no\nRCPT r999@ 450 busy\n", option, 0);
	list_make(n, 0, 0);
	began = clock_mono();
	give(1, "s@x", n, 0);
	fate = take(1);
	ok(fate == 'K' && letters[77] == 'h' && letters[999] == 's' && got('-', n) == 998,
		"1000 recipients %s (%d ms)", option ? option : "", (int)(clock_mono() - began));
	ok(stop() == 0 && count("log", "stored") == 1, "one transaction");
	ok(stored("0001", "RCPT TO:<r") == 998, "all of them");
	ok(count("log", "EARLY") == 0, "nothing sent before its time");
	ok(option || count("log", "recv") < 60, "few packets (%d reads)", count("log", "recv"));
	sink_stop();
}

static void down(void)
{
	int64_t began = clock_mono();
	int good = 0;

	both("CONNECT * close 554 go away\n", 0, 0);
	list_make(1, 0, 0);
	for (uint32_t i = 0; i < 5; i++)
		give(i, "s@x", 1, 0);
	for (uint32_t i = 0; i < 5; i++)
		good += take(i) == 'Z' && strstr(text, "greeting failed.\nRemote host said: 554 go away");
	ok(good == 5 && count("log", "connect") == 1, "a route that is down is asked once");
	sink_stop();
	strcpy(route, "M[not-an-address");
	give(9, "s@x", 1, 0);
	ok(take(9) == 'D' && strstr(text, "#5.1.2"), "another route is another question");
	ok(clock_mono() - began < 10000, "without waiting");
	ok(stop() == 0, "end");
}

static void idle(void)
{
	int64_t began;

	both("", 0, 0);
	list_make(1, 0, 0);
	give(1, "s@x", 1, 0);
	ok(take(1) == 'K', "a job");
	began = clock_mono();
	ok(take(1) == 'Q' && clock_mono() - began > 4000, "no more work: asks to go");
	ok(wait_count("log", "C QUIT", 1) == 1, "after QUIT");
	give(2, "s@x", 1, 0);
	ok(take(2) == 'K' && count("log", "connect") == 2, "a job that crossed it is done");
	kill(sink, SIGKILL);
	proc_wait(sink);
	usleep(200000);
	sink_start("", 0, 0);
	give(3, "s@x", 1, 0);
	ok(take(3) == 'K', "server was restarted meanwhile");
	ok(stop() == 0, "end");
	sink_stop();
}

static void dates(void)
{
	static const char old[] = "Received: (qmail 5 invoked by uid 0); 1 Jan 1970 00:01:02 -0000\n"
		"From: a@b\nDate: 1 Jan 1970 00:01:00 -0000\nSubject: test\n\nDate: 1 Jan 1970 00:01:00 -0000\n";
	static const char theirs[] = "Received: (qmail 5 invoked by uid 0); 1 Jan 1970 00:01:02 -0000\n"
		"Date: Thu, 1 Jan 1970 00:01:00 +0000\n\nx\n";
	static const char right[] = "Received: (qmail 5 invoked by uid 0); 1 Jan 2035 00:01:02 -0000\n"
		"Date: 1 Jan 1970 00:01:00 -0000\n\nx\n";

	both("", 0, 0);
	list_make(1, 0, 0);
	file_put("msg", old, sizeof old - 1);
	give(1, "s@x", 1, 0);
	ok(take(1) == 'K' && stored("0001", "Date: 1 Jan 1970") == 1 && stored("0001", "Date: ") == 2 &&
		stored("0001", "00:01:02") == 1, "a date of an unset clock is corrected");
	file_put("msg", theirs, sizeof theirs - 1);
	give(2, "s@x", 1, 0);
	ok(take(2) == 'K' && stored("0002", "Date: Thu, 1 Jan 1970") == 1, "somebody else's date stays");
	file_put("msg", right, sizeof right - 1);
	give(3, "s@x", 1, 0);
	ok(take(3) == 'K' && stored("0003", "Date: 1 Jan 1970") == 1, "queued with a clock: stays");
	ok(stop() == 0, "end");
	sink_stop();
}

static void program(void)
{
	static const char sh[] = "#!/bin/sh\ncase $3 in\nr0*) printf 'r\\0Kfine\\n\\0';;\n"
		"r1*) printf 'sbusy\\n\\0DGiving up\\n\\0';;\nr2*) printf 'hno\\n\\0DGiving up\\n\\0';;\n"
		"r3*) exit 111;;\nr4*) kill -9 $$;;\nr5*) exit 0;;\nr6*) exit 3;;\n"
		"r7*) kill -TERM $$; printf 'hdeaf\\n\\0';;\n"
		"r8*) printf 'KHost %s from %s: ' \"$1\" \"$2\"; cat;;\nesac\n";

	file_put("prog", sh, sizeof sh - 1);
	chmod(path("prog"), 0755);
	setenv("QMAILREMOTE", path("prog"), 1);
	worker_start();
	list_make(9, 0, 0);
	give(1, "s@x", 9, 0);
	ok(take(1) == 'K' && !memcmp(letters, "-shssshs-", 9), "QMAILREMOTE: fates (%.9s)", letters);
	ok(strstr(text, "Host example.net from s@x: ") == text && strstr(text, "Subject: test"),
		"arguments and message");
	list_make(2, 0, 0);
	off[0] = off[1];
	give(2, "s@x", 1, 0);
	ok(take(2) == 'D' && letters[0] == 's' && !strcmp(named, "busy\nGiving up\n"), "texts of s and D");
	ok(stop() == 0, "end");
	unsetenv("QMAILREMOTE");
}

int main(void)
{
	static const char msg[] = "Received: (qmail 5 invoked by uid 0); 1 Jan 2035 00:01:02 -0000\n"
		"Subject: test\n\nhello\n";

	if (!mkdtemp(dir))
		return 1;
	setenv("CONTROLDIR", path("control"), 1);
	mkdir(path("control"), 0700);
	file_put("control/me", "me.example.net\n", 15);
	file_put("control/timeoutremote", "1\n", 2);
	signal(SIGPIPE, SIG_IGN);
	file_put("msg", msg, sizeof msg - 1);
	kept();
	verdicts();
	refused_data();
	limit();
	all_refused_below_limit();
	closed_between();
	lost_verdict();
	signalled();
	unreadable();
	many(0);
	many("--no-pipelining");
	down();
	idle();
	program();
	dates();
	snprintf(text, sizeof text, "rm -rf %s", dir);
	return system(text) | done();
}
