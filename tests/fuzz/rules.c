/* A fuzz target: the rules of the listener, for libFuzzer (run.sh rules). The first byte
 * even: the rest is a text for tcprules; what it makes is looked up for addresses and
 * hosts of the text itself. Odd: it is the cdb, as a damaged disk leaves it. Judged: a file
 * that tcprules has made is never damaged; the address of each line that is one finds a
 * rule; a line that stands in no file that was refused; what is found in any file
 * is within its room, and applied or refused as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../src/base/env.h"
#include "fuzz.h"

/* Nothing gets into this process's own variables. */
static int fz_env_put(char *pair)
{
	const char *is = strchr(pair, '=');

	if (!is || !env_name_ok(pair, (size_t)(is - pair))) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}
#define env_put fz_env_put
#include "../../src/listen/rules.c"
#undef env_put
#include "../../src/base/log.h"
static void hush(const char *name, const char *fmt, ...)	/* it is wrong very often */
{
	(void)name, (void)fmt;
}
#define say hush
#include "../../src/listen/tcprules.c"

static int in_fd = -1, cdb_fd = -1;
static char cdb_path[32];

/* 1 found, 0, -1 errno; what was found is judged. */
static int find(const struct addr *a, const char *host)
{
	struct buf data = BUF_HEAP(RULES_MAX);
	int r = rules_find(cdb_path, a, host, &data);

	must(r >= -1 && r <= 1 && data.len <= RULES_MAX);
	must(r >= 0 || errno == EBADMSG || errno == EFBIG);
	if (r > 0)
		must(rules_apply(&data) >= -1);
	buf_free(&data);
	return r;
}

/* Lookups of all that could be addresses in the text. made: by tcprules, of that text. */
static void look_up(const char *s, size_t n, int made)
{
	char word[256], host[NAME_CAP], *end;
	struct addr a;
	size_t i, k;
	int r, count = 0;

	for (i = 0; i < n && count < 20; i += k + 1) {
		k = strcspn(s + i, "\n");
		buf_text(word, sizeof word, "%.*s", (int)k, s + i);
		if (made && (end = verdict(word)))
			*end = 0;
		if ((end = strchr(word, '/')) && !end[1 + strspn(end + 1, "0123456789")])
			*end = 0;
		if (addr_parse(&a, word, strlen(word))) {
			peer_plain(&a);
			count++;
			r = find(&a, 0);
			must(!made || r == 1);
		}
		if (s[i] == '=' && k < 200) {
			size_t j;

			for (j = 1; j < k && !strchr(":\n", s[i + j]); j++)
				host[j - 1] = (char)text_lower((unsigned char)s[i + j]);
			host[j - 1] = 0;
			must(addr_parse(&a, "192.0.2.77", 10));
			count++;
			r = find(&a, host);
			must(!made || r >= 0);
		}
	}
	must(addr_parse(&a, "2001:db8::7", 11));
	r = find(&a, "h.example.net");
	must(!made || r >= 0);
	must(addr_parse(&a, "192.0.2.7", 9));
	r = find(&a, 0);
	must(!made || r >= 0);
}

static void refill(int fd, const char *p, size_t n)
{
	must(!ftruncate(fd, 0) && pwrite(fd, p, n, 0) == (ssize_t)n && !lseek(fd, 0, 0));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	static struct tcprules t;
	char *text;
	int null, r;

	if (!n)
		return 0;
	if (in_fd < 0) {
		must((in_fd = memfd_create("in", 0)) >= 0 && (cdb_fd = memfd_create("cdb", 0)) >= 0);
		must(!fchmod(cdb_fd, 0600));
		snprintf(cdb_path, sizeof cdb_path, "/proc/self/fd/%d", cdb_fd);
	}
	text = calloc(1, n);	/* a string */
	must(text != 0);
	memcpy(text, data + 1, n - 1);
	if (*data & 1) {
		refill(cdb_fd, text, n - 1);
		look_up("10.1.2.3\n192.168.77.1\n::1\nfe80::1\n=a.b.example\n", 48, 0);
		free(text);
		return 0;
	}
	memset(&t, 0, sizeof t);
	t.name = "tcprules";
	t.data = BUF_OVER(t.data_space);
	t.key = BUF_OVER(t.key_space);
	refill(in_fd, text, n - 1);
	must(!ftruncate(cdb_fd, 0) && !lseek(cdb_fd, 0, 0));
	must((null = dup(0)) >= 0 && dup2(in_fd, 0) == 0);
	cdbmake_start(&t.make, cdb_fd);
	r = copy(&t);
	must(dup2(null, 0) == 0 && !close(null));
	if (!r) {
		must(!cdbmake_end(&t.make));
		if (!memchr(text, 0, n - 1))
			look_up(text, n - 1, 1);
	}
	free(text);
	return 0;
}
