/* What a route says: relays, login, options, and what is refused. */
#include "../../src/net/relay.c"
#include "../lib/tap.h"
#include <stdlib.h>

static int is(const char *value, unsigned i, const char *host, unsigned port,
	unsigned penalty, unsigned tolerance)
{
	struct relay r;

	return relay_at(&r, value, i) == 1 && !strcmp(r.host, host) && r.port == port &&
		r.penalty == penalty && r.tolerance == tolerance && !r.command &&
		r.value == value && !relay_wrong(value);
}

static int parses(const char *value, const char *host, unsigned port)
{
	return is(value, 0, host, port, 0, 0);
}

static int command(const char *value, unsigned i, const char *want)
{
	char plain[100];
	struct relay r;

	return relay_at(&r, value, i) == 1 && r.command && !*r.host &&
		!relay_plain(plain, sizeof plain, r.command, r.command_len) && !strcmp(plain, want);
}

/* The words about it have this in them. */
static int wrong(const char *value, const char *part)
{
	const char *why = relay_wrong(value);

	return why && strstr(why, part);
}

static int unusable(const char *value)
{
	struct relay r;

	return relay_at(&r, value, 0) == -1 && relay_wrong(value);
}

static int login(const char *value, const char *user, const char *password)
{
	char u[64] = "", p[64] = "";
	int r = relay_login(value, u, sizeof u, p, sizeof p);

	return user ? r == 1 && !strcmp(u, user) && !strcmp(p, password) : r == 0;
}

static int opt_is(const char *value, const char *name, const char *want)
{
	char v[64];
	int r = relay_option(value, name, v, sizeof v);

	return want ? r == 1 && !strcmp(v, want) : r == 0;
}

static void relays(void)
{
	char longest[300] = "";
	struct relay r;

	ok(parses("relay", "relay", 25), "relay");
	ok(parses("relay:26", "relay", 26) && parses("  relay:26", "relay", 26), "relay:port");
	ok(is("relay:26:600:5 user pass TLS=may", 0, "relay", 26, 600, 5) &&
		is("relay::600", 0, "relay", 25, 600, 0) && is("relay:::5", 0, "relay", 25, 0, 5) &&
		is("relay:25:0:", 0, "relay", 25, 0, 0), "penalty and tolerance");
	ok(parses("[2001:db8::1]", "2001:db8::1", 25) && parses("[::1]:2525", "::1", 2525) &&
		is("[::1]:2525:60:2", 0, "::1", 2525, 60, 2), "[v6]:port");
	ok(parses("[192.0.2.1]:587 u p", "192.0.2.1", 587) && parses("192.0.2.1:26", "192.0.2.1", 26),
		"v4:port");
	ok(parses("2001:db8::1", "2001:db8::1", 25), "v6 without brackets");
	ok(parses("relay:", "relay", 25), "no port");
	ok(parses("relay:65535", "relay", 65535), "highest port");
	ok(unusable("relay:x") && unusable("relay:0") && unusable("relay:65536") &&
		unusable("relay:99999999999999999999999") && unusable("relay:25:x") &&
		unusable("relay:25:1:-1") && unusable("relay:25:1:1:1") &&
		unusable("relay:25:99999999999"), "numbers that are none");
	ok(unusable("") && unusable(" ") && unusable(":25") && unusable("[]") && unusable("|"), "no host");
	ok(unusable("[::1") && unusable("[") && unusable("[::1]25") && unusable("[::1"",x]"), "brackets");
	memset(longest, 'a', sizeof longest - 1);
	ok(unusable(longest) && (longest[255] = 0, parses(longest, longest, 25)), "the longest name");
	ok(is("a,b:587,[::1]:465:7 u p", 0, "a", 25, 0, 0) && is("a,b:587,[::1]:465:7 u p", 1, "b", 587, 0, 0) &&
		is("a,b:587,[::1]:465:7 u p", 2, "::1", 465, 7, 0) &&
		relay_at(&r, "a,b:587,[::1]:465:7 u p", 3) == 0 && relay_at(&r, "a", 1) == 0,
		"several, in order, up to the blank");
	ok(unusable(",a") && wrong("a,", "host:port") && wrong("a,,b", "host:port") &&
		relay_at(&r, "a,,b", 1) == -1, "a hole in the list");
	ok(command("|ssh%20host%20nc%20relay%2025 u p", 0, "ssh host nc relay 25") &&
		command("a,|x%2cy,b", 1, "x,y") && is("a,|x%2cy,b", 2, "b", 25, 0, 0) &&
		command("|a:1", 0, "a:1"), "a command");
}

/* Whatever stands there, one of these holds: nobody can use it, or everything in it can be
 * taken out, and is no longer than it was. */
