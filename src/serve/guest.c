/* guest.c: mini-smtpd and one client. Put together here: the session, which knows no
 * policy; the policy; who the client is; the queue's program. A message goes on as it came
 * in, with one field above it. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/defaults.h"
#include "../base/env.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../net/tls.h"
#include "../queue/choose.h"
#include "guest.h"
#include "inbound.h"
#include "lists.h"
#include "login.h"
#include "policy.h"
#include "starttls.h"
#include "trace.h"

enum { ERRORS_MAX = 10, WAIT_SECS = 1200, SESSION_SECS = 3600, LINGER_SECS = 30,
	SECS_MOST = 86400, GREET_MOST = 300, FAILED = 1 };

static NEAR(2) struct {
	const char *name;
	int barelf;		/* 1: our own clients may end lines with LF alone */
	int required;		/* 1: nobody sends who has not logged in */
	char me[256], greeting[256], literal[256];
	struct peer peer;
	struct session session;
} G;
static struct session *const s = &G.session;

/* user@[192.0.2.1], with an address of ours, is user@ control/localiphost. */
static void name_literal(struct buf *addr)
{
	size_t at = text_rchr(addr->s, addr->len, '@') + 1, was;
	char us[ADDR_TEXT];
	struct addr a;

	if (at >= addr->len || addr->s[at] != '[' ||
		!addr_parse(&a, addr->s + at, addr->len - at))
		return;
	addr_text(&a, us);
	if (strcmp(us, G.peer.local_ip) != 0 && !addr_ours(&a))
		return;
	was = addr->len;
	addr->len = at;
	if (!buf_puts(addr, G.literal))
		addr->len = was;
}

/* How lines may end is known with the client, and better after STARTTLS and AUTH. */
static void set_lines(void)
{
	s->lenient = s->talk.barelf = G.barelf && policy_relays(s);
}

static const char *sender(struct session *c, struct buf *addr)
{
	if (choose_again() < 0)
		return "451 4.3.0 unable to be root again";
	set_lines();
	name_literal(addr);
	return policy_sender(c, addr);
}

static const char *rcpt(struct session *c, struct buf *addr)
{
	name_literal(addr);
	return addr->full ? SESSION_TOOLONG : policy_rcpt(c, addr);
}

static const char *begin(struct session *c)
{
	static const struct buf none;

	control_snapshot(1);	/* files may have come or gone since the last message */
	if (choose_program(&c->from, &c->rcpts, &none) < 0)
		return inbound_trouble();	/* what is wrong is no stranger's business */
	return 0;
}

static void trace(struct session *c)
{
	const char *hide = getenv("HIDE_HOST");

	trace_put(c, &G.peer, hide && *hide && policy_relays(c));
}

static void told(struct session *c, const char *reply, const struct buf *addr)
{
	char space[sizeof c->submit.text];
	struct buf b = BUF_OVER(space);

	trace_log(c, &G.peer, reply, addr);
	/* What the client is not told of the servers inside. */
	if (addr || !c->code || !c->submit.plain)
		return;
	log_safe(&b, c->submit.text, strlen(c->submit.text));
	log_line("smtpd: pid %d qmqp %.*s", (int)getpid(), (int)b.len, b.s);
	c->submit.plain = 0;
}

/* Seconds of a control file or its variable, at most `most`, into milliseconds. 0 / -1. */
static int millis(int64_t *ms, const char *file, uint64_t secs, uint64_t most)
{
	if (list_num(&secs, file) < 0)
		return -1;
	*ms = (int64_t)(secs < most ? secs : most) * 1000;
	return 0;
}

/* A name for ourselves: the file, else control/me, which is read first. 0 / -1. */
static int host(char *to, size_t cap, const char *file)
{
	struct buf b = BUF_AT(to, 0, cap);

	if (control_line(&b, file) < 0)
		return -1;
	if (!b.len && !text_copy(to, cap, G.me))
		return control_wrong("me", "there is no name for this host in it");
	return 0;
}

