/* session.c: the commands of SMTP and their order. Each command has one reply, in the
 * order of the commands; what is not understood is answered 5xx, counted, and changes
 * nothing. A transaction is MAIL, RCPT, DATA; whatever ends it forgets all of it. */
#include <errno.h>
#include <string.h>
#include "config.h"
#include "../base/text.h"
#include "session.h"

#define reply(s, ...) talk_reply(&(s)->talk, __VA_ARGS__)

int session_wrong(struct session *s, const char *text)
{
	s->errors++;
	reply(s, "%s", text);
	return 1;
}

void session_forget(struct session *s)
{
	if (CFG_SMTPD && s->chunks)
		session_fail(s, 0);
	s->chunks = 0;
	s->open = 0;
	s->count = 0;
	buf_clear(&s->from);
	buf_clear(&s->rcpts);
}

void session_tell(struct session *s, int told, const struct buf *addr)
{
	struct talk *t = &s->talk;

	if (!s->told)
		return;
	if (!told || t->out_len <= t->last) {
		s->told(s, "", addr);
		return;
	}
	t->out_space[t->out_len - 2] = 0;	/* its CR */
	s->told(s, t->out_space + t->last, addr);
	t->out_space[t->out_len - 2] = '\r';
}

int session_over(struct session *s, const char *text)
{
	reply(s, "%s", text);
	if (CFG_SMTPD)
		session_tell(s, 1, 0);
	return -2;
}

/* HELO and EHLO. 1; 0: it was refused. */
static int hello(struct session *s, const char *arg, int esmtp)
{
	const char *no = 0;

	session_forget(s);
	if (!CFG_SMTPD || !s->remote)
		return 1;	/* a program here may call itself what it likes */
	if (!text_copy(s->helo, sizeof s->helo, arg)) {
		session_wrong(s, "501 5.5.4 usage: EHLO your.host.name");
		return 0;
	}
	/* The name stays: who goes on all the same is judged by it. */
	if (s->hello && (no = s->hello(s))) {
		reply(s, "%s", no);
		session_tell(s, 1, 0);
		return 0;
	}
	s->esmtp = esmtp;
	return 1;
}

/* All: arg is what stands behind the verb, blanks in front removed. */
static int helo(struct session *s, const char *arg)
{
	if (hello(s, arg, 0))
		reply(s, "250 %s", s->greeting ? s->greeting : s->host);
	return 1;
}

static int ehlo(struct session *s, const char *arg)
{
	if (!hello(s, arg, 1))
		return 1;
	reply(s, "250-%s", s->greeting ? s->greeting : s->host);
	reply(s, "250-PIPELINING");
	reply(s, "250-8BITMIME");
	reply(s, "250-ENHANCEDSTATUSCODES");
	if (CFG_SMTPD && s->remote) {
		reply(s, "250-SMTPUTF8");
		if (s->starttls)
			reply(s, "250-STARTTLS");
		if (s->mechs)
			reply(s, "250-AUTH %s", s->mechs);
		if (s->rcpts_max)
			reply(s, "250-LIMITS RCPTMAX=%lu", (unsigned long)s->rcpts_max);
		if (s->chunking)
			reply(s, "250-CHUNKING");
	}
	reply(s, "250 SIZE %llu", (unsigned long long)s->databytes);
	return 1;
}

static int data(struct session *s, const char *arg)
{
	const char *no = *arg ? "501 5.5.4 DATA has no argument" :
		CFG_SMTPD && s->chunks ? "503 5.5.1 this message comes by BDAT" :
		!s->open ? "503 5.5.1 MAIL first" : !s->count ? "503 5.5.1 RCPT first" : 0;
	int r;

	if (no) {
		session_wrong(s, no);
		/* A client that does not wait has sent its text already, and that must
		 * not be taken for commands: somebody else may have written it. */
		return s->talk.pos < s->talk.len ? -2 : 1;
	}
	if ((r = message_take(s)) == 1 || r == -2)
		session_forget(s);
	return r;
}

