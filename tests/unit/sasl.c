/* SASL: the vectors of RFC 5802, 7677 and 2195, exchanges with channel binding computed
 * by another program, what each mechanism says, which one is chosen, and servers that
 * lie. Also what sasl.h promises about words: each refusal has some. */
#include "config.h"
#include "../lib/tap.h"

#if CFG_TLS
#include "../../src/net/sasl.c"
#include "../../src/net/sasl_scram.c"

static struct login l;
static struct sasl s;
static unsigned char binding[32];
static char space[SASL_MAX];
static struct buf out;
static const char *why;

/* A login that may use everything. nonce 0: by chance. */
static const char *begin(const char *user, const char *secret, const char *mechs,
	const char *nonce)
{
	const char *name;

	memset(&l, 0, sizeof l);
	strcpy(l.user, user);
	strcpy(l.secret, secret);
	l.len = strlen(secret);
	s.login = &l;
	why = 0;
	name = sasl_begin(&s, mechs, strlen(mechs), &why);
	if (nonce)
		strcpy(s.nonce, nonce);
	return name;
}

static void fresh(void)
{
	memset(&s, 0, sizeof s);
	out = buf_at(space, 0, sizeof space);
}

/* The answer to the challenge (0: the first) is this. */
static int says(const char *challenge, const char *want, size_t n)
{
	why = 0;
	return sasl_step(&s, challenge, challenge ? strlen(challenge) : 0, &out, &why) == 1 &&
		out.len == n && !memcmp(out.s, want, n);
}
#define SAYS(c, want) says((c), (want), sizeof (want) - 1)

/* Refused, and the words have this in them. */
static int refused(const char *challenge, const char *words)
{
	why = 0;
	return sasl_step(&s, challenge, strlen(challenge), &out, &why) == -1 && why &&
		strstr(why, words) != 0;
}

struct exchange { const char *user, *password, *mech, *first, *challenge, *answer, *final; };

static const struct exchange rfc5802 = { "user", "pencil", "SCRAM-SHA-1",
	"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" };
static const struct exchange rfc7677 = { "user", "pencil", "SCRAM-SHA-256",
	"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" };
#define BOUND "cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
static const struct exchange plus256 = { "a,b=c", "p\xc3\xa4ssw\xc3\xb6rd", "SCRAM-SHA-256-PLUS",
	"p=tls-exporter,,n=a=2Cb=3Dc,r=abcdefgh",
	"r=abcdefghIJKL,s=c2FsdCBvZiAxNyBieXRlcy4=,i=5000",
	"c=" BOUND ",r=abcdefghIJKL,p=RIbWQHDqQqoOH7mFbYnbYoBtrDSP6R6dsp8yzoMLJew=",
	"v=sYINjQ/e1DJq069DFh6/mCB2sJ8vyEXXJUk2q2tSHO4=" };
static const struct exchange plus1 = { "user", "pencil", "SCRAM-SHA-1-PLUS",
	"p=tls-exporter,,n=user,r=abcdefgh", "r=abcdefghIJKL,s=c2FsdHk=,i=4096",
	"c=" BOUND ",r=abcdefghIJKL,p=DIQBrDmQ7yjytBmvpLGBqGyWvPo=",
	"v=wa9/5URWwcRvULntNLHSfMfIGrI=" };
static const struct exchange could = { "user", "pencil", "SCRAM-SHA-256",
	"y,,n=user,r=abcdefgh", "r=abcdefghIJKL,s=c2FsdHk=,i=4096",
	"c=eSws,r=abcdefghIJKL,p=KnYhhC9B2hLqakWOa+x0xt2+ylT0I2na2oJbZVOxOeY=",
	"v=JKOsodMEIwGtrq8E+hca+z6XHD3+uE2sn0zRJY6DyAo=" };

/* As far as the first message, so that the server is next. */
static int open_exchange(const struct exchange *e)
{
	const char *name;

	name = begin(e->user, e->password, e->mech, strstr(e->first, ",r=") + 3);
	return name && !strcmp(name, e->mech) && says(0, e->first, strlen(e->first));
}

static void whole(const struct exchange *e, const char *what)
{
	fresh();
	if (strstr(e->mech, "-PLUS") || *e->first == 'y')
		s.binding = binding;
	ok(open_exchange(e), "%s: first", what);
	ok(says(e->challenge, e->answer, strlen(e->answer)), "%s: proof", what);
	ok(sasl_done(&s, &why) < 0 && strstr(why, "proven"), "%s: a yes before its proof is none", what);
	ok(SAYS(e->final, "") && sasl_done(&s, &why) == 0, "%s: the server's proof", what);
	ok(refused("x", "does not have"), "%s: nothing behind it", what);
}

