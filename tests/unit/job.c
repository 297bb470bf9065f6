/* job.c: packets between runner and workers, sound ones and hostile ones. */
#include "../../src/queue/job.c"
#include <fcntl.h>
#include <stdlib.h>
#include "../lib/tap.h"

static char space[JOB_PACKET] __attribute__((aligned(8)));
static char answers[ANSWER_PACKET];

static int open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_job(const int s[2])
{
	static uint32_t off[JOB_RCPTS];
	static char longest[ADDR_CAP], route[CONTROL_LINE_MAX];
	struct job j = { .serial = 7, .n = 2, .off = off, .size = 1ull << 40,
		.sender = "kim@a", .route = "Mb.example", .rcpt = "" }, g;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), n;

	off[1] = 99;
	j.msg = j.list = fd;
	ok(job_send(s[0], &j) == 0 && job_recv(s[1], &g, space, 0) == 1, "a job");
	ok(g.serial == 7 && g.n == 2 && g.off[0] == 0 && g.off[1] == 99 && g.size == 1ull << 40 &&
		!strcmp(g.sender, "kim@a") && !strcmp(g.route, "Mb.example") && !*g.rcpt, "as it was");
	ok(g.msg > fd && g.list > fd && fcntl(g.msg, F_GETFD) == FD_CLOEXEC, "with its files");
	close(g.msg);
	close(g.list);
	j.list = -1;
	j.n = 0;
	ok(job_send(s[0], &j) == 0 && job_recv(s[1], &g, space, 0) == 1 && g.list == -1 && g.n == 0, "no list");
	close(g.msg);
	memset(longest, 'a', sizeof longest - 1);
	memset(route, 'R', sizeof route - 1);
	j.sender = j.rcpt = longest;
	j.route = route;
	j.n = JOB_RCPTS;
	j.list = fd;
	ok(job_send(s[0], &j) == 0 && job_recv(s[1], &g, space, 0) == 1 &&
		!strcmp(g.rcpt, longest) && g.n == JOB_RCPTS, "the largest job");
	close(g.msg);
	close(g.list);
	j.n++;
	ok(job_send(s[0], &j) < 0 && errno == EMSGSIZE, "one recipient more");
	n = open_fds();
	ok(job_recv(s[1], &g, space, MSG_DONTWAIT) < 0 && errno == EAGAIN, "nothing there");
	ok(open_fds() == n, "no descriptor is lost");
	close(fd);
}

static void test_hostile_jobs(const int s[2])
{
	char junk[200];
	struct job g;
	int i, k, fds[2] = { 0, 0 }, n = open_fds(), bad = 0;

	srand(1);
	for (i = 0; i < 5000; i++) {
		size_t len = 1 + (size_t)rand() % sizeof junk;
		for (k = 0; k < (int)len; k++)
			junk[k] = rand() % 3 ? 0 : (char)rand();
		pass_send(s[0], junk, len, fds, rand() % 3);
		if (job_recv(s[1], &g, space, 0) == 1) {
			bad += strlen(g.sender) + strlen(g.route) + strlen(g.rcpt) > sizeof junk;
			close(g.msg);
			if (g.list >= 0)
				close(g.list);
		} else
			bad += errno != EBADMSG;
	}
	ok(!bad && open_fds() == n, "5000 packets of junk");
}

static void test_answers(int s[2])
{
	static char text[REPORT_MAX + 500];
	struct answer a;
	int i, bad = 0;

	ok(answer_recv(s[0], &a, answers) < 0 && errno == EAGAIN, "no answer yet");
	ok(answer_send(s[1], 'Z', 5, 6, "later", 5) == 0 && answer_recv(s[0], &a, answers) == 1 &&
		a.letter == 'Z' && a.serial == 5 && a.index == 6 && a.len == 5 &&
		!memcmp(a.text, "later", 5), "an answer");
	ok(answer_send(s[1], 'D', 1, 2, text, sizeof text) == 0 &&
		answer_recv(s[0], &a, answers) == 1 && a.len == REPORT_MAX, "a long one is cut");
	ok(answer_send(s[1], 'Q', 0, 0, 0, 0) == 0 && answer_recv(s[0], &a, answers) == 1 && !a.len, "no text");
	for (i = 0; i < 300; i++) {
		char junk[20] = { (char)i };
		pass_send(s[1], junk, 1 + (size_t)i % 19, 0, 0);
		if (answer_recv(s[0], &a, answers) == 1)
			bad += !strchr("hsmKZDQF", a.letter) || a.len > 8;
		else
			bad += errno != EBADMSG;
	}
	ok(!bad, "malformed answers");
	close(s[1]);
	ok(answer_recv(s[0], &a, answers) == 0, "the worker is gone");
}

int main(void)
{
	int s[2];

	alarm(60);
	if (pass_pair(s) < 0)
		return 1;
	test_job(s);
	test_hostile_jobs(s);
	test_answers(s);
	return done();
}