static int rset(struct session *s, const char *arg)
{
	(void)arg;
	session_forget(s);
	reply(s, "250 2.0.0 flushed");
	return 1;
}

static int quit(struct session *s, const char *arg)
{
	(void)arg;
	session_forget(s);
	s->quit = 1;
	reply(s, "221 2.0.0 %s", s->host);
	return 0;
}

static const struct {
	char name[5];
	int (*run)(struct session *s, const char *arg);
} verbs[] = {
	{ "MAIL", session_mail }, { "RCPT", session_recipient }, { "DATA", data }, { "EHLO", ehlo },
	{ "HELO", helo }, { "RSET", rset }, { "QUIT", quit },
};
/* Those that change nothing. */
static const char fixed[] =
	"NOOP" "250 2.0.0 ok\0"
	"VRFY" "252 2.5.0 send some mail, it will be tried\0"
	"HELP" "214 2.0.0 HELO EHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\0";

static int command(struct session *s)
{
	const char *line = s->talk.line, *arg;
	size_t n = strcspn(line, " "), i;
	int r;

	arg = line + n + text_span(line + n, " ");
	for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (text_caseeq(line, n, verbs[i].name, 4))
			return verbs[i].run(s, arg);
	if (CFG_SMTPD && s->remote && (r = session_more(s, line, n, arg)) != MORE_NONE)
		return r;
	for (i = 0; fixed[i]; i += strlen(fixed + i) + 1)
		if (text_caseeq(line, n, fixed + i, 4)) {
			reply(s, "%s", fixed + i + 4);
			return 1;
		}
	return session_wrong(s, "502 5.5.1 command not known");
}

/* RCPT and BDAT count what is nothing themselves; DATA is never without a MAIL. */
static int is_idle(const char *line)
{
	size_t n = strlen(line);

	return !text_casestarts(line, n, "RCPT") && !text_casestarts(line, n, "BDAT");
}

/* One command and its reply. */
static int step(struct session *s)
{
	int r = talk_line(&s->talk), idle = 1;

	if (r == TALK_LINE_READ) {
		idle = !CFG_SMTPD || is_idle(s->talk.line);
		r = command(s);
	} else if (r == TALK_LONG)
		r = session_wrong(s, "500 5.5.2 line is too long");
	else if (r == TALK_BAD)
		r = session_wrong(s, "500 5.5.2 control byte in a line, or no CR at its end");
	if (r == 1 && s->errors >= s->errors_max)
		return session_over(s, "421 4.7.0 too many errors");
	return CFG_SMTPD && s->remote && r == 1 ? session_patience(s, idle) : r;
}

void session_refuse(struct session *s, const char *why)
{
	reply(s, "421 4.3.0 %s", why);
	talk_flush(&s->talk);
}

enum session_end session_run(struct session *s)
{
	enum session_end how = SESSION_QUIT;
	int r;

	s->rcpts = (struct buf)BUF_GROW(s->rcpts_space, CFG_SMTPD && s->remote ? RCPTS_ROOM :
		ENVELOPE_MAX);
	session_forget(s);
	if (CFG_SMTPD && s->remote && session_early(s))
		r = -2;
	else {
		reply(s, "220 %s ESMTP", s->greeting ? s->greeting : s->host);
		while ((r = step(s)) == 1)
			;
	}
	if (s->open)
		how = SESSION_CUT;
	else if (r < 0)
		how = r == -2 ? SESSION_ENDED : SESSION_LOST;
	if (r == -1 && errno == ETIMEDOUT)
		reply(s, "421 4.4.2 timeout");
	session_fail(s, 0);	/* what `told` does may need the memory of a text */
	if (CFG_SMTPD && how == SESSION_CUT && r != -2)
		session_tell(s, s->talk.out_len, 0);
	if (CFG_SMTPD)
		session_forget(s);
	if (talk_flush(&s->talk) < 0 && how == SESSION_QUIT)
		how = SESSION_LOST;
	buf_free(&s->rcpts);
	return how;
}