static void vectors(void)
{
	unsigned i;

	for (i = 0; i < sizeof binding; i++)
		binding[i] = (unsigned char)i;
	whole(&rfc5802, "RFC 5802");
	whole(&rfc7677, "RFC 7677");
	whole(&plus256, "SCRAM-SHA-256-PLUS, escaped name, UTF-8");
	whole(&plus1, "SCRAM-SHA-1-PLUS");
	whole(&could, "we could bind, the server could not");

	fresh();
	ok(begin("tim", "tanstaaftanstaaf", "CRAM-MD5", 0) != 0 &&
		sasl_step(&s, 0, 0, &out, &why) == 0 && out.len == 0, "CRAM-MD5 waits");
	ok(SAYS("<1896.697170952@postoffice.reston.mci.net>",
		"tim b913a602c7eda7a495b4e6e7334d3890"), "RFC 2195");
	ok(sasl_done(&s, &why) == 0 && refused("again", "does not have"), "and no more");
	begin("tim", "x", "CRAM-MD5", 0);
	sasl_step(&s, 0, 0, &out, &why);
	ok(refused("", "does not have"), "CRAM-MD5 without a challenge");
}

static void simple(void)
{
	fresh();
	ok(begin("tim", "tan=st,aa f", "PLAIN", 0) && SAYS(0, "\0tim\0tan=st,aa f") &&
		refused("", "does not have"), "PLAIN (RFC 4616)");
	ok(begin("tim", "secret", "LOGIN", 0) && sasl_step(&s, 0, 0, &out, &why) == 0, "LOGIN waits");
	ok(SAYS("Username:", "tim") && SAYS("anything at all", "secret") &&
		refused("Password:", "does not have"), "LOGIN, whatever it asks");
	ok(sasl_done(&s, &why) == 0, "done");
}

static void tokens(void)
{
	static char longest[LOGIN_SECRET];

	fresh();
	s.host = "smtp.example.net";
	s.port = 587;
	begin("a,b@example.net", "ya29.t0ken", "PLAIN", 0);
	l.token = 1;
	ok(!strcmp(sasl_begin(&s, "XOAUTH2", 7, &why), "XOAUTH2") &&
		SAYS(0, "user=a,b@example.net\1auth=Bearer ya29.t0ken\1\1"), "XOAUTH2");
	ok(SAYS("{\"status\":\"400\"}", "") && refused("{}", "does not have"), "its error is answered");
	ok(!strcmp(sasl_begin(&s, "XOAUTH2 OAUTHBEARER", 19, &why), "OAUTHBEARER") &&
		SAYS(0, "n,a=a=2Cb@example.net,\1host=smtp.example.net\1port=587\1"
		"auth=Bearer ya29.t0ken\1\1"), "OAUTHBEARER (RFC 7628)");
	ok(SAYS("{\"status\":\"invalid_token\"}", "\1") && refused("{}", "does not have"),
		"its error is answered");
	s.host = "";
	ok(sasl_begin(&s, "OAUTHBEARER", 11, &why) && SAYS(0, "n,a=a=2Cb@example.net,\1"
		"auth=Bearer ya29.t0ken\1\1"), "a relay that is a command has no host");
	ok(!sasl_begin(&s, "PLAIN LOGIN", 11, &why) && strstr(why, "takes no token"), "no token taken");
	memset(longest, 'x', sizeof longest - 1);
	memcpy(l.secret, longest, sizeof longest);
	l.len = sizeof longest - 1;
	ok(sasl_begin(&s, "XOAUTH2", 7, &why) && sasl_step(&s, 0, 0, &out, &why) == 1 &&
		out.len > l.len, "the longest token");
	out = buf_at(space, 0, 4000);
	ok(sasl_begin(&s, "XOAUTH2", 7, &why) && sasl_step(&s, 0, 0, &out, &why) == -1 &&
		strstr(why, "too long"), "no room is told");
}

/* The first mechanism that both can. "-": none, and the words have `words` in them. */
static void chooses(const char *mechs, const char *want, const char *words)
{
	const char *name = begin("u", "p", mechs, 0);

	ok(want ? name && !strcmp(name, want) : !name && why && strstr(why, words),
		"\"%s\"%s%s: %s", mechs, s.only && *s.only ? " only " : "", s.only ? s.only : "",
		want ? want : words);
}

