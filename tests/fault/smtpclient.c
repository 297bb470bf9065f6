/* smtpclient.c: a listener and its client in one run of the box: starts the listener on a
 * port of 127.0.0.1, speaks to it what a file holds, prints what it hears, and tries a
 * second time when the message was not answered, as clients do. Then it sends TERM and
 * waits for the listener. Nothing of it may be struck: it is the witness.
 *
 * smtpclient DIALOGUE PROGRAM arg... : "%" among the arguments becomes 127.0.0.1:PORT.
 * DIALOGUE may be the socket of a test that speaks for itself (logins.py): it is given each
 * connection, and answers with '1' or '0', whether the message was answered, and the text.
 * Exit: 0 the message was answered, for good or for now; 75 it was not; 2 this program
 * itself is in trouble. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CUT = 75, WAIT_MS = 4000, TRIES = 2 };

static char dialogue[65536], heard[65536];
static size_t got;
static struct sockaddr_in at;

static void die(const char *what)
{
	fprintf(stderr, "smtpclient: %s: %s\n", what, strerror(errno));
	_exit(2);
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A port that nobody has. */
static void choose_port(void)
{
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_family = AF_INET;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		die("port");
	close(fd);
}

static pid_t start(char **argv)
{
	static char where[64];
	pid_t pid;
	int i;

	snprintf(where, sizeof where, "127.0.0.1:%u", ntohs(at.sin_port));
	for (i = 0; argv[i]; i++)
		if (!strcmp(argv[i], "%"))
			argv[i] = where;
	if ((pid = fork()) < 0)
		die("fork");
	if (pid)
		return pid;
	execv(*argv, argv);
	_exit(127);
}

/* A connection, or -1: nobody takes one, or the listener is dead. */
static int call(pid_t listener, int *dead)
{
	long end = now() + WAIT_MS;
	int fd, status;

	while (now() < end) {
		if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
			die("socket");
		if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
			return fd;
		close(fd);
		if (waitpid(listener, &status, WNOHANG) == listener) {
			*dead = 1;
			return -1;
		}
		poll(0, 0, 10);
	}
	return -1;
}

/* Lines that answer, not those with '-' behind their number. */
static int replies(void)
{
	const char *p = heard;
	int n = 0;

	for (; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* Waits until `n` replies are there. 1; 0 the server is gone, or says nothing. */
static int hear(int fd, int n)
{
	struct pollfd p = { fd, POLLIN, 0 };
	long end = now() + WAIT_MS;
	ssize_t r;

	while (replies() < n) {
		if (now() >= end || poll(&p, 1, (int)(end - now())) <= 0)
			return 0;
		r = read(fd, heard + got, sizeof heard - 1 - got);
		if (r <= 0)
			return 0;
		got += (size_t)r;
		heard[got] = 0;
	}
	return 1;
}

/* One session: 1 when the message was answered, which is the fifth reply (220, HELO, MAIL,
 * RCPT, DATA's 354 before it). */
static int speak(int fd)
{
	const char *end = strstr(dialogue, "DATA\r\n") + 6;
	int answered = 0;

	got = 0;
	*heard = 0;
	if (hear(fd, 1) && write(fd, dialogue, (size_t)(end - dialogue)) > 0 && hear(fd, 5) &&
		strstr(heard, "\n354 ") && write(fd, end, strlen(end)) > 0)
		answered = hear(fd, 6);
	hear(fd, 7);
	close(fd);
	if (fwrite(heard, 1, got, stdout) != got || fflush(stdout))
		die("stdout");
	return answered;
}

/* The same by the test, behind its socket. */
static int let_speak(const char *path, int fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char c = 0, control[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int test = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
	strncpy(a.sun_path, path, sizeof a.sun_path - 1);
	if (test < 0 || connect(test, (struct sockaddr *)&a, sizeof a) < 0 ||
		sendmsg(test, &m, 0) != 1)
		die(path);
	close(fd);
	for (got = 0; (n = read(test, heard + got, sizeof heard - 1 - got)) > 0; )
		got += (size_t)n;
	close(test);
	if (!got || fwrite(heard + 1, 1, got - 1, stdout) != got - 1 || fflush(stdout))
		die("what the test says");
	return *heard == '1';
}

/* The dialogue's file into memory. 0: it is a socket. */
static int read_dialogue(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		return 0;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
		read(fd, dialogue, sizeof dialogue - 1) <= 0)
		die("dialogue");
	close(fd);
	return 1;
}

int main(int argc, char **argv)
{
	int fd, i, status, here, answered = 0, dead = 0;
	pid_t listener;

	if (argc < 3)
		return 2;
	here = read_dialogue(argv[1]);
	signal(SIGPIPE, SIG_IGN);
	choose_port();
	listener = start(argv + 2);
	for (i = 0; i < TRIES && !answered && !dead; i++)
		if ((fd = call(listener, &dead)) >= 0)
			answered = here ? speak(fd) : let_speak(argv[1], fd);
	if (dead || waitpid(listener, &status, WNOHANG) == listener)
		printf("smtpclient: the listener is dead\n");
	else {
		kill(listener, SIGTERM);
		waitpid(listener, &status, 0);
	}
	return answered ? 0 : CUT;
}
