/* deliver/maildir.c where neither a clock nor chance helps: the wall clock and the
 * monotonic one stand still, and the kernel has no random numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include "../../src/base/clock.h"
#define clock_mono() INT64_C(5)
#define clock_wall_usec() INT64_C(1699056000000000)
#define getrandom(p, n, flags) ((void)(p), (ssize_t)-1)
#include "../../src/deliver/maildir.c"
#include "../lib/tap.h"

static char top[] = "/tmp/qmta-maildir.XXXXXX";

static int count(const char *dir)
{
	char cmd[64];
	FILE *f;
	int n = -1;

	snprintf(cmd, sizeof cmd, "find %s -type f | wc -l", dir);
	f = popen(cmd, "r");
	if (!f || fscanf(f, "%d", &n) != 1)
		n = -1;
	pclose(f);
	return n;
}

int main(void)
{
	static struct letter l;
	struct names n;
	const char *why;
	int fd, i;

	if (!mkdtemp(top) || chdir(top) < 0)
		return 1;
	fd = open("message", O_RDWR | O_CREAT, 0600);
	if (write(fd, "a: b\n\nc", 7) != 7 || letter_open(&l, fd, 7, "s@e", "me", "h") < 0)
		return 1;
	for (i = 0; i < 3; i++)
		ok(!maildir_put("./Maildir/", &l, 1), "(70) a message in the same moment (%d)", i);
	ok(count("Maildir/new") == 3, "(70) all are kept");
	ok(count("Maildir/tmp") == 0, "(68) tmp is empty");
	if (fork() == 0)
		_exit(maildir_put("Maildir", &l, 0) != 0);
	if (fork() == 0)
		_exit(maildir_put("Maildir", &l, 0) != 0);
	while (wait(&i) > 0)
		ok(WIFEXITED(i) && WEXITSTATUS(i) == 0, "(70) another process in the same moment");
	ok(count("Maildir/new") == 5, "(70) all are kept");

	/* The very name is taken, which only malice could bring about. */
	make_names(&n);
	ok(!strncmp(n.new, "new/1699056000.M0P", 18), "the name: %s", n.new);
	ok(!strchr(n.new + 4, '/') && !strchr(n.new, ':'), "has no / and no :");
	fd = open_dir("Maildir");
	close(openat(fd, "tmp/x", O_CREAT | O_WRONLY, 0600));
	close(openat(fd, "new/x", O_CREAT | O_WRONLY, 0600));
	ok(io_rename(fd, "tmp/x", "new/x") < 0 && errno == EEXIST, "no name is ever replaced");
	close(fd);
	why = maildir_put("none", &l, 0);
	ok(why && strstr(why, "#4.2.1"), "(69) no Maildir: %s", why ? why : "delivered");
	mkdir("half", 0700);
	why = maildir_put("half", &l, 1);
	ok(why && strstr(why, "#4.2.1"), "half a Maildir is not made whole");

	ok(!maildir_make("a/") && !maildir_put("a", &l, 0), "maildir_make a/");
	ok(!maildir_make("a/new/../b") && !maildir_put("a/b", &l, 0), "maildir_make elsewhere");
	ok(maildir_make("a") < 0 && count("a/new") == 1, "never in the place of another");
	ok(maildir_make("no/dir") < 0, "no directory above it");
	ok(!system("[ -z \"$(find . -name '.maildir*')\" ]"), "nothing is left");
	if (system("rm -rf \"$PWD\"") || chdir("/") < 0)
		return 1;
	return done();
}
