/* inbound.c: no address that it takes leaves this host, or means another host to anybody
 * behind it. Random addresses of all that has ever made a relay; what is taken is routed
 * by the runner's own code. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../src/serve/inbound.c"
#include "../../src/send/conf.h"
#include "../../src/send/route.h"
#include "../../src/serve/address.h"
#include "../lib/tap.h"

static void put(const char *name, const char *s)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, strlen(s)) != (ssize_t)strlen(s) || close(fd) < 0)
		abort();
}

static int is_ours(const char *host, size_t n)
{
	static const char *const ours[] = { "me.example", "in.example", "gate.example" };
	size_t i;

	for (i = 0; i < sizeof ours / sizeof *ours; i++)
		if (text_caseeq(host, n, ours[i], strlen(ours[i])))
			return 1;
	return n > 10 && text_caseeq(host + n - 10, 10, ".w.example", 10);
}

/* 1 it was taken and is harmless, 0 it was refused, -1 it is a relay. */
static int try(const char *path)
{
	char given[ADDR_CAP], space[2 * ADDR_CAP];
	struct buf p = BUF_OVER(given), addr = BUF_OVER(space);
	struct route r;
	const char *end = path_read(path, &p), *via;
	size_t at;

	if (!end || *end || !p.len)
		return 0;
	buf_put(&addr, p.s, p.len);
	if (inbound_rcpt(&addr))
		return 0;
	/* What the queue gets is the address as it was given. */
	if (route_find(&r, p.s, p.len) < 0)
		return -1;
	at = text_rchr(r.addr, r.len, '@');
	if (!is_ours(r.addr + at + 1, r.len - at - 1))
		return -1;
	via = r.via;
	if (r.chan == REMOTE && !is_ours(via + 1, strlen(via + 1)))
		return -1;
	/* Nor may a server behind us read another host in it. */
	return strcspn(r.addr, "%!") < r.len || strchr(r.addr, '@') != r.addr + at ? -1 : 1;
}

static void test_random(unsigned n)
{
	static const char *const words[] = { "a", "b", "@", "@", "%", "%", "!", ":", "\"", "\\", ",", ".",
		"me.example", "in.example", "far.example", "gate.example", "x.w.example", "postmaster",
		"[192.0.2.1]", "<", ">", " ", "(", "@far.example", "%far.example", "@in.example", "@gate.example" };
	unsigned seed = 11, taken = 0, relays = 0, i, k, len;
	char path[400];

	for (i = 0; i < n; i++) {
		*path = 0;
		len = 1 + ((seed = seed * 1103515245u + 12345u) >> 16) % 9;
		strcat(path, "<");
		for (k = 0; k < len; k++) {
			seed = seed * 1103515245u + 12345u;
			strcat(path, words[(seed >> 16) % (sizeof words / sizeof *words)]);
		}
		strcat(path, ">");
		switch (try(path)) {
		case 1: taken++; break;
		case 0: break;
		default:
			if (!relays++)
				ok(0, "a relay: %s", path);
		}
	}
	ok(!relays && taken > n / 1000, "%u addresses, %u taken, none of them a relay", n, taken);
}

int main(void)
{
	static const struct { const char *path; int r; } t[] = {
		{ "<a@in.example>", 1 }, { "<a@far.example>", 0 }, { "<@in.example:a@far.example>", 0 },
		{ "<@far.example:a@in.example>", 1 }, { "<a%far.example@in.example>", 0 },
		{ "<a%in.example@gate.example>", 1 }, { "<a%far.example@gate.example>", 0 },
		{ "<a%far.example%in.example@gate.example>", 0 }, { "<\"a@far.example\"@in.example>", 0 },
		{ "<\"a\\@far.example\"@in.example>", 0 }, { "<far.example!a@in.example>", 0 },
		{ "<\"a@b\"@gate.example>", 0 }, { "<\"a%x\"@in.example>", 0 }, { "<a@in.example.>", 0 },
		{ "<postmaster>", 1 }, { "<POSTMASTER>", 1 }, { "<a>", 1 }, { "<a%far.example>", 0 },
		{ "<a@[192.0.2.1]>", 0 }, { "<a@x.w.example>", 1 }, { "<a@w.example>", 0 },
	};
	char top[] = "/tmp/qmta-inbound.XXXXXX", rm[64], space[2 * ADDR_CAP];
	struct buf addr = BUF_OVER(space);
	size_t i;

	if (!mkdtemp(top) || chdir(top) < 0)
		abort();
	setenv("CONTROLDIR", top, 1);
	log_to(open("log", O_WRONLY | O_CREAT, 0600));
	put("me", "me.example\n");
	put("percenthack", "gate.example\nme.example\n");
	put("rcpthosts", "in.example\ngate.example\n.w.example\n");
	ok(conf_read() == 0, "the runner's settings");
	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(try(t[i].path) == t[i].r, "%s: %d", t[i].path, t[i].r);
	test_random(getenv("QMTA_SHORT") ? 20000 : 200000);
	unlink("me");
	buf_puts(&addr, "a");
	ok(!strncmp(inbound_rcpt(&addr), "451", 3), "no name for an address without a host");
	unlink("rcpthosts");
	put("me", "me.example\n");
	for (i = 0; i < sizeof t / sizeof *t; i++)
		ok(try(t[i].path) == 0, "no rcpthosts: %s", t[i].path);
	snprintf(rm, sizeof rm, "rm -rf %s", top);
	return system(rm) | done();
}
