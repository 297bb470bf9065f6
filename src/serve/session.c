/* session.c: the commands of SMTP and their order. Each command has one reply, in the
 * order of the commands; what is not understood is answered 5xx, counted, and changes
 * nothing. A transaction is MAIL, RCPT, DATA; whatever ends it forgets all of it. */
#include <errno.h>
#include <string.h>
#include "../base/text.h"
#include "address.h"
#include "session.h"

#define reply(s, ...) talk_reply(&(s)->talk, __VA_ARGS__)

/* A reply to a command that is wrong in itself. */
static int wrong(struct session *s, const char *text)
{
	s->errors++;
	reply(s, "%s", text);
	return 1;
}

static void forget(struct session *s)
{
	s->open = 0;
	s->count = 0;
	buf_clear(&s->from);
	buf_clear(&s->rcpts);
}

/* All: arg is what stands behind the verb, blanks in front removed. They return 1 to
 * go on, 0 when it is over, -1 errno, -2 it is over by us. */
static int helo(struct session *s, const char *arg)
{
	(void)arg;	/* a client may call itself what it likes */
	forget(s);
	reply(s, "250 %s", s->host);
	return 1;
}

static int ehlo(struct session *s, const char *arg)
{
	(void)arg;
	forget(s);
	reply(s, "250-%s", s->host);
	reply(s, "250-PIPELINING");
	reply(s, "250-8BITMIME");
	reply(s, "250-ENHANCEDSTATUSCODES");
	reply(s, "250 SIZE %llu", (unsigned long long)s->databytes);
	return 1;
}

/* The parameters behind a sender: 0, or the reply that refuses them. */
static const char *params(const struct session *s, const char *p)
{
	uint64_t size;
	size_t n;

	for (; *(p += text_span(p, " ")); p += n) {
		n = strcspn(p, " ");
		if (text_casestarts(p, n, "SIZE=")) {
			if (!text_is_u64(p + 5, n - 5, &size))
				return "501 5.5.4 SIZE is not a number";
			if (s->databytes && size > s->databytes)
				return SESSION_TOOBIG;
		} else if (text_casestarts(p, n, "BODY=")) {
			if (!text_caseeq(p, n, "BODY=7BIT", 9) &&
				!text_caseeq(p, n, "BODY=8BITMIME", 13))
				return "501 5.5.4 BODY is 7BIT or 8BITMIME";
		} else
			return "555 5.5.4 parameter not known";
	}
	return 0;
}

/* "FROM:path parameters" into addr: the parameters, or 0. */
static const char *path(const char *arg, const char *word, struct buf *addr)
{
	if (!text_casestarts(arg, strlen(arg), word))
		return 0;
	arg = path_read(arg + strlen(word), addr);
	return arg && (!*arg || *arg == ' ') ? arg : 0;
}

static int mail(struct session *s, const char *arg)
{
	const char *no;

	if (s->open)
		return wrong(s, "503 5.5.1 there is a sender already");
	s->from = BUF_OVER(s->from_space);
	if (!(arg = path(arg, "FROM:", &s->from)))
		return wrong(s, "501 5.1.7 usage: MAIL FROM:<address>");
	if ((no = params(s, arg)))
		return wrong(s, no);
	if ((no = s->sender(s, &s->from)) || !buf_z(&s->from)) {
		reply(s, "%s", no ? no : "501 5.1.7 that address is too long");
		return 1;
	}
	s->open = 1;
	reply(s, "250 2.1.0 ok");
	return 1;
}

int session_rcpt(struct session *s, const char *addr, size_t n)
{
	return buf_room(&s->rcpts, n + 1) && buf_put(&s->rcpts, addr, n) &&
		buf_putc(&s->rcpts, 0);
}

