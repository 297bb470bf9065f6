/* dnsbl.c: what is asked, how often, and what answers mean. The DNS and the clock are
 * ours. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../src/serve/dnsbl.c"
#include "../lib/tap.h"

static char asked[NAME_CAP];
static unsigned asks;
static unsigned char reply_ip[4];
static int answers;		/* 1 an address, 0 no such name, -1 nobody answers */
static int64_t now = 1000000;

/* A real page, in a file of the listener's, is another test's. */
static struct { uint32_t kind; unsigned char key[16]; int value; int64_t until; } kept[4];

int shared_get(uint32_t kind, const unsigned char key[static 16])
{
	int i;

	for (i = 0; i < 4; i++)
		if (kept[i].until > now && kept[i].kind == kind && !memcmp(kept[i].key, key, 16))
			return kept[i].value;
	return -1;
}

void shared_put(uint32_t kind, const unsigned char key[static 16], int value, unsigned secs)
{
	static int n;

	kept[n % 4].kind = kind;
	memcpy(kept[n % 4].key, key, 16);
	kept[n % 4].value = value;
	kept[n++ % 4].until = now + secs * (int64_t)1000;
}

int64_t clock_mono(void)
{
	return now;
}

const char *inbound_trouble(void)
{
	return "451";
}

void resolv_load(struct resolv *r)
{
	memset(r, 0, sizeof *r);
}

/* An answer with one record, its name pointing to the question's. */
ssize_t ask(const struct resolv *r, const char *name, unsigned type,
	unsigned char answer[static ASK_ANSWER])
{
	static const unsigned char head[] = { 0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 1, 'x', 0,
		0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };

	ok(r->timeout == ANSWER_SECS && r->attempts == 1, "a short question for %s", name);
	if (type != ASK_A)
		return 0;
	asks++;
	strcpy(asked, name);
	if (answers < 0)
		now += 6000;
	if (answers <= 0)
		return answers;
	memcpy(answer, head, sizeof head);
	memcpy(answer + sizeof head, reply_ip, 4);
	return sizeof head + 4;
}

static const char *by(const char *ip, const char *zone)
{
	struct addr a;

	memset(given, 0, sizeof given);
	asks = 0;
	*asked = 0;
	if (!addr_parse(&a, ip, strlen(ip)) || !dnsbl_add(zone, 0))
		abort();
	return by_zones(&a);
}

int main(void)
{
	static const unsigned char yes[4] = { 127, 0, 0, 2 };
	const char *no;
	struct peer p;
	int i;

	setenv("CONTROLDIR", "/nonexistent", 1);
	memcpy(reply_ip, yes, 4);
	answers = 1;
	no = by("192.0.2.7", "bl.example");
	ok(no && !strcmp(no, "451 4.7.1 your address is listed by bl.example"), "listed: %s", no ? no : "-");
	ok(asks == 1 && !strcmp(asked, "7.2.0.192.bl.example"), "asked for %s", asked);
	ok(by("192.0.2.7", "bl.example") && !asks, "known the second time");
	ok(by("192.0.2.7", "-bl.example") && !asks, "of this zone");
	ok(by("192.0.2.7", "bk.example") && asks == 1, "not of another");
	ok(by("192.0.2.8", "bl.example") && asks == 1, "nor of another address");
	now += (HOLDS_SECS + 1) * 1000;
	ok(by("192.0.2.7", "bl.example") && asks == 1, "asked anew after a while");
	ok(by("2001:db8::4:7", "bl.example") && !strcmp(asked, "7.0.0.0.4.0.0.0.0.0.0.0.0.0.0.0."
		"0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example"), "IPv6: %s", asked);
	answers = 0;
	ok(!by("192.0.2.20", "bl.example") && asks == 1, "not listed");
	ok(!by("192.0.2.20", "bl.example") && !asks, "which is known, too");
	answers = -1;
	ok(!by("192.0.2.21", "bl.example") && asks == 1, "nobody answers");
	ok(!by("192.0.2.21", "bl.example") && asks == 1, "which is not kept");
	answers = 1;
	for (i = 0; i < 4; i++) {
		static const unsigned char other[4][4] = { { 192, 0, 2, 1 }, { 127, 255, 255, 254 },
			{ 126, 0, 0, 2 }, { 0, 0, 0, 0 } };
		char ip[] = "192.0.2.3x";

		memcpy(reply_ip, other[i], 4);
		ip[9] = (char)('0' + i);
		ok(!by(ip, "bl.example") && asks == 1, "answer %u.%u.%u.%u says nothing", other[i][0],
			other[i][1], other[i][2], other[i][3]);
	}
	memcpy(reply_ip, yes, 4);
	no = by("192.0.2.50", "bl.example words %s %n\r\nx");
	ok(no && !strncmp(no, "451 4.7.1 words %s %n", 21), "words are words");
	{
		static char line[2000] = "bl.example ";

		memset(line + 11, 'w', sizeof line - 12);
		no = by("192.0.2.51", line);
		ok(no && strlen(no) <= WORDS_MOST + 10, "long words are cut");
		memset(line, 'z', sizeof line - 1);
		ok(!by("192.0.2.52", line) && !asks, "a name too long is no zone");
	}
	answers = -1;
	memset(given, 0, sizeof given);
	for (i = 0; i < ZONES; i++)
		ok(dnsbl_add("a.example", 0), "zone %d", i);
	ok(!dnsbl_add("a.example", 0), "one too many");
	asks = 0;
	memset(&p, 0, sizeof p);
	p.known = 1;
	addr_parse(&p.addr, "192.0.2.60", 10);
	ok(!dnsbl_ask(&p) && asks == 1, "no question begins after 4 seconds");
	ok(!dnsbl_ask(&p) && asks == 1, "all is asked once");
	setenv("RBLSMTPD", "", 1);
	ok(!dnsbl_ask(&p), "$RBLSMTPD, empty");
	setenv("RBLSMTPD", "-out", 1);
	no = dnsbl_ask(&p);
	ok(no && !strcmp(no, "553 5.7.1 out"), "$RBLSMTPD: %s", no ? no : "-");
	return done();
}
