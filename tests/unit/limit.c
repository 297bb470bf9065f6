/* limit.c: windows of an hour in a table that several share, damaged, full, and under
 * a clock that is set. */
#include "../../src/queue/limit.c"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "../lib/tap.h"

/* The clock is ours: src/base/clock.c is not linked. */
static int64_t now = 2000000000;
int64_t clock_wall(void) { return now; }
int64_t clock_wall_usec(void) { return now * 1000000; }
int64_t clock_mono(void) { return 0; }
int64_t clock_build(void) { return 1900000000; }
int clock_is_set(void) { return 1; }

static char top[200];
static struct queue q;
static uint64_t wait;

static void shell(const char *cmd)
{
	char line[400];

	snprintf(line, sizeof line, "cd '%s' && { %s; }", top, cmd);
	if (system(line))
		ok(0, "shell: %s", cmd);
}

static int take(const char *key, uint64_t max, int times)
{
	int n = 0;

	while (times--)
		n += limit_ask(&q, key, max, &wait) == LIMIT_ON;
	return n;
}

static void test_window(void)
{
	ok(limit_ask(&q, "a", 0, &wait) == LIMIT_ON && wait == 0, "max 0 is no limit");
	ok(take("a", 3, 10) == 3, "three of ten go on");
	ok(wait == 3600, "and the rest waits for an hour");
	now += 1000;
	ok(take("a", 3, 1) == 0 && wait == 2600, "which gets shorter");
	ok(take("A", 3, 1) == 0, "keys are case-blind");
	ok(take("b", 3, 10) == 3, "another key has its own window");
	now += 2600;
	ok(take("a", 3, 10) == 3 && take("b", 3, 1) == 0, "after the hour a new one begins");
	ok(take("a", 5, 10) == 2, "a limit that is raised counts what was counted");
}

static void test_first(void)
{
	int i, first = 0, over = 0;

	for (i = 0; i < 10; i++)
		switch (limit_ask(&q, "first", 4, &wait)) {
		case LIMIT_FIRST: first++; break;
		case LIMIT_OVER: over++; break;
		case LIMIT_ON: break;
		}
	ok(first == 1 && over == 5, "one refusal of a window is the first");
	ok(limit_ask(&q, "first", 1, &wait) == LIMIT_OVER, "a lower limit tells no second time");
}

static void test_clock(void)
{
	take("c", 1, 2);
	now -= 5;
	ok(take("c", 1, 1) == 1 && wait == 3600, "a clock that was set back: a new window");
	now += 5000;
	ok(take("c", 1, 1) == 1, "one that was set forward: a new window");
	now = 100;
	ok(take("c", 2, 3) == 2, "1970: counted all the same");
	now = 2000000000;
}

static void test_full(void)
{
	char key[20];
	int i;

	take("loud", 50, 50);
	for (i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "quiet %d", i);
		take(key, 50, 2);
	}
	ok(take("loud", 50, 1) == 0, "a thousand quiet ones do not push out the loud one");
	ok(take("quiet 999", 2, 1) == 0, "the last is known as well");
	shell("test $(stat -c %s lock/rates) -le 4096");
}

static void test_damage(void)
{
	take("d", 1, 1);
	shell("head -c 5000 /dev/zero | tr '\\0' '\\377' >lock/rates");
	ok(take("d", 2, 3) == 2, "damage is as if it were empty");
	shell("printf xyz >lock/rates");
	ok(take("d", 2, 3) == 2, "so is a file cut short");
	shell("rm lock/rates; mkdir lock/rates");
	ok(take("d", 1, 3) == 3, "trouble with the file: go on");
	shell("rmdir lock/rates; : >other; ln other lock/rates");
	ok(take("d", 1, 3) == 3, "a file with a second name is none of ours");
	shell("rm lock/rates; ln -s other lock/rates");
	ok(take("d", 1, 3) == 3, "nor is a link");
	shell("test ! -s other; rm lock/rates");
}

static void test_stopped(void)
{
	shell("flock lock/rates sleep 1 & sleep 0.2");
	ok(take("e", 2, 5) == 2, "a stopped holder of the lock stops nobody");
}

static void test_room(void)
{
	uint64_t left;

	q.queuemax = 3;
	ok(limit_room(&q, &left) == 0 && left == UINT64_MAX, "queuemax 3, none there");
	shell("printf 12345 >mess/0/10; printf 12345 >mess/0/11; printf 12345 >mess/0/12");
	ok(limit_room(&q, &left) == QQ_QUEUEMAX, "queuemax 3, three there");
	q.queuemax = 4;
	ok(limit_room(&q, &left) == 0, "queuemax 4");
	q.queuemaxbytes = 20;
	ok(limit_room(&q, &left) == 0 && left == 5, "queuemaxbytes 20: five are left");
	q.queuemaxbytes = 15;
	ok(limit_room(&q, &left) == QQ_QUEUEBYTES && left == 0, "queuemaxbytes 15: none");
	q.sendermax = 1;
	ok(limit_sender(&q, "Kim@a.example", 13) == 0 &&
		limit_sender(&q, "kim@A.example", 13) == QQ_SENDERMAX, "sendermax 1");
	ok(limit_sender(&q, "", 0) == 0 && limit_sender(&q, "", 0) == 0,
		"the null sender has no limit");
	limit_sender(&q, "kim@a.example", 13);
	shell("test \"$(cat lock/commands)\" = 'over queuemax 3 \nover queuemaxbytes 15 \nover sendermax 1 kim@A.example'");
	ok(1, "each is left for the log once");
}

int main(void)
{
	snprintf(top, sizeof top, "/tmp/qmta-limit.XXXXXX");
	ok(mkdtemp(top) != 0, "a directory");
	shell("mkdir -p pid intd todo lock mess/0 info/0 local/0 remote/0");
	setenv("CONTROLDIR", top, 1);
	ok(queue_open(&q, top) == 0, "a queue");
	test_window();
	test_first();
	test_clock();
	test_full();
	test_damage();
	test_stopped();
	test_room();
	shell("rm -rf *");
	rmdir(top);
	return done();
}