/* What is fixed for the whole session. 0 / -1: control_error(). */
static int settings(void)
{
	const char *must = getenv("REQUIREAUTH");
	char space[32];
	struct buf lf = BUF_OVER(space);
	int64_t whole;
	uint64_t chunking = 0, login = 0;
	struct stat st;

	if (host(G.me, sizeof G.me, "me") < 0 ||
		host(G.greeting, sizeof G.greeting, "smtpgreeting") < 0 ||
		host(G.literal, sizeof G.literal, "localiphost") < 0 ||
		millis(&s->talk.wait, "timeoutsmtpd", WAIT_SECS, SECS_MOST) < 0 ||
		millis(&whole, "timeoutsession", SESSION_SECS, SECS_MOST) < 0 ||
		millis(&s->greet, "greetdelay", 0, GREET_MOST) < 0 ||
		list_num(&chunking, "chunking") < 0 || control_line(&lf, "barelf") < 0 ||
		control_num(&login, "requireauth") < 0 ||
		policy_load(s, &G.peer) < 0)
		return -1;
	s->talk.until = clock_mono() + whole;
	/* Whatever it waits for: a queue program that hangs, a disk. A client that is cut
	 * off then has heard no 250. */
	proc_deadline((unsigned)(whole / 1000) + LINGER_SECS);
	s->chunking = chunking != 0;
	G.required = must ? strcmp(must, "0") != 0 : login != 0;
	G.barelf = text_caseeq(space, lf.len, "local", 5) || getenv("ALLOW_BARELF");
	if (G.peer.local)
		s->greet = 0;
	if (fstat(0, &st) < 0 || !S_ISSOCK(st.st_mode))
		s->greet = -1;	/* no network is so quick */
	return 0;
}

/* Mail that is not taken before the client has done something. */
static void set_need(void)
{
	int login = G.required && !s->user;

	s->need = starttls_needed(s) || (login && !s->mechs && s->starttls) ?
		"530 5.7.0 Must issue a STARTTLS command first" :
		login ? "530 5.7.0 Authentication required" : 0;
}

static int secure(struct session *c)
{
	int r = starttls_begin(c);

	if (c->tls)
		c->user = 0;	/* who said so in the clear? */
	if (CFG_TLSD)
		login_offer(c);
	set_need();
	return r;
}

static int login(struct session *c, const char *arg)
{
	int r = login_take(c, arg);

	set_need();
	return r;
}

/* TERM: a client that hears nothing more comes again. Nothing of a message stays behind
 * that was not answered; one that is about to be waits for its answer. */
static void end_now(int sig)
{
	static const char bye[] = "421 4.3.2 shutting down\r\n";

	(void)sig;
	if (s->deciding) {
		s->stop = 1;
		return;
	}
	if (CFG_QUEUE && s->submit.way == BY_PUT)
		qput_abort(&s->submit.put);
	_exit(!s->tls && !s->talk.out_len && write(1, bye, sizeof bye - 1) < 0 ? EXIT_TEMP : FAILED);
}

/* 1 when it does not, or does not any more: a connection is nobody else's. */
static int never_blocks(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_NONBLOCK ||
		(G.peer.known && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0));
}

/* What is the same for every client. */
static void begin_session(void)
{
	s->talk.out = 1;
	s->talk.wait = WAIT_SECS * 1000;
	s->talk.until = clock_mono() + WAIT_SECS * 1000;
	s->host = G.me;
	s->greeting = G.greeting;
	s->remote = 1;
	s->errors_max = ERRORS_MAX;
	s->hello = policy_helo;
	s->sender = sender;
	s->rcpt = rcpt;
	s->begin = begin;
	s->trace = trace;
	s->told = told;
	s->secure = secure;
}

int guest_serve(void *arg)
{
	const struct guest *g = arg;
	enum session_end end;
	const char *no;

	G.name = g->name;
	begin_session();
	control_snapshot(1);
	peer_load(&G.peer);
	s->talk.nonblock = never_blocks(1);
	/* A listener has them from its start; the variables of its rules come after them. */
	if ((!g->listens && defaults_load(G.name) < 0) || env_keep() < 0) {
		session_refuse(s, "unable to load variables");
		return EXIT_TEMP;
	}
	if (settings() < 0) {
		say(G.name, "%s", control_error());
		session_refuse(s, "unable to read controls");
		return EXIT_TEMP;
	}
	if (starttls_load(s, *G.peer.ip ? G.peer.ip : "-", g->listens) < 0) {
		session_refuse(s, "unable to read certificates");
		return EXIT_TEMP;
	}
	signal(SIGTERM, end_now);
	if (starttls_first(s) != 1)
		return FAILED;
	if (CFG_TLSD) {
		s->login = login;
		if (login_load(s, g->program, &G.peer) < 0) {
			session_refuse(s, "unable to read controls");
			return EXIT_TEMP;
		}
	}
	set_need();
	set_lines();
	if ((no = policy_connect(s))) {
		told(s, no, 0);
		talk_reply(&s->talk, "%s", no);
		talk_flush(&s->talk);
		return FAILED;
	}
	end = session_run(s);
	if (CFG_TLSD && s->tls)
		tls_stop(s->talk.in);
	return s->quit && end == SESSION_QUIT ? EXIT_DONE : FAILED;
}
