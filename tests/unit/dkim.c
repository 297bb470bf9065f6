/* A message as DKIM hashes it: RFC 6376's own example, each split of the input, each kind
 * of line end, random messages beside a plain second reading of the RFC; which fields are
 * signed, how often, and the field that says so. */
#include <stdlib.h>
#include "../../src/msg/dkim.c"
#include "../lib/tap.h"

static char got[300000];
static size_t got_len;

static void collect(void *arg, const void *p, size_t n)
{
	(void)arg;
	if (n > sizeof got - got_len)
		abort();
	memcpy(got + got_len, p, n);
	got_len += n;
}

static struct dkim d;

static void start(void)
{
	buf_free(&d.kept);
	d = (struct dkim){ .hash = collect, .kept = BUF_HEAP(DKIM_FIELDS) };
	got_len = 0;
}

static void feed(const char *s)
{
	start();
	dkim_put(&d, s, strlen(s));
	dkim_end(&d);
}

static int hashed(const char *want)
{
	if (got_len == strlen(want) && !memcmp(got, want, got_len))
		return 1;
	fprintf(stderr, "# got \"%.*s\"\n", (int)got_len, got);
	return 0;
}

/* What is signed of the header, without our own field. */
static int header(const char *want)
{
	static char space[200000];
	struct buf b = BUF_OVER(space);
	char *own;

	got_len = 0;
	if (!dkim_field(&d, &b, "example.net", "sel", 0, "BODY"))
		return 0;
	got[got_len] = 0;
	own = strstr(got, "dkim-signature:");
	if (!own)
		return 0;
	got_len = (size_t)(own - got);
	return hashed(want);
}

static const char example[] = "To: X\r\nCc : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";

static void rfc_example(void)
{
	char crlf[sizeof example], other[sizeof example];
	size_t n = strlen(example), i, k;
	int bad = 0;

	feed(example);
	ok(hashed(" C\r\nD E\r\n"), "3.4.5: the body");
	ok(header("to:X\r\ncc:Y Z\r\n"), "3.4.5: the header");
	for (i = 0; i <= n; i++) {
		start();
		dkim_put(&d, example, i);
		dkim_put(&d, example + i, n - i);
		dkim_end(&d);
		bad += !hashed(" C\r\nD E\r\n") || !header("to:X\r\ncc:Y Z\r\n");
	}
	ok(!bad, "at every split");
	start();
	for (i = 0; i < n; i++)
		dkim_put(&d, example + i, 1);
	dkim_end(&d);
	ok(hashed(" C\r\nD E\r\n") && header("to:X\r\ncc:Y Z\r\n"), "byte by byte");
	strcpy(crlf, example);
	for (i = k = 0; i < n; i++)
		if (crlf[i] != '\r')
			other[k++] = crlf[i];
	other[k] = 0;
	feed(other);
	ok(hashed(" C\r\nD E\r\n") && header("to:X\r\ncc:Y Z\r\n"), "with LF");
	for (i = 0; i < k; i++)
		other[i] = other[i] == '\n' ? '\r' : other[i];
	feed(other);
	ok(hashed(" C\r\nD E\r\n") && header("to:X\r\ncc:Y Z\r\n"), "with CR");
}