static void choice(void)
{
	static const char all[] = "XOAUTH2 LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS "
		"OAUTHBEARER SCRAM-SHA-256 SCRAM-SHA-256-PLUS";

	fresh();
	chooses(all, "SCRAM-SHA-256", 0);
	ok(s.flag == 'n', "without binding: n");
	s.binding = binding;
	chooses(all, "SCRAM-SHA-256-PLUS", 0);
	ok(s.flag == 'p', "with: p");
	chooses("SCRAM-SHA-1-PLUS SCRAM-SHA-256", "SCRAM-SHA-256", 0);
	ok(s.flag == 'n', "a server that binds, but not this way: n, as y would say it was cut");
	chooses("SCRAM-SHA-256 PLAIN", "SCRAM-SHA-256", 0);
	ok(s.flag == 'y', "a server that does not bind: y");
	s.binding = 0;
	chooses(" \tplain\r\n", "PLAIN", 0);
	chooses("login cram-md5", "CRAM-MD5", 0);
	chooses("XPLAIN PLAINX PLAI", 0, "no way to log in");
	chooses("", 0, "no way to log in");
	chooses("GSSAPI NTLM DIGEST-MD5", 0, "no way to log in");
	chooses("SCRAM-SHA-1-PLUS", 0, "TLS 1.3");
	chooses("SCRAM-SHA-1-PLUS LOGIN", "LOGIN", 0);
	chooses("XOAUTH2", 0, "TOKENFILE");
	chooses("PLAIN XOAUTH2", "PLAIN", 0);
	chooses("PLAIN CRAM-MD5", "CRAM-MD5", 0);
	s.only = "";
	chooses(all, "SCRAM-SHA-256", 0);
	s.only = "plain";
	chooses(all, "PLAIN", 0);
	s.only = "Cram-MD5";
	chooses(all, "CRAM-MD5", 0);
	chooses("PLAIN LOGIN", 0, "AUTH_SMTP names");
	s.only = "scram-sha-256-plus";
	chooses(all, 0, "TLS 1.3");
	s.only = "GSSAPI";
	chooses("GSSAPI", 0, "AUTH_SMTP names");
	s.only = 0;
	ok(!begin("", "p", all, 0) && strstr(why, "empty"), "no name");
	ok(!begin("u\1", "p", all, 0) && strstr(why, "control"), "^A in the name");
	ok(!begin("u", "p\n", all, 0) && strstr(why, "control"), "LF in the password");
	ok(!begin("u", "p\x7f", all, 0) && strstr(why, "control"), "DEL in the password");
	begin("u", "p", all, 0);
	strcpy(space, s.nonce);
	begin("u", "p", all, 0);
	ok(strlen(s.nonce) == 24 && strcmp(s.nonce, space), "two nonces differ");
}

/* To the first message of RFC 5802's exchange the server says this. */
static void lies(const char *challenge, const char *words)
{
	fresh();
	ok(open_exchange(&rfc5802) && refused(challenge, words) && sasl_done(&s, &why) < 0,
		"\"%.40s\": %s", challenge, words);
}

/* And this after our proof. */
static void lies_later(const char *final, const char *words)
{
	fresh();
	ok(open_exchange(&rfc5802) && says(rfc5802.challenge, rfc5802.answer, strlen(rfc5802.answer)) &&
		refused(final, words) && sasl_done(&s, &why) < 0, "\"%.40s\": %s", final, words);
}

static void liars(void)
{
#define R "r=fyko+d2lbbFgONRv9qkxdawL"
	static char large[SASL_MAX];

	lies("", "damaged");
	lies("r=", "damaged");
	lies(R "x", "damaged");
	lies(R "x,s=QSXCR+Q6sek8bf92", "damaged");
	lies("s=QSXCR+Q6sek8bf92," R "x,i=4096", "damaged");
	lies(R "x,i=4096,s=QSXCR+Q6sek8bf92", "damaged");
	lies(R "x,s=,i=4096", "damaged");
	lies(R "x,s=*,i=4096", "damaged");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=", "damaged");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=4096x", "damaged");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=-4096", "damaged");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=99999999999999999999999", "damaged");
	lies(R ",s=QSXCR+Q6sek8bf92,i=4096", "not answer");
	lies("r=fyko+d2lbbFgONRv9qkxdaw,s=QSXCR+Q6sek8bf92,i=4096", "not answer");
	lies("r=Xyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4096", "not answer");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=1", "4096");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=0", "4096");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=4095", "4096");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=1000000000", "200000");
	lies(R "x,s=QSXCR+Q6sek8bf92,i=200001", "200000");
	lies("m=ext," R "x,s=QSXCR+Q6sek8bf92,i=4096", "damaged");
	lies("e=unknown-user\r\n\33[2J", "refuses: unknown-user");
	ok(!strpbrk(why, "\r\n\33"), "its words are made safe");
	memset(large, 'x', sizeof large - 1);
	memcpy(large, R, sizeof R - 1);
	memcpy(large + sizeof large - 32, ",s=QSXCR+Q6sek8bf92,i=4096", 27);
	lies(large, "too long");
	fresh();
	ok(open_exchange(&rfc5802) && sasl_step(&s, R "x,s=QSXCR+Q6sek8bf92,i=4096,t=new",
		sizeof R - 1 + 33, &out, &why) == 1, "an optional extension is let pass");

	lies_later("v=rmF9pqV8S7suAoZWja4dJRkFtKQ=", "not proven");
	lies_later("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not proven");
	lies_later("v=rmF9pqV8S7suAoZWja4dJRkFsA==", "not proven");
	lies_later("v=", "not proven");
	lies_later("", "not proven");
	lies_later("x=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "not proven");
	lies_later("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G46rriTRBi23Wp", "not proven");
	lies_later("e=invalid-proof", "refuses: invalid-proof");
	lies_later(rfc5802.challenge, "not proven");
}

int main(void)
{
	vectors();
	simple();
	tokens();
	choice();
	liars();
	return done();
}
#else
int main(void)
{
	ok(1, "# SKIP TLS is not built in");
	return done();
}
#endif
