/* The server's side of logins: the vector of RFC 7677, every mechanism against our own
 * client (net/sasl.c), channel binding, users who are not there, and clients that lie or
 * talk nonsense: cut at each byte, one byte changed. */
#include "config.h"
#include "../lib/tap.h"

#if CFG_TLSD
#include "../../src/base/buf.h"
#include "../../src/net/sasl.h"
#include <string.h>
#include "../../src/net/saslserve.h"
#include "../../src/net/verifier.h"

static struct saslserve v;
static char space[SASL_SAID];
static struct buf out;
static unsigned char binding[32] = { 1, 2, 3 };
static int later;
static unsigned like;	/* whose line nobody has */

static const struct { const char *user, *line; } users[] = {
	{ "user", "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=" },
	{ "clear", "{PLAIN}pen cil" },
	{ "hash", "$6$abcdefgh$BPABm5D7ZFU2YVfMLyE5XRqe91qwdcZ6APg7kB/YBeADxUUqXXhg3mlHBbjpyHcrE9xl/9BuqqivCjN2qGEi30" },
	{ "a,b=c", "{PLAIN}x" },
};

static int find_(void *arg, const char *user, struct verifier *to)
{
	static const unsigned char salt[32] = { 9 };
	unsigned n = sizeof users / sizeof *users, i;

	(void)arg;
	for (i = 0; i < n && strcmp(users[i].user, user); i++)
		;
	verifier_parse(to, users[i < n ? i : like].line, strlen(users[i < n ? i : like].line));
	to->nobody = i == n;
	return later ? -1 : verifier_ready(to, salt);
}

static int check_(void *arg, const char *user, const char *password, size_t n)
{
	struct verifier w;

	return find_(arg, user, &w) < 0 ? -1 : verifier_check(&w, password, n);
}

static int begin_(const char *mech)
{
	memset(&v, 0, sizeof v);
	v.offered = 31;
	v.binding = binding;
	v.host = "mail.example.net";
	v.find = find_;
	v.check = check_;
	out = buf_at(space, 0, sizeof space);
	return saslserve_begin(&v, mech, strlen(mech));
}

static enum sasl_state hear(const char *s)
{
	return saslserve_step(&v, s, s ? strlen(s) : 0, &out);
}

/* Our client logs in by this mechanism: what the server makes of it. */
static enum sasl_state log_in(const char *mech, const char *user, const char *password)
{
	static struct login l;
	static struct sasl c;
	static char csp[SASL_MAX];
	struct buf said = BUF_OVER(csp);
	enum sasl_state state = SASL_ASK;
	const char *why = 0;
	int r;

	memset(&l, 0, sizeof l);
	memset(&c, 0, sizeof c);
	strcpy(l.user, user);
	strcpy(l.secret, password);
	l.len = strlen(password);
	c.login = &l;
	c.only = mech;
	c.binding = binding;
	if (!begin_(mech) || !sasl_begin(&c, mech, strlen(mech), &why))
		return SASL_LATER;
	/* The client believes that PLUS was offered, as it was: 'n', not 'y'. */
	if (c.flag == 'y')
		c.flag = 'n';
	r = sasl_step(&c, 0, 0, &said, &why);
	while (state == SASL_ASK && r >= 0) {
		state = saslserve_step(&v, r ? said.s : 0, r ? said.len : 0, &out);
		if (state == SASL_ASK)
			r = sasl_step(&c, out.s, out.len, &said, &why);
	}
	if (state == SASL_RIGHT && sasl_done(&c, &why) < 0)
		return SASL_DAMAGED;
	return r < 0 ? SASL_DAMAGED : state;
}

