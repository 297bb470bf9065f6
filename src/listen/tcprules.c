/* tcprules.c: makes the cdb in which the listener, and tcpserver, look up what holds for
 * a client, of lines "address:allow,NAME=\"value\"" on descriptor 0 (rules.h). Refuses what
 * would never be found, or would be found by more clients than was meant: a mistake in any
 * line leaves the old file in force. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/cdbmake.h"
#include "../base/env.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "peer.h"
#include "rules.h"

enum { RECORDS_MAX = 65536, LINE_CAP = 4096 };

struct tcprules {
	const char *name;
	struct cdbmake make;
	size_t number;			/* of the line */
	char line[LINE_CAP], data_space[LINE_CAP], key_space[LINE_CAP + ADDR_TEXT];
	struct buf data, key;
	unsigned char network[2][128];	/* IPv4, IPv6: 1: there is one of this length */
};

static int wrong(const struct tcprules *t, const char *why)
{
	say(t->name, "line %zu: %s", t->number, why);
	return -1;
}

static int add(struct tcprules *t)
{
	/* It sticks, and is said at the end. */
	cdbmake_add(&t->make, t->key.s, t->key.len, t->data.s, t->data.len);
	return 0;
}

/* ---- addresses ---- */

/* IPv4: each number from lo to hi, of so many; fewer than four are a prefix. */
struct span { unsigned parts, lo[4], hi[4]; };

static int add_span(struct tcprules *t, const struct span *p)
{
	size_t i, from = t->key.len;
	uint64_t all = 1;
	unsigned at[4];

	for (i = 0; i < p->parts; i++) {
		at[i] = p->lo[i];
		all *= p->hi[i] - p->lo[i] + 1;
	}
	if (all > RECORDS_MAX)
		return wrong(t, "these are more than 65536 addresses");
	while (all--) {
		t->key.len = from;
		for (i = 0; i < p->parts; i++)
			buf_fmt(&t->key, i == 3 ? "%u" : "%u.", at[i]);
		add(t);
		for (i = p->parts; i-- && ++at[i] > p->hi[i];)
			at[i] = p->lo[i];
	}
	return 0;
}

/* At most 255: 1 and *s behind it. */
static int octet(const char **s, unsigned *v)
{
	const char *from = *s;

	if (**s == '0' && s[0][1] >= '0' && s[0][1] <= '9')
		return 0;	/* not octal, either */
	for (*v = 0; **s >= '0' && **s <= '9' && *v < 256; (*s)++)
		*v = *v * 10 + (unsigned)(**s - '0');
	return *s > from && *v < 256;
}

/* "10.1.2.3", "10.1.", with "5-7" for a number. */
static int read_span(struct span *p, const char *s)
{
	for (p->parts = 0; p->parts < 4;) {
		unsigned i = p->parts++;

		if (!octet(&s, &p->lo[i]))
			return 0;
		p->hi[i] = p->lo[i];
		if (*s == '-' && (s++, !octet(&s, &p->hi[i]) || p->hi[i] < p->lo[i]))
			return 0;
		if (i < 3 && *s++ != '.')
			return 0;
		if (!*s)
			return 1;
	}
	return 0;
}

/* ADDRESS/BITS. */
static int add_network(struct tcprules *t, const char *s, const char *slash)
{
	struct addr a, net;
	uint64_t bits;
	size_t n;

	if (!addr_parse(&a, s, (size_t)(slash - s)) ||
		!text_is_u64(slash + 1, strlen(slash + 1), &bits))
		return wrong(t, "this is not ADDRESS/BITS");
	net = a;
	peer_plain(&net);
	if (!addr_same(&a, &net) && bits >= 96) {	/* ::ffff:10.0.0.0/104 */
		a = net;
		bits -= 96;
	}
	net = a;
	addr_ip(&net, &n);
	if (bits > 8 * n)
		return wrong(t, "so many bits has no address");
	rules_network(&net, (unsigned)bits);
	if (!addr_same(&a, &net))
		return wrong(t, "the address has bits behind those of its network");
	if (bits < 8 * n)
		t->network[n == 16][bits] = 1;
	rules_key_of(&t->key, &a, (unsigned)bits);
	return add(t);
}

static int add_host(struct tcprules *t, const char *s)
{
	for (; *s; s++) {
		if (*s <= ' ' || *s == 127 || strchr(":,\"/", *s))
			return wrong(t, "a host has no such byte in its name");
		buf_putc(&t->key, text_lower((unsigned char)*s));
	}
	return add(t);
}

static int add_address(struct tcprules *t, const char *s)
{
	char text[ADDR_TEXT];
	const char *p;
	struct span span;
	struct addr a;

	buf_clear(&t->key);
	if ((p = strrchr(s, '@'))) {	/* whose ident says so */
		buf_put(&t->key, s, (size_t)(p + 1 - s));
		s = p + 1;
	} else if (!*s)
		return add(t);
	if (*s == '=')
		return add_host(t, s);
	if ((p = strchr(s, '/')))
		return add_network(t, s, p);
	if (addr_parse(&a, s, strlen(s))) {
		peer_plain(&a);
		addr_text(&a, text);
		buf_puts(&t->key, text);
		return add(t);
	}
	return read_span(&span, s) ? add_span(t, &span) : wrong(t, "this is not an address, "
		"a beginning that ends in a dot, ADDRESS/BITS, =HOST, =.DOMAIN, or nothing");
}

