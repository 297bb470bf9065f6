/* checksay.c: the lines of `qmta check`, and what helps when a server or a provider says
 * no: its answer is found in a table of those that are known, and told in other words.
 * Nothing here is ever given a password. */
#include <stdarg.h>
#include <string.h>
#include "../base/io.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "../queue/show.h"
#include "checksay.h"

static char outbuf[1024];
static struct out out = OUT_STATIC(1, outbuf);
static int json, steps;

/* Words that a server says, case-blind, a blank also for '-', with '|' between those that
 * mean the same; what to do. The first that fits counts. */
static const char hints[] =
	"534 5.7.9\0"
	"make an app password (Google: myaccount.google.com/apppasswords) and use that\0"
	"534 5.7.14\0"
	"Google wants you to log in with a browser first; an app password needs no browser\0"
	"5.7.139\0"
	"Microsoft: SMTP AUTH is off for this mailbox or organization: have it turned on, or use "
	"a token (AUTH_SMTP=XOAUTH2,TOKENCMD=...)\0"
	"535 5.7.3\0"
	"Microsoft: the user is the whole address; is SMTP AUTH on for the mailbox?\0"
	"535 \0"
	"is the user the whole address? Google, Yahoo, Apple and Fastmail want an app password, "
	"Amazon SES its SMTP password, GMX and WEB.DE that POP3/IMAP is turned on\0"
	"534 \0"
	"this way to log in is not enough for it: an app password, or a token (TOKENCMD=...)\0"
	"538 \0"
	"it wants TLS before the login: TLS=verify\0"
	"530 \0"
	"it wants a login (user and password behind the relay in smtproutes), or TLS=verify\0"
	"5.7.60|sendasdenied|not owned by\0"
	"the sender must be the login's own address (control/allmailfrom, generic)\0"
	"not verified\0"
	"the provider wants this sender, or its domain, to be registered with it first\0"
	"relay access denied|relaying\0"
	"it does not know us: a login is missing, or it is the wrong server or port\0"
	"5.7.26\0"
	"the sender's domain must allow this machine (SPF, DKIM): send through the domain's relay\0"
	"5.7.25\0"
	"this machine's address has no name in the DNS: send through your provider's relay\0"
	"blocked|blocklist|spamhaus\0"
	"home and rented addresses are on block lists: send through your provider's relay\0"
	"greylist\0"
	"not an error: the next try, some minutes later, is taken\0"
	"454 4.7.0\0"
	"too many logins, perhaps: wait a while before the next one\0"
	"421 4.7.0\0"
	"it is tired of this machine: wait a while before the next try\0"
	"5.4.5\0"
	"the provider's limit of mails a day is reached\0"
	"port 25: connection timed out\0"
	"many providers close port 25: send through a relay on port 587 or 465\0"
	"connection refused\0"
	"nobody listens there: the usual ports of a relay are 587, and 465 (TLS at once)\0"
	"connection died\0"
	"it hung up without a word, as servers do that want a client certificate (CERT=)\0"
	"unreachable\0"
	"this machine has no way to such addresses; if it is IPv6 alone, that does no harm\0";

/* 1 when one of the words is at s. */
static int fits(const char *s, const char *words)
{
	const char *p = s;

	for (; *words && *words != '|'; words++, p++)
		if (text_lower((unsigned char)*p) != *words && !(*words == ' ' && *p == '-')) {
			words = strchr(words, '|');
			return words && fits(s, words + 1);
		}
	return 1;
}

static int is_inner(int c)
{
	c = text_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static const char *hint(const char *text)
{
	const char *h, *s;

	for (h = hints; *h; h += strlen(h) + 1) {
		for (s = text; *s; s++)
			if ((s == text || !is_inner((unsigned char)s[-1])) && fits(s, h))
				return h + strlen(h) + 1;
		h += strlen(h) + 1;
	}
	return 0;
}

void check_begin(int on)
{
	json = on;
	if (json)
		out_puts(&out, "{\"steps\":[");
}

static void put_json(enum mark m, const char *step, const char *text, const char *help)
{
	out_fmt(&out, "%s\n {\"step\":\"%s\",\"ok\":%s,\"text\":", steps++ ? "," : "", step,
		m == STEP_NOTE ? "null" : m == STEP_GOOD ? "true" : "false");
	json_string(&out, text, strlen(text));
	if (help) {
		out_puts(&out, ",\"try\":");
		json_string(&out, help, strlen(help));
	}
	out_puts(&out, "}");
}

void check_step(enum mark m, const char *step, const char *fmt, ...)
{
	static const char marks[][3] = { "ok", "!!", "--" };
	static char text[REPORT_MAX + 1000];
	struct buf b = BUF_OVER(text);
	const char *help;
	va_list ap;
	char *p;

	b.cap--;
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	b.s[text_trim(b.s, b.len)] = 0;
	for (p = text; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = ' ';
	help = m == STEP_BAD ? hint(text) : 0;
	if (json)
		put_json(m, step, text, help);
	else {
		out_fmt(&out, "%s %s%.*s", marks[m], step, (int)(10 - strlen(step)), "          ");
		out_puts(&out, text);
		if (help)
			out_fmt(&out, "\n   try       %s", help);
		out_puts(&out, "\n");
	}
	/* Each is seen while the next is waited for. */
	out_flush(&out);
}

int check_end(int good)
{
	if (json)
		out_fmt(&out, "],\n\"ok\":%s}\n", good ? "true" : "false");
	return out_flush(&out) ? EXIT_TEMP : !good;
}
