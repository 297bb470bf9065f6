/* extra.c: what only mini-smtpd's sessions have: the commands STARTTLS, AUTH and BDAT, and
 * the end of our patience with those who talk too early, or talk and send no mail. */
#include <poll.h>
#include "../base/clock.h"
#include "../base/text.h"
#include "../net/link.h"
#include "session.h"

/* Whatever was sent behind it came before there was TLS, from whomever: it is never
 * looked at, here or inside TLS (the flaw of CVE-2011-0411). */
static int starttls(struct session *s, const char *arg)
{
	int r;

	if (s->tls)
		return session_wrong(s, "503 5.5.1 there is TLS already");
	if (!s->starttls || !s->secure)
		return session_wrong(s, "502 5.5.1 TLS is not offered");
	if (*arg)
		return session_wrong(s, "501 5.5.4 STARTTLS has no argument");
	if (s->talk.pos < s->talk.len)
		return session_over(s, "503 5.5.1 STARTTLS must be the last command");
	r = s->secure(s);
	if (r != 1 || !s->tls)
		return r;
	session_forget(s);
	*s->helo = 0;
	s->esmtp = 0;
	s->user = 0;
	s->talk.pos = s->talk.len = 0;
	return 1;
}

static int auth(struct session *s, const char *arg)
{
	if (!s->login)
		return session_wrong(s, "502 5.5.1 logins are not offered");
	if (s->user)
		return session_wrong(s, "503 5.5.1 you have logged in already");
	if (s->open)
		return session_wrong(s, "503 5.5.1 not within a transaction");
	if (!s->esmtp)
		return session_wrong(s, "503 5.5.1 EHLO first");
	if (!s->mechs)
		return session_wrong(s, s->starttls ? "538 5.7.11 STARTTLS first" :
			"502 5.5.1 logins are not offered");
	if (!*arg)
		return session_wrong(s, "501 5.5.4 usage: AUTH mechanism [response]");
	return s->login(s, arg);
}

int session_more(struct session *s, const char *verb, size_t n, const char *arg)
{
	if (text_caseeq(verb, n, "STARTTLS", 8))
		return starttls(s, arg);
	if (text_caseeq(verb, n, "AUTH", 4))
		return auth(s, arg);
	if (s->chunking && text_caseeq(verb, n, "BDAT", 4))
		return message_chunk(s, arg);
	return MORE_NONE;
}

int session_patience(struct session *s, int idle)
{
	const char *why = 0;

	s->idle += (unsigned)idle;
	if (s->idle > IDLE_MAX)
		why = "421 4.7.0 that leads to nothing";
	if (s->refusals >= REFUSED_MAX || s->row >= REFUSED_ROW)
		why = "421 4.7.0 too many recipients that are refused";
	if (s->accepted >= MESSAGES_MAX)
		why = "421 4.7.0 enough messages for one connection";
	if (s->stop)
		why = "421 4.3.2 shutting down";
	return why ? session_over(s, why) : 1;
}

int session_early(struct session *s)
{
	int fd = s->talk.in;

	if (s->greet < 0 || (!link_pending(fd) && (!s->greet ||
		!io_wait(fd, POLLIN, clock_mono() + s->greet))))
		return 0;
	session_over(s, "554 5.5.0 you have spoken before the greeting");
	return 1;
}