/* ---- instructions ---- */

/* ,NAME="value" with any other quote, too. */
static int add_vars(struct tcprules *t, const char *s)
{
	const char *is, *end;

	for (; *s; s = end + 1) {
		if (*s++ != ',' || !(is = strchr(s, '=')) || !is[1] || !(end = strchr(is + 2, is[1])))
			return wrong(t, "this is not allow or deny with ,NAME=\"value\" behind it");
		if (!env_name_ok(s, (size_t)(is - s)))
			return wrong(t, "a variable has a name that is not allowed");
		buf_fmt(&t->data, "+%.*s=%.*s%c", (int)(is - s), s, (int)(end - is - 2), is + 2, 0);
	}
	return 0;
}

/* Where ":allow" or ":deny" begins: an IPv6 address has colons, too. */
static char *verdict(char *s)
{
	for (; (s = strchr(s, ':')); s++) {
		char *end = s + (!strncmp(s, ":allow", 6) ? 6 : !strncmp(s, ":deny", 5) ? 5 : 0);

		if (end > s && (!*end || *end == ','))
			return s;
	}
	return 0;
}

static int take_line(struct tcprules *t)
{
	char *v;

	if (!*t->line || *t->line == '#')
		return 0;
	if (!(v = verdict(t->line)))
		return wrong(t, "this is not ADDRESS:allow or ADDRESS:deny");
	*v++ = 0;
	buf_clear(&t->data);
	if (*v == 'd')
		buf_put(&t->data, "D", 2);
	return add_vars(t, v + (*v == 'd' ? 4 : 5)) < 0 ? -1 : add_address(t, t->line);
}

/* Next line, without blanks at its end: 1; 0 end of the input; -1 it is wrong; -2 the
 * input cannot be read. All said. */
static int next_line(struct tcprules *t, struct in *in)
{
	struct buf b = BUF_OVER(t->line);
	const char *no;
	int c = in_line(in, &b, &no);

	t->number++;
	if (no)
		return wrong(t, no);
	if (c == -2) {
		say(t->name, "unable to read the rules:");
		return c;
	}
	t->line[text_trim(t->line, b.len)] = 0;
	return c >= 0 || b.len;
}

/* The lengths of the networks of one family. */
static void add_lengths(struct tcprules *t, const char *key, const unsigned char network[128])
{
	int i;

	buf_clear(&t->data);
	for (i = 0; i < 128; i++)
		if (network[i])
			buf_putc(&t->data, i);
	if (t->data.len)
		cdbmake_add(&t->make, key, strlen(key), t->data.s, t->data.len);
}

static int copy(struct tcprules *t)
{
	char window[WINDOW];
	struct in in = IN_OVER(0, window);
	int r;

	while ((r = next_line(t, &in)) > 0)
		if (take_line(t) < 0)
			return -1;
	add_lengths(t, RULES_NETWORKS4, t->network[0]);
	add_lengths(t, RULES_NETWORKS6, t->network[1]);
	return r;
}

static int cannot(const struct tcprules *t, const char *what, const char *path)
{
	say(t->name, "unable to %s %s:", what, path);
	return EXIT_TEMP;
}

/* Writes, syncs and puts in place. The exit code, all said. */
static int compile(struct tcprules *t, int fd, char *cdb, const char *tmp)
{
	size_t n;
	int r;

	cdbmake_start(&t->make, fd);
	if ((r = copy(t)))
		return r == -1 ? EXIT_PERM : EXIT_TEMP;
	if (cdbmake_end(&t->make) < 0 || syscall(SYS_fchmod, fd, 0644) < 0 || fsync(fd) < 0)
		return cannot(t, "write", tmp);
	if (rename(tmp, cdb) < 0)
		return cannot(t, "rename to", cdb);
	n = text_dir(cdb);
	cdb[n] = 0;
	if (io_syncdir(AT_FDCWD, n ? cdb : ".") < 0)
		return cannot(t, "sync", n ? cdb : ".");
	return EXIT_DONE;
}

int tcprules_main(int argc, char **argv)
{
	static struct tcprules t;
	int fd, r;

	t.name = argv[0];
	if (argc != 3 || !strcmp(argv[1], argv[2]))
		return say_usage(t.name, " cdb temporary <rules");
	t.data = BUF_OVER(t.data_space);
	t.key = BUF_OVER(t.key_space);
	fd = openat(AT_FDCWD, argv[2], O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return cannot(&t, "make", argv[2]);
	if ((r = compile(&t, fd, argv[1], argv[2])))
		unlink(argv[2]);
	return r;
}
