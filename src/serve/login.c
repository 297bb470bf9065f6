/* login.c: AUTH, the dialogue. A password crosses no network that has no TLS; three wrong
 * ones end the connection, each after a delay. What the accounts can do decides what is
 * offered: a mechanism that one of them could not use would keep out clients that take the
 * strongest. What was typed is overwritten behind the login. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/text.h"
#include "../listen/crowd.h"
#include "../listen/shared.h"
#include "../net/crypt.h"
#include "../net/saslserve.h"
#include "../net/tls.h"
#include "accounts.h"
#include "checkpw.h"
#include "login.h"

#define reply(s, ...) talk_reply(&(s)->talk, __VA_ARGS__)
enum { WRONG_MAX = 3, DELAY_MS = 2000, DOUBLED = 4, FORGET_SECS = 600,
	LOGINS = 1 };	/* what shared.h calls the kind */

static NEAR(0) struct {
	char **program;
	const struct peer *peer;
	unsigned can, wrong;	/* mechanisms; logins that failed */
} L;
static struct {
	unsigned char binding[32];
	struct saslserve sasl;
	char mechs[80];
} D;	/* of those who do log in */

static int check(void *arg, const char *user, const char *password, size_t n)
{
	struct verifier *v = &D.sasl.v;

	if (L.program)
		return checkpw_ask(L.program, user, password, n);
	return accounts_find(arg, user, v) < 0 ? -1 : verifier_check(v, password, n);
}

/* ---- what is offered ---- */

void login_offer(struct session *s)
{
	struct buf b = BUF_OVER(D.mechs);
	unsigned can = L.can;

	s->mechs = 0;
	if (!can || (!s->tls && (!L.peer->local || getenv("SECURE_AUTH"))))
		return;
	D.sasl.binding = 0;
	if (can & MECH_SCRAM && s->tls && tls_binding(s->talk.in, D.binding)) {
		D.sasl.binding = D.binding;
		can |= MECH_PLUS;
	}
	D.sasl.offered = can;
	D.sasl.find = accounts_find;
	D.sasl.check = check;
	if (saslserve_list(&b, can))
		s->mechs = D.mechs;
}

/* ---- the dialogue ---- */

/* A challenge, and the client's answer to it, decoded, in answer. Its bytes; else what
 * ends it, with *how as commands return. */
enum { NO_ANSWER = -1, CANCELLED = -2, TOO_LONG = -3, NOT_BASE64 = -4 };
static ssize_t ask(struct session *s, const struct buf *challenge, char answer[SASL_SAID],
	int *how)
{
	char text[TALK_REPLY];
	struct buf b = BUF_OVER(text);
	ssize_t n;

	if (!base64_put(&b, challenge->s, challenge->len))
		return TOO_LONG;
	reply(s, "334 %.*s", (int)b.len, b.s);
	if ((*how = talk_line(&s->talk)) <= 0)
		return NO_ANSWER;
	if (*how == TALK_LONG)
		return TOO_LONG;
	if (*how != TALK_LINE_READ)
		return NOT_BASE64;
	if (!strcmp(s->talk.line, "*"))
		return CANCELLED;
	n = base64_get(answer, SASL_SAID, s->talk.line, strlen(s->talk.line));
	return n < 0 ? NOT_BASE64 : n;
}

/* How long this one waits for its answer, in milliseconds: twice as long as the last one of
 * its address, whichever connection that came by. Who guesses comes again and again; who
 * knows his password never waits. */
static int64_t penance(void)
{
	unsigned char key[16] = { 0 };
	uint64_t who = crowd_key(&L.peer->addr);
	int before;

	if (!L.peer->known || !who)	/* a proxy on this machine is everybody */
		return DELAY_MS;
	memcpy(key, &who, sizeof who);
	before = shared_get(LOGINS, key);
	before = before < 0 ? 0 : before < DOUBLED ? before : DOUBLED;
	shared_put(LOGINS, key, before + 1, FORGET_SECS);
	return (int64_t)DELAY_MS << before;
}

/* A login that was wrong. 1, or -2: too many. */
static int wrong(struct session *s)
{
	char space[SASL_USER];
	struct buf name = BUF_OVER(space);

	log_safe(&name, D.sasl.user, strlen(D.sasl.user));
	log_line("smtpd: pid %d from %s: login of %.*s failed", (int)getpid(),
		*L.peer->ip ? L.peer->ip : "-", (int)name.len, name.s);
	talk_flush(&s->talk);
	io_wait(-1, 0, clock_mono() + penance());
	reply(s, "535 5.7.8 user or password is wrong");
	return ++L.wrong < WRONG_MAX ? 1 :
		session_over(s, "421 4.7.0 too many logins that failed");
}

/* How it ended. */
static int judge(struct session *s, enum sasl_state state)
{
	switch (state) {
	case SASL_RIGHT:
		s->user = D.sasl.user;
		if (!s->starttls)	/* with TLS he may have to say it again */
			accounts_forget();
		reply(s, "235 2.7.0 welcome");
		return 1;
	case SASL_WRONG:
		return wrong(s);
	case SASL_LATER:
		reply(s, "454 4.7.0 passwords cannot be looked at now");
		return 1;
	default:
		return session_wrong(s, "501 5.5.2 that is not what the mechanism says");
	}
}

/* What there is instead of an answer. */
static int broken(struct session *s, ssize_t what, int how)
{
	if (what == NO_ANSWER)
		return how;
	return session_wrong(s, what == CANCELLED ? "501 5.7.0 cancelled" :
		what == TOO_LONG ? "500 5.5.6 that is too long for a login" :
		"501 5.5.2 that is not base64");
}

/* From the mechanism's name on; first: what the client has said with it, n bytes, or 0. */
static int dialogue(struct session *s, const char *first, size_t n)
{
	char said[SASL_SAID], space[SASL_SAID];
	struct buf out = BUF_OVER(space);
	enum sasl_state state = SASL_DAMAGED;
	ssize_t got = 0;
	int how = 0;

	if (first && strcmp(first, "="))
		got = base64_get(said, sizeof said, first, n);
	if (got < 0)
		got = NOT_BASE64;
	else {
		state = saslserve_step(&D.sasl, first ? said : 0, (size_t)got, &out);
		while (state == SASL_ASK && (got = ask(s, &out, said, &how)) >= 0)
			state = saslserve_step(&D.sasl, said, (size_t)got, &out);
	}
	crypt_wipe(said, sizeof said);
	return got < 0 ? broken(s, got, how) : judge(s, state);
}

/* What was read for the login, here and in what it came from. */
static void forget(struct talk *t)
{
	crypt_wipe(&D.sasl.v, sizeof D.sasl.v);
	crypt_wipe(t->in_space, t->pos);
	crypt_wipe(t->in_space + t->len, sizeof t->in_space - t->len);
}

int login_take(struct session *s, const char *arg)
{
	size_t n = strcspn(arg, " ");
	const char *first = arg + n + text_span(arg + n, " ");
	int r;

	if (!saslserve_begin(&D.sasl, arg, n)) {
		s->errors++;
		reply(s, "504 5.5.4 no such mechanism here; there are: %s", s->mechs);
		return 1;
	}
	D.sasl.host = s->host;
	r = dialogue(s, *first ? first : 0, strlen(first));
	forget(&s->talk);
	return r;
}

int login_load(struct session *s, char **program, const struct peer *peer)
{
	int can = program ? MECH_PLAIN | MECH_LOGIN : accounts_load();

	L.peer = peer;
	L.program = program;
	L.can = can < 0 ? 0 : (unsigned)can;
	login_offer(s);
	return can < 0 ? -1 : 0;
}
