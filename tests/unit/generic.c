/* control/generic: the order of keys, forms of lines, values that make no sense;
 * and whose host is ours. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "../lib/tap.h"
#include "../../src/msg/generic.c"

static void put(const char *name, const char *s)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, strlen(s)) != (ssize_t)strlen(s) || close(fd) < 0)
		abort();
}

static int reload(void)
{
	loaded = 0;
	buf_free(&map);
	ours_forget();
	return generic_load();
}

static int is(const char *addr, const char *want)
{
	char space[2 * ADDR_CAP];
	struct buf b = BUF_OVER(space);
	int r = generic_map(&b, addr, strlen(addr));

	return want ? r && buf_z(&b) && !strcmp(space, want) : !r;
}

static void bad(const char *lines, const char *says)
{
	put("generic", lines);
	ok(reload() == -1 && strstr(control_error(), "/generic: ") &&
		strstr(control_error(), says), "refused: %s", says);
}

static void values(void)
{
	bad("root\n", "\"root\"");
	bad("ok ok@example.net\n# no\npi@board pi\n", "\"pi@board pi\"");
	bad(" root a@example.net\n", "\" root");
	bad("root a@example.net b@example.net\n", "begins with \"root a@");
	bad("root <a@example.net>\n", "root <");
	bad("root a@\n", "\"root a@\"");
	bad("@h @\n", "\"@h @\"");
	bad("root J\303\266@example.net\n", "\"root J");
	unlink("generic");
	ok(reload() == 0 && is("root@board.example.net", 0), "no file: nothing changes");
	put("generic", "# nothing\n\n");
	ok(reload() == 0, "an empty one too");
}

static void keys(void)
{
	put("generic", "root@board.example.net\tfirst@isp.example\nroot: second@isp.example\n"
		"@board.example.net  all@isp.example\n@dom.example @other.example\n"
		"pi@dom.example:PI@isp.example\nsame@dom.example same@dom.example\n");
	ok(reload() == 1, "a map");
	ok(is("root@board.example.net", "first@isp.example"), "user@host first");
	ok(is("ROOT@BOARD.example.NET", "first@isp.example"), "case-blind");
	ok(is("root@also.example", "second@isp.example"), "then user, at a host of locals");
	ok(is("root@localhost", "second@isp.example") &&
		is("root@localhost.localdomain", "second@isp.example"), "localhost is ours");
	ok(is("root", "first@isp.example"), "without a host: as at control/me");
	ok(is("kim@board.example.net", "all@isp.example") && is("kim", "all@isp.example"), "then @host");
	ok(is("root@far.example", 0) && is("root@localhosts.example", 0), "a user elsewhere is somebody else");
	ok(is("a.b+c@dom.example", "a.b+c@other.example"), "@host alone keeps the user");
	ok(is("pi@dom.example", "PI@isp.example"), "a colon ends a key");
	ok(is("same@dom.example", 0), "the same address is no change");
	ok(is("", 0) && is("#@[]", 0) && is("@", 0), "no addresses");
	put("generic", "box@dom.example x@y.example\n");
	unlink("me");
	ok(reload() == 1 && is("box@dom.example", "x@y.example") && is("box", 0) && is("root", 0),
		"without control/me");
	put("me", "board.example.net\n");
}

static void lengths(void)
{
	char big[ADDR_CAP + 1], want[2 * ADDR_CAP];
	struct buf b = BUF_OVER(want);

	put("generic", "@dom.example @other.example\n@x.example long@a.example\n");
	ok(reload() == 1, "a map");
	memset(big, 'a', sizeof big);
	memcpy(big + ADDR_MAX - 12, "@dom.example", 13);
	ok(is(big, 0), "one that would become too long stays");
	memset(big, 'a', ADDR_MAX);
	memcpy(big + ADDR_MAX - 14, "@dom.example", 13);
	buf_put(&b, big, ADDR_MAX - 14);
	buf_puts(&b, "@other.example");
	buf_z(&b);
	ok(is(big, want), "the longest that fits");
}

int main(void)
{
	char dir[] = "/tmp/qmta-unit.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0)
		abort();
	setenv("CONTROLDIR", dir, 1);
	put("me", "board.example.net\n");
	put("locals", "board.example.net\nalso.example\n");
	values();
	keys();
	lengths();
	put("originalfrom", "1\n");
	ok(reload() == 1 && generic_keeps(), "originalfrom");
	unlink("me"); unlink("locals"); unlink("generic"); unlink("originalfrom");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		abort();
	buf_free(&map);
	ours_forget();
	return done();
}