static void vector(void)
{
	static const char server[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

	ok(begin_("SCRAM-SHA-256"), "SCRAM-SHA-256 is there");
	ok(hear("n,,n=user,r=rOprNGfwEbeRWgbNEkqO") == SASL_ASK && !strcmp(v.user, "user"), "RFC 7677: first");
	memcpy(v.said + v.bare, server, sizeof server);
	v.said_len = v.bare + sizeof server - 1;
	ok(hear("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=") == SASL_ASK &&
		out.len == 46 && !memcmp(out.s, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", 46),
		"RFC 7677: the proof is right, and ours is that of the RFC");
	ok(hear("") == SASL_RIGHT, "RFC 7677: in");
}

static void mechanisms_(void)
{
	static const char *const all[] = { "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "CRAM-MD5" };
	unsigned i;

	for (i = 0; i < 5; i++) {
		int cram = i == 4;

		ok(log_in(all[i], "user", "pencil") == (cram ? SASL_WRONG : SASL_RIGHT), all[i]);
		ok(log_in(all[i], "user", "pencil2") == SASL_WRONG, "wrong password");
		ok(log_in(all[i], "clear", "pen cil") == SASL_RIGHT, "of one whose password is kept");
		ok(log_in(all[i], "clear", "pen") == SASL_WRONG, "wrong");
		ok(log_in(all[i], "nobody", "pencil") == SASL_WRONG, "a user who is not there");
		like = 1;
		ok(log_in(all[i], "nobody", "pen cil") == SASL_WRONG, "with a line of the other kind");
		like = 2;
		ok(log_in(all[i], "nobody", "pencil") == SASL_WRONG, "with a hash");
		like = 0;
		ok(log_in(all[i], "a,b=c", "x") == SASL_RIGHT, "a name with , and =");
		later = 1;
		ok(log_in(all[i], "user", "pencil") == SASL_LATER, "passwords out of reach");
		later = 0;
	}
	ok(log_in("PLAIN", "hash", "pencil") == SASL_RIGHT, "crypt's $6$");
	ok(log_in("PLAIN", "hash", "pencils") == SASL_WRONG, "crypt's $6$, wrong");
	ok(log_in("SCRAM-SHA-256", "hash", "pencil") == SASL_WRONG, "crypt's $6$ is nothing for SCRAM");
}

static void nonsense(void)
{
	static const char first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
	static const char *const bad[] = { "", "n,", "n,,", "y,,n=user,r=abc", "p=tls-exporter,,n=user,r=abc",
		"n,a=root,n=user,r=abc", "n,,m=x,n=user,r=abc", "n,,n=,r=abc", "n,,n=us=er,r=abc",
		"n,,n=user,r=", "n,,n=user,r=abc,x=y", "n,,r=abc,n=user", "n,,n=us\ner,r=abc",
		"n,,n=user,r=a\001bc", "n,,n=user,r=a bc", "n,,n=user,r=a\377bc" };
	char text[200];
	unsigned i, wrong = 0;
	size_t n;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin_("SCRAM-SHA-256");
		ok(hear(bad[i]) == SASL_DAMAGED, "SCRAM refuses: %s", bad[i]);
	}
	for (n = 0; n < sizeof first - 4; n++) {
		begin_("SCRAM-SHA-256");
		memcpy(text, first, n);
		text[n] = 0;
		wrong += hear(text) != SASL_DAMAGED && n < 13;
	}
	ok(!wrong, "SCRAM's first words cut at each byte");
	begin_("SCRAM-SHA-256");
	hear(first);
	ok(hear("c=biws,r=rOprNGfwEbeRWgbNEkqO,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=") == SASL_DAMAGED,
		"a nonce without our part");
	begin_("SCRAM-SHA-256-PLUS");
	ok(hear("n,,n=user,r=abcdef") == SASL_DAMAGED, "PLUS without binding");
	begin_("CRAM-MD5");
	ok(hear("user 00112233445566778899aabbccddeeff") == SASL_DAMAGED, "CRAM-MD5: an answer before the question");
	begin_("PLAIN");
	ok(saslserve_step(&v, "x\0user\0pencil", 13, &out) == SASL_WRONG, "PLAIN: for somebody else");
	begin_("PLAIN");
	ok(saslserve_step(&v, "user\0user\0pencil", 16, &out) == SASL_RIGHT, "PLAIN: for himself");
	begin_("PLAIN");
	ok(saslserve_step(&v, "\0user\0pen\0cil", 13, &out) == SASL_DAMAGED, "PLAIN: a NUL too many");
	begin_("PLAIN");
	ok(saslserve_step(&v, "\0user", 5, &out) == SASL_DAMAGED, "PLAIN: cut");
	begin_("PLAIN");
	ok(saslserve_step(&v, "\0user\0", 6, &out) == SASL_DAMAGED, "PLAIN: no password");
	begin_("PLAIN");
	ok(saslserve_step(&v, text, SASL_SAID + 1, &out) == SASL_DAMAGED, "too long");
	ok(!begin_("GSSAPI") && !begin_("") && !begin_("SCRAM-SHA-1"), "mechanisms that are not there");
	ok(begin_("plain"), "any case");
}

static void lines(void)
{
	static const char *const bad[] = { "", "x", "{SCRAM-SHA-256}", "{SCRAM-SHA-256}0,YQ==,YQ==,YQ==",
		"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,YQ==,YQ==", "{PLAIN}", "$1$abc$def", "$6" };
	static const char rounds[] = "$6$rounds=1234$salt12$GXRdornfwL5IfulToDt.evk0XG3L48Rdcxp4r6DCkZn/RIN0kHcPB1KeWHXUanZITMeBhPP9u2l8DQ4ErDzUx1";
	char text[300];
	struct buf b = BUF_OVER(text);
	struct verifier w;
	unsigned i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!verifier_parse(&w, bad[i], strlen(bad[i])) && w.kind == VERIFIER_NONE &&
			verifier_check(&w, "x", 1) == 0, "no verifier: %s", bad[i]);
	ok(verifier_make(&b, "secret", 6) && verifier_parse(&w, b.s, b.len) &&
		w.kind == VERIFIER_SCRAM && w.rounds == VERIFIER_ROUNDS, "made and read: %.*s", (int)b.len, b.s);
	ok(verifier_check(&w, "secret", 6) == 1 && !verifier_check(&w, "secre", 5), "and it fits");
	verifier_parse(&w, rounds, sizeof rounds - 1);
	ok(verifier_check(&w, "pencil", 6) == 1 && !verifier_check(&w, "pencils", 7), "crypt(3) with rounds of its own");
	b = BUF_OVER(text);
	ok(saslserve_list(&b, 31) && !strcmp(text, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5 LOGIN PLAIN"), "%s", text);
}

int main(void)
{
	vector();
	mechanisms_();
	nonsense();
	lines();
	return done();
}
#else
int main(void)
{
	ok(1, "# SKIP TLS for clients is not built in");
	return done();
}
#endif