static int rcpt(struct session *s, const char *arg)
{
	struct buf addr = BUF_OVER(s->addr_space);
	size_t was = s->rcpts.len;
	const char *no = 0;

	if (!s->open)
		return wrong(s, "503 5.5.1 MAIL first");
	if (!(arg = path(arg, "TO:", &addr)) || !addr.len)
		return wrong(s, "501 5.1.3 usage: RCPT TO:<address>");
	if (*arg && arg[text_span(arg, " ")])
		return wrong(s, "555 5.5.4 parameter not known");
	if (s->rcpts_max && s->count >= s->rcpts_max)
		no = "452 4.5.3 too many recipients";
	if (!no)
		no = s->rcpt(s, &addr);
	if (!no && s->rcpts.full)
		no = "452 4.5.3 too many recipients";
	if (no) {
		s->rcpts.len = was;
		s->rcpts.full = 0;
	} else
		s->count++;
	reply(s, "%s", no ? no : "250 2.1.5 ok");
	return 1;
}

static int data(struct session *s, const char *arg)
{
	const char *no = *arg ? "501 5.5.4 DATA has no argument" :
		!s->open ? "503 5.5.1 MAIL first" : !s->count ? "503 5.5.1 RCPT first" : 0;
	int r;

	if (no) {
		wrong(s, no);
		/* A client that does not wait has sent its text already, and that must
		 * not be taken for commands: somebody else may have written it. */
		return s->talk.pos < s->talk.len ? -2 : 1;
	}
	if ((r = message_take(s)) == 1 || r == -2)
		forget(s);
	return r;
}

static int rset(struct session *s, const char *arg)
{
	(void)arg;
	forget(s);
	reply(s, "250 2.0.0 flushed");
	return 1;
}

static int quit(struct session *s, const char *arg)
{
	(void)arg;
	forget(s);
	reply(s, "221 2.0.0 %s", s->host);
	return 0;
}

static const struct {
	char name[5];
	int (*run)(struct session *s, const char *arg);
} verbs[] = {
	{ "MAIL", mail }, { "RCPT", rcpt }, { "DATA", data }, { "EHLO", ehlo },
	{ "HELO", helo }, { "RSET", rset }, { "QUIT", quit },
};
/* Those that change nothing. */
static const char fixed[] =
	"NOOP" "250 2.0.0 ok\0"
	"VRFY" "252 2.5.0 send some mail, it will be tried\0"
	"HELP" "214 2.0.0 HELO EHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\0";

static int command(struct session *s)
{
	const char *line = s->talk.line;
	size_t n = strcspn(line, " "), i;

	for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (text_caseeq(line, n, verbs[i].name, 4))
			return verbs[i].run(s, line + n + text_span(line + n, " "));
	for (i = 0; fixed[i]; i += strlen(fixed + i) + 1)
		if (text_caseeq(line, n, fixed + i, 4)) {
			reply(s, "%s", fixed + i + 4);
			return 1;
		}
	return wrong(s, "502 5.5.1 command not known");
}

/* One command and its reply. */
static int step(struct session *s)
{
	int r = talk_line(&s->talk);

	if (r == TALK_LINE_READ)
		r = command(s);
	else if (r == TALK_LONG)
		r = wrong(s, "500 5.5.2 line is too long");
	else if (r == TALK_BAD)
		r = wrong(s, "500 5.5.2 control byte in a line, or no CR at its end");
	if (r == 1 && s->errors >= s->errors_max) {
		reply(s, "421 4.7.0 too many errors");
		r = -2;
	}
	return r;
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

	s->rcpts = (struct buf)BUF_GROW(s->rcpts_space, ENVELOPE_MAX);
	forget(s);
	reply(s, "220 %s ESMTP", s->host);
	while ((r = step(s)) == 1)
		;
	if (s->open)
		how = SESSION_CUT;
	else if (r < 0)
		how = r == -2 ? SESSION_ENDED : SESSION_LOST;
	if (r == -1 && errno == ETIMEDOUT)
		reply(s, "421 4.4.2 timeout");
	if (talk_flush(&s->talk) < 0 && how == SESSION_QUIT)
		how = SESSION_LOST;
	buf_free(&s->rcpts);
	return how;
}