static void bodies(void)
{
	static const char *const t[][2] = {
		{ "To: x\n", "" }, { "To: x", "" }, { "To: x\n\n", "" }, { "To: x\n\n\n\n", "" },
		{ "\n", "" }, { "", "" }, { "\nx", "x\r\n" }, { "\n\n\nx\n", "\r\n\r\nx\r\n" },
		{ "To: x\n\n \n\t\n", "" }, { "To: x\n\na \n\n \n\nb\n\n", "a\r\n\r\n\r\n\r\nb\r\n" },
		{ "To: x\n\n\ta\t b", " a b\r\n" }, { "To: x\n\n.\n..\n", ".\r\n..\r\n" },
		{ "To: x\n\na\r\rb\r\r\nc", "a\r\n\r\nb\r\n\r\nc\r\n" },
		{ "To: x\n \n\nb", "b\r\n" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		feed(t[i][0]);
		ok(hashed(t[i][1]), "body %zu", i);
	}
}

static void headers(void)
{
	static const char *const t[][2] = {
		{ "subJECT:\nTo:\t x \nX-To: y\n", "subject:\r\nto:x\r\n" },
		{ "To: 1\nSubject: a\nTo: 2\n", "subject:a\r\nto:2\r\nto:1\r\n" },
		{ "Received: a\n b\nFrom: x\n", "from:x\r\n" },
		{ " To: x\nFrom: y\n", "from:y\r\n" },
		{ "To x: y\nTo\n : z\n:\nTo : w\n", "to:w\r\n" },
		{ "Subject: a\n \n\tb\n", "subject:a b\r\n" },
		{ "Subject\n: a\nSubject:\n a", "subject:a\r\n" },
		{ "no field\nFrom: x\n", "from:x\r\n" },
		{ "Content-Transfer-Encoding: 8bit\nContent-Transfer-Encodings: x\n"
			"aVeryLongNameOfAFieldThatNobodyHas: x\n", "content-transfer-encoding:8bit\r\n" },
		{ "DKIM-Signature: d=x\nFrom: x\n", "from:x\r\n" },
		{ "List-Id: <x>\nReply-To: a: b ;\n", "reply-to:a: b ;\r\nlist-id:<x>\r\n" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		feed(t[i][0]);
		ok(header(t[i][1]), "header %zu", i);
	}
}

/* ---- a second reading: whole lines in memory ---- */

static char ref[4000], refbody[4000];

/* 3.4.2 and 3.4.4 for text with LF; only "to" and "subject" are known here. */
static void reference(const char *s)
{
	char all[64][80], *o;
	int n = 0, i, blank, last = 0;

	for (*ref = *refbody = 0; *s && *s != '\n'; n++) {
		o = all[n];
		blank = 0;
		for (; *s && !(*s == '\n' && s[1] != ' ' && s[1] != '\t'); s++) {
			if (*s == ' ' || *s == '\t' || *s == '\n') {
				blank = *s != '\n' || blank;
				continue;
			}
			if (blank && *s != ':' && o > all[n] && o[-1] != ':')
				*o++ = ' ';
			blank = 0;
			*o++ = *s;
		}
		*o = 0;
		s += *s == '\n';
	}
	for (i = n; i--; )
		if (!strncmp(all[i], "Subject:", 8))
			strcat(strcat(strcat(ref, "s"), all[i] + 1), "\r\n");
	for (i = n; i--; )
		if (!strncmp(all[i], "To:", 3))
			strcat(strcat(strcat(ref, "t"), all[i] + 1), "\r\n");
	for (s += *s == '\n', o = refbody; *s; ) {
		for (blank = 0; *s && *s != '\n'; s++) {
			if (*s == ' ' || *s == '\t') {
				blank = 1;
				continue;
			}
			if (blank)
				*o++ = ' ';
			blank = 0;
			*o++ = *s;
			last = (int)(o - refbody);
		}
		s += *s == '\n';
		*o++ = '\r';
		*o++ = '\n';
	}
	strcpy(refbody + last, last ? "\r\n" : "");
}

static void random_messages(void)
{
	static const char *const bits[] = { "a", "b.", " ", "\t", " \t", "\n", "\n", "\n\n", "c" };
	static const char *const fields[] = { "To:", "Subject:", "To: ", "Subject:\n\t", "X: ",
		"Subject: x\n y" };
	char text[2000];
	unsigned seed = 1;
	int i, k, bad = 0;

	for (i = 0; i < 20000; i++) {
		*text = 0;
		for (k = rand_r(&seed) % 5; k--; ) {
			strcat(text, fields[rand_r(&seed) % 6]);
			for (int j = rand_r(&seed) % 4; j--; )
				strcat(text, bits[rand_r(&seed) % 5]);
			strcat(text, "z\n");
		}
		strcat(text, "\n");
		for (k = rand_r(&seed) % 12; k--; )
			strcat(text, bits[rand_r(&seed) % 9]);
		reference(text);
		feed(text);
		bad += !hashed(refbody) || !header(ref);
	}
	ok(!bad, "20000 random messages, read twice");
}

/* ---- looking ---- */

static int domain_is(const char *text, const char *want)
{
	char space[64];
	struct buf b = BUF_OVER(space);
	int r;

	feed(text);
	r = dkim_domain(&d, &b);
	return want ? r == 1 && !strcmp(space, want) : r == 0;
}

static void looking(void)
{
	ok(domain_is("From: a@Example.net\n", "Example.net"), "domain of a bare address");
	ok(domain_is("From: \"x@y\" (z@z) <\"a b\"@\n example.net>, c@d\n", "example.net"), "of the first");
	ok(domain_is("From: one@example.org\nFrom: two@example.net\n", "example.net"), "the lowest From");
	ok(domain_is("From: nobody\n", 0) && domain_is("From:\n", 0) && domain_is("To: a@b\n", 0) &&
		domain_is("From: a@\n", 0) && domain_is("\nFrom: a@b\n", 0), "no domain");
	feed("DKIM-Signature: v=1; bh=xd=; d=Example.Net;\n\tb=x\nDKIM-Signature: a=b;d=other.example;\n");
	ok(dkim_has(&d, "example.net") && dkim_has(&d, "other.example"), "signatures that are there");
	ok(!dkim_has(&d, "example.ne") && !dkim_has(&d, "xample.net") && !dkim_has(&d, "example.net."),
		"and not there");
	feed("X-DKIM-Signature: d=example.net\nFrom: d=example.net\n\nDKIM-Signature: d=example.net\n");
	ok(!dkim_has(&d, "example.net"), "other places do not count");
}

static void too_long(void)
{
	static char big[70001];
	char space[64];
	struct buf b = BUF_OVER(space);

	memset(big, 'x', sizeof big - 1);
	start();
	dkim_put(&d, "To: 1\nSubject: s\nTo: ", 21);
	dkim_put(&d, big, 70000);
	dkim_put(&d, "\nFrom: a@example.net\nTo: 2\nCc: 3\n", 33);
	dkim_end(&d);
	ok(header("from:a@example.net\r\nsubject:s\r\ncc:3\r\n"), "a name that has no room is not signed at all");
	ok(dkim_domain(&d, &b) == 1, "From is known");
	start();
	dkim_put(&d, "To: ", 4);
	dkim_put(&d, big, 49100);
	dkim_put(&d, "\nCc: ", 5);
	dkim_put(&d, big, 49000);
	dkim_put(&d, "\nFrom: a@example.net\n", 21);
	dkim_end(&d);
	ok(dkim_domain(&d, &b) == 1 && d.lost == 1u << 4, "From has room of its own");
	start();
	dkim_put(&d, "From: a@example.net, ", 21);
	dkim_put(&d, big, 70000);
	dkim_end(&d);
	ok(dkim_domain(&d, &b) == -1, "unless it is too long itself");
}

static void whole_field(void)
{
	static const char want[] = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=sel;\n"
		"\tt=1795132800; bh=BODY; h=from:from:subject:date:to:to:to:\n"
		"\tcc:mime-version:content-type:content-transfer-encoding:\n"
		"\tlist-unsubscribe-post;\n\tb=";
	static const char relaxed[] = "from:f\r\nto:2\r\nto:1\r\nmime-version:1.0\r\ncontent-type:a/b\r\n"
		"content-transfer-encoding:8bit\r\nlist-unsubscribe-post:y\r\n"
		"dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=sel; "
		"t=1795132800; bh=BODY; h=from:from:subject:date:to:to:to: "
		"cc:mime-version:content-type:content-transfer-encoding: "
		"list-unsubscribe-post; b=";
	char space[1000], small[100];
	struct buf b = BUF_OVER(space), s = BUF_OVER(small);

	feed("List-Unsubscribe-Post: y\nTo: 1\nFrom: f\nTo: 2\nMIME-Version: 1.0\nContent-Type: a/b\n"
		"Content-Transfer-Encoding: 8bit\n\nx\n");
	got_len = 0;
	buf_puts(&b, "before");
	ok(dkim_field(&d, &b, "example.net", "sel", 1795132800, "BODY") && buf_z(&b) &&
		!memcmp(b.s, "before", 6), "the field is put behind what is there");
	ok(!strcmp(space + 6, want), "the field: %s", space + 6);
	ok(hashed(relaxed), "and what is hashed of it");
	ok(!dkim_field(&d, &s, "example.net", "sel", 0, "BODY"), "no room is noticed");
}

int main(void)
{
	rfc_example();
	bodies();
	headers();
	random_messages();
	looking();
	too_long();
	whole_field();
	buf_free(&d.kept);
	return done();
}
