/* stdin.c: `sendmail -bs`: the SMTP server on descriptors 0 and 1, for the program that
 * has called it. Whoever talks here has the rights of the caller and may send where the
 * caller may: so nobody is asked who he is, and addresses and header are completed as
 * those of any program that hands its mail to sendmail. */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../applet.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/date.h"
#include "../base/defaults.h"
#include "../base/env.h"
#include "../base/io.h"
#include "../base/proc.h"
#include "../exits.h"
#include "../msg/admin.h"
#include "../msg/field.h"
#include "../msg/ident.h"
#include "../msg/make.h"
#include "../queue/choose.h"
#include "session.h"

enum { ERRORS_MAX = 100, WAIT_SECS = 1200, WAIT_MOST = 86400 };

static struct ident id;
static const struct addr_rules rules = { ident_name, &id };
static char given[ADDR_CAP];		/* the sender, before control/allmailfrom */
static char why[TALK_REPLY];

/* A reply that is not a constant. */
static const char *later(const char *a, const char *b, const char *c)
{
	return buf_text(why, sizeof why, "451 4.3.5 %s%s%s", a, b, c) ? why :
		"451 4.3.5 unable to read control files";
}

/* addr completed: 0, or the reply. */
static const char *complete(struct buf *addr, const char *bad)
{
	enum addr_result e = addr_complete(addr, &rules);

	if (e == ADDR_NONAME)
		return later(id.why[0], id.why[1], id.why[2]);
	return e == ADDR_OK ? 0 : bad;
}

static const char *sender(struct session *s, struct buf *addr)
{
	const char *no, *from;

	(void)s;
	if (choose_again() < 0)
		return "451 4.3.0 unable to be root again";
	if ((no = complete(addr, "553 5.1.7 unable to use this sender")))
		return no;
	if (!buf_text(given, sizeof given, "%.*s", (int)addr->len, addr->s))
		return "553 5.1.7 unable to use this sender";
	if ((from = admin_sender(given))) {
		buf_clear(addr);
		buf_puts(addr, from);
	}
	return 0;
}

/* One person gets one copy, however many of his names a message is for. */
static const char *rcpt(struct session *s, struct buf *addr)
{
	static struct buf more = BUF_HEAP(ENVELOPE_MAX);
	int bare = !memchr(addr->s, '@', addr->len), r;
	size_t i, n;
	const char *no;

	if ((no = complete(addr, "553 5.1.3 unable to use this address")))
		return no;
	buf_clear(&more);
	r = admin_expand(&more, addr->s, addr->len, bare, ADMIN_ALIASES);
	if (r < 0)
		return "451 4.3.0 out of memory";
	if (!r)
		session_add(s, addr->s, addr->len);
	for (i = 0; i < more.len; i += n + 1) {
		n = strlen(more.s + i);
		if (!control_has(&s->rcpts, more.s + i, n))
			session_add(s, more.s + i, n);
	}
	return 0;
}

static const char *begin(struct session *s)
{
	static const struct buf none;

	control_snapshot(1);	/* files may have come or gone since the last message */
	if (choose_program(&s->from, &s->rcpts, &none) < 0)
		return later(control_error(), "", "");
	return 0;
}

static void trace(struct session *s)
{
	char space[160];
	struct buf b = BUF_OVER(space);

	buf_fmt(&b, "Received: (qmail %d invoked by uid %lu via SMTP); ", (int)getpid(),
		(unsigned long)getuid());
	date_mail(&b, clock_wall());
	buf_putc(&b, '\n');
	session_put(s, b.s, b.len);
}

/* What RFC 6409 8 lets us add to a header, and one recipient field, as the injector. */
static void fields(void *arg, unsigned seen)
{
	struct session *s = arg;
	int64_t now = clock_wall();
	char space[WINDOW], user[ADDR_MAX];
	struct buf b = BUF_OVER(space), from = BUF_OVER(user);
	const char *host, *no = 0;

	if (!(seen & 1u << FIELD_DATE))
		make_date(&b, "", now);
	if (!(seen & 1u << FIELD_MESSAGE_ID)) {
		if (!(host = ident_host(&id, IDENT_IDHOST)))
			no = later(id.why[0], id.why[1], id.why[2]);
		else	/* the process is the same for all messages of a second */
			make_message_id(&b, "", now, getpid(), make_salt() + s->accepted, host);
	}
	if (!(seen & 1u << FIELD_FROM)) {
		buf_puts(&from, *given ? given : ident_user(&id));
		if (!no && !*given)
			no = complete(&from, "550 5.6.0 the message has no From field");
		make_from(&b, "", 0, 0, from.s, from.len);
	}
	if (!(seen & (1u << FIELD_TO | 1u << FIELD_CC)))
		buf_puts(&b, "Cc: recipient list not shown: ;\n");
	if (no)
		session_fail(s, no);
	else
		session_put(s, b.s, b.len);
}

/* What a caller blocks or ignores must not hold up a queue program's answer; a client
 * that goes away, or a file size limit, is an error and not our end. */
static void set_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, 0);
}

int smtpstdin_main(int argc, char **argv)
{
	static struct session s;
	uint64_t secs = WAIT_SECS;

	(void)argc;
	set_signals();
	control_snapshot(1);
	s.talk = (struct talk){ .in = 0, .out = 1, .barelf = 1, .until = IO_FOREVER };
	s.lenient = 1;
	s.errors_max = ERRORS_MAX;
	s.sender = sender;
	s.rcpt = rcpt;
	s.begin = begin;
	s.trace = trace;
	s.complete = fields;
	if (defaults_load(argv[0]) < 0 || env_keep() < 0) {
		session_refuse(&s, "unable to load variables");
		return SM_TEMPFAIL;
	}
	if (admin_load() < 0 || control_num(&secs, "timeoutsmtpd") < 0 ||
		(CFG_QUEUE && control_num(&s.databytes, "databytes") < 0)) {
		session_refuse(&s, control_error());
		return SM_TEMPFAIL;
	}
	if (!(s.host = ident_host(&id, IDENT_ME)))
		s.host = "localhost";	/* a message that is complete needs no name */
	s.talk.wait = (int64_t)(secs < WAIT_MOST ? secs : WAIT_MOST) * 1000;
	switch (session_run(&s)) {
	case SESSION_CUT: return SM_TEMPFAIL;
	case SESSION_LOST: return SM_IOERR;
	case SESSION_ENDED: return SM_UNAVAILABLE;
	default: return SM_OK;
	}
}
