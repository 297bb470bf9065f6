/* session.c and its files: when the client hears that a message is safe. A queue program
 * takes it; the second MAIL, sent without waiting, is what would hold the answer up. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../src/serve/session.c"
#include "../../src/base/io.h"
#include "../lib/tap.h"

static struct session s;
static int replies;
static char heard[4096];

static const char *sender(struct session *x, struct buf *addr)
{
	ssize_t n;

	(void)addr;
	if (!x->accepted)
		return 0;
	n = io_read(replies, heard, sizeof heard - 1);
	heard[n > 0 ? n : 0] = 0;
	return "451 4.3.0 later";
}

static const char *rcpt(struct session *x, struct buf *addr)
{
	session_add(x, addr->s, addr->len);
	return 0;
}

static const char *begin(struct session *x)
{
	(void)x;
	return 0;
}

static void trace(struct session *x)
{
	session_put(x, "Received: by session.c\n", 23);
}

static void write_program(const char *path)
{
	static const char text[] = "#!/bin/sh\ncat >/dev/null\ncat <&1 >/dev/null\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	if (fd < 0 || write(fd, text, sizeof text - 1) < 0 || close(fd) < 0)
		abort();
}

int main(void)
{
	static const char text[] = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n"
		"x\r\n.\r\nMAIL FROM:<c@x.example>\r\nQUIT\r\n";
	char top[] = "/tmp/qmta-session.XXXXXX", rm[64];
	int in[2], out[2];

	if (!mkdtemp(top) || chdir(top) < 0 || pipe(in) < 0 || pipe(out) < 0)
		abort();
	buf_text(rm, sizeof rm, "%s/queue", top);
	write_program(rm);
	setenv("QMAILQUEUE", rm, 1);
	replies = out[0];
	fcntl(replies, F_SETFL, O_NONBLOCK);
	s.host = "me.example";
	s.errors_max = 9;
	s.sender = sender;
	s.rcpt = rcpt;
	s.begin = begin;
	s.trace = trace;
	s.talk = (struct talk){ .in = in[0], .out = out[1], .wait = 20000, .until = IO_FOREVER };
	ok(write(in[1], text, sizeof text - 1) == sizeof text - 1, "a client that does not wait");
	ok(session_run(&s) == SESSION_QUIT && s.accepted == 1, "one message is taken");
	ok(strstr(heard, "\r\n250 2.0.0 ok ") != 0,
		"and its client knows before anything is done with the next command");
	ok(!s.deciding, "it is decided");
	unlink(rm);
	ok(chdir("/") == 0 && rmdir(top) == 0, "nothing stays behind");
	return done();
}
