/* The stub resolver's pieces: the question, what counts as its answer, and the
 * files it reads. */
#include "../../src/net/ask.c"
#include "../lib/tap.h"
#include <stdlib.h>

static size_t q_len(const char *name)
{
	unsigned char q[300];

	return question(q, name, ASK_MX);
}

static void questions(void)
{
	unsigned char q[300], a[300];
	char name[400];
	size_t n = question(q, "example.net", ASK_MX);
	int bad = 0;

	ok(n == 29 && !memcmp(q + 2, "\1\0\0\1\0\0\0\0\0\0\7example\3net\0\0\x0f\0\1", 27), "a question");
	ok(q_len("example.net.") == 29, "a dot at the end is the same");
	ok(q_len("") == 17 && !q_len(".") && !q_len("a..b") && !q_len(".a"), "empty labels");
	memset(name, 'a', sizeof name);
	name[63] = 0;
	ok(q_len(name) == 12 + 65 + 4, "a label of 63 bytes");
	name[63] = 'a';
	name[64] = 0;
	ok(!q_len(name), "64 are too many");
	memset(name, 'a', sizeof name);
	name[63] = name[127] = name[191] = '.';
	name[253] = 0;
	ok(q_len(name) == 12 + 255 + 4, "a name of 253 bytes");
	name[253] = 'a';
	name[254] = 0;
	ok(!q_len(name), "254 are too many");
	for (int i = 0; i < 20000; i++) {
		size_t k = rand() % sizeof name;

		for (size_t j = 0; j < k; j++)
			name[j] = rand() % 20 ? 'x' : rand() % 9 ? '.' : rand();
		name[k - (k == sizeof name)] = 0;
		bad += q_len(name) > 12 + 255 + 4;
	}
	ok(!bad, "random names");
	memcpy(a, q, n);
	ok(!is_answer(q, n, a, n), "our own question is no answer");
	a[2] |= 0x80;
	ok(is_answer(q, n, a, n), "an answer");
	a[14] = 'X';
	ok(is_answer(q, n, a, n), "letters in other case");
	ok(!is_answer(q, n, a, n - 1), "cut in the question");
	a[15] = 'y';
	ok(!is_answer(q, n, a, n), "to another question");
	a[15] = q[15];
	a[0] ^= 1;
	ok(!is_answer(q, n, a, n), "another number");
}

static void files(void)
{
	char dir[] = "/tmp/qmta-ask.XXXXXX", *p;
	int fd = mkstemp(dir), n = 0;
	struct lines l;
	struct resolv r = { .timeout = 5, .attempts = 2 };

	ok(lines_open(&l, "/nonexistent") < 0, "no file");
	dprintf(fd, "one two\t three # four\r\n\n#only\n%0700d\nlast", 7);
	ok(!lines_open(&l, dir), "a file");
	p = lines_next(&l);
	ok(!strcmp(word_next(&p), "one") && !strcmp(word_next(&p), "two") &&
		!strcmp(word_next(&p), "three") && !word_next(&p) && !word_next(&p), "words");
	while ((p = lines_next(&l)) && ++n < 4)
		;
	ok(n == 4 && p && !strcmp(p, "last"), "empty, comment, long, last");
	ok(!lines_next(&l), "end");
	close(fd);
	unlink(dir);
	option(&r, "timeout:3");
	option(&r, "attempts:99");
	option(&r, "timeout:0");
	option(&r, "attempts:x");
	option(&r, "rotate");
	ok(r.timeout == 3 && r.attempts == 30, "options, bounded");
	for (int i = 0; i < 5; i++)
		server_add(&r, (char[]){ "192.0.2.1" });
	server_add(&r, (char[]){ "nonsense" });
	ok(r.n == ASK_SERVERS, "three servers");
	r.n = 0;
	server_add(&r, (char[]){ "fe80::1%lo" });
	ok(r.n == 1 && r.server[0].u.v6.sin6_scope_id == if_nametoindex("lo"), "a server with its interface");
}

/* Whose word on DNSSEC counts. */
static void local(void)
{
	static const char *const all[] = { "192.0.2.1", "127.0.0.53", "::1" };
	struct resolv r = { 0 };
	unsigned i;

	for (i = 0; i < 3; i++)
		ok(addr_parse(&r.server[i], all[i], strlen(all[i])) &&
			is_local(&r.server[i]) == (i > 0), "%s", all[i]);
	r.n = 3;
	ok(resolv_local(&r) == 2 && r.n == 2 && r.server[0].u.sa.sa_family == AF_INET &&
		r.server[1].u.sa.sa_family == AF_INET6, "servers on loopback are left");
	ok(addr_parse(&r.server[0], "::2", 3) && addr_parse(&r.server[1], "0.0.0.0", 7) &&
		!resolv_local(&r), "or none");
}

int main(void)
{
	questions();
	files();
	local();
	return done();
}
