/* passwd.c: users and groups of a file, found, missing, and in lines that are too long. */
#include <stdio.h>
#include <stdlib.h>
#include "../../src/base/passwd.c"
#include "../lib/tap.h"

static char path[] = "/tmp/qmta-passwd.XXXXXX";

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) < 0)
		abort();
}

static void is(const char *got, const char *want, const char *name)
{
	ok(!strcmp(got, want), "%s", name);
	if (strcmp(got, want))
		printf("# got '%s', want '%s'\n", got, want);
}

/* "uid gid home" of a name; "" there is none. */
static const char *user(const char *name)
{
	static char said[400];
	struct user u;

	*said = 0;
	if (search(path, by_name, name, &u) > 0)
		snprintf(said, sizeof said, "%u %u %s", (unsigned)u.uid, (unsigned)u.gid, u.home);
	return said;
}

static long group(const char *name)
{
	gid_t gid;

	return search(path, group_by_name, name, &gid) > 0 ? (long)gid : -1;
}

/* "joe:x:1:2:" and n bytes and the rest. */
static const char *long_line(size_t n)
{
	static char text[2000];

	snprintf(text, sizeof text, "joe:x:1:2:%0*d:/home/joe:/bin/sh\nkim:x:3:4::/home/kim:/bin/sh\n",
		(int)n, 0);
	return text;
}

int main(void)
{
	char text[4000];
	struct user u;
	uid_t uid = 3;
	int fd = mkstemp(path);

	if (fd < 0 || close(fd) < 0)
		abort();
	write_file("root:x:0:0:root:/root:/bin/sh\n\nbad\nbad:x:1\njoe:x:1000:1001:Joe,,,:/home/joe:/bin/sh\n"
		"nohome:x:5:6:::\nlast:x:7:8::/last");
	is(user("root"), "0 0 /root", "the first");
	is(user("joe"), "1000 1001 /home/joe", "behind lines that are none");
	is(user("nohome"), "5 6 ", "a user may have no home");
	is(user("last"), "7 8 /last", "a last line without its end, and without a shell");
	is(user("bad"), "", "too few fields");
	is(user("jo"), "", "a name is all of it");
	write_file(long_line(20));
	is(user("joe"), "1 2 /home/joe", "a line that fits");
	write_file(long_line(LINE - 24));
	is(user("joe"), "1 2 /home/joe", "its shell is cut off: the home is whole");
	write_file(long_line(LINE - 17));
	is(user("joe"), "", "its home is cut off: there is no such user");
	is(user("kim"), "3 4 /home/kim", "the next one is found");
	write_file(long_line(LINE + 500));
	is(user("joe"), "", "its comment is cut off");
	is(user("kim"), "3 4 /home/kim", "the next one is found");
	ok(search(path, by_uid, &uid, &u) > 0 && !strcmp(u.name, "kim"), "by his number, too");
	snprintf(text, sizeof text, "wheel:x:10:%02000d\nusers:x:100:\nx%01000d:x:7:\n", 0, 0);
	write_file(text);
	ok(group("wheel") == 10, "a group of many members");
	ok(group("users") == 100, "and the next one");
	snprintf(text, sizeof text, "x%0*d", LINE - 2, 0);
	ok(group(text) == -1, "a name that is cut off is nobody's");
	unlink(path);
	ok(group("users") == -1, "no file");
	return done();
}