static int random_values(void)
{
	static const char bytes[] = "a:,[]|%2/ \t=-0r%20:TLS=may,:1\377";
	char value[64], out[64], more[64];
	struct relay r;
	int used = 0;

	for (int i = 0; i < 200000; i++) {
		size_t n = (size_t)rand() % 20, k;
		unsigned at = 0;
		int got;

		for (k = 0; k < n; k++)
			value[k] = bytes[(size_t)rand() % (sizeof bytes - 1)];
		value[n] = 0;
		got = relay_wrong(value) != 0;
		relay_secret(value);
		if (relay_login(value, out, sizeof out, more, sizeof more) < !got - 1 ||
			relay_option(value, "TLS", out, sizeof out) < !got - 1)
			return 0;
		while ((k = (size_t)relay_at(&r, value, at)) == 1 && ++at < 30)
			if (strlen(r.host) > n || (r.command && r.command_len > n))
				return 0;
		if (!got && (k || !at))
			return 0;
		used += !got;
	}
	return used > 1000;
}

int main(void)
{
	char tiny[5];
	char ten[1200] = "r ";

	relays();
	ok(login("r", 0, 0) && login("r TLS=may", 0, 0) && login("r:1  u\tp", "u", "p") &&
		login("r u - passfile=x", "u", "-"), "user and password");
	ok(login("r kim%40example.net pa%20ss%25,%3D=", "kim@example.net", "pa ss%,=="), "hexadecimal");
	ok(login("r /token", "/token", "") && login("r /ann%20@x TLS=must", "/ann @x", ""), "/token");
	ok(opt_is("r /token TLS=must", "tls", "must"), "an option behind it");
	ok(relay_login("r user pass", tiny, 4, tiny, 5) == -1 && relay_login("r user pass", tiny, 5, tiny, 4) == -1,
		"no room for them");
	ok(opt_is("r TLS=verify,Pin=a%2Cb", "TLS", "verify") && opt_is("r tls=verify,Pin=a%2Cb", "PIN", "a,b") &&
		opt_is("r u p PIN=ab==,HELO=", "pin", "ab==") && opt_is("r u p PIN=ab,HELO=", "HELO", "") &&
		opt_is("r u p PIN=ab", "PI", 0) && opt_is("r u p", "u", 0) && opt_is("r", "TLS", 0), "options");
	ok(relay_option("r PASSCMD=abcde", "PASSCMD", tiny, 5) == -1, "no room for one");
	ok(!relay_wrong("r:587 u - passfile=x,tls=VERIFY,TLSNAME=a,CAFILE=/x,CERT=/y,PSKFILE=z,"
		"TLSMETHOD=TLSv1_2,AUTH_SMTP=,PASSCMD=a%20b,TOKENFILE=t,TOKENCMD=c,HELO=h,OUTGOINGIP=192.0.2.1,"
		"TLSCIPHERS=HIGH,ip=4ONLY"),
		"all there are");
	ok(wrong("r u", "no =") && wrong("r u p x", "no =") && wrong("r TLS=may,", "no ="), "no option");
	ok(wrong("r u p X=1", "none of those") && wrong("r =1", "none of those") && wrong("r TL=may", "none of those"),
		"an unknown one");
	ok(wrong("r TLS=yes", "TLS= is") && wrong("r TLS=", "TLS= is") && wrong("r OUTGOINGIP=x", "OUTGOINGIP= is") &&
		wrong("r IP=5", "IP= is not") && wrong("r IP=", "IP= is not") && wrong("r ip=4on", "IP= is not") &&
		!relay_wrong("r IP=4") && !relay_wrong("r IP=6only"),
		"a value it cannot have");
	ok(wrong("r u p TLS=may x", "too many") && wrong("r /t TLS=may x", "too many"), "too many fields");
	ok(wrong("r u p%4", "%25") && wrong("r u p%fg", "%25") && wrong("r u p%gf", "%25") && wrong("r u p%", "%25") && wrong("r u 100%sure", "%25") &&
		wrong("r u a%00b", "%25") && wrong("r HELO=%zz", "%25") && wrong("|a%2", "%25"), "a percent sign alone");
	ok(!relay_wrong("r /r") && !relay_wrong("r /rr") && !relay_wrong("r /s"), "/r");
	ok(wrong("!no such thing", "no such thing") && unusable("!x"), "words in place of a value");
	ok(random_values(), "random values");
	memset(ten + 2, 'u', sizeof ten - 3);
	ok(relay_wrong(ten) != 0, "very long");
	ok(relay_secret("r u p") && relay_secret("r u - ") == 0 && relay_secret("r u -p") && !relay_secret("r") &&
		!relay_secret("r /token") && !relay_secret("r TLS=may") && !relay_secret("r u - PASSFILE=x"), "a secret");
	return done();
}
