/* accounts.c: control/smtpauth. A user who is not in it gets somebody's line, as if it were
 * his: chosen by his name and what only the file knows, with a salt of his own, and fitting
 * no password. So neither words nor time tell who has an account, whatever the rounds and
 * kinds of the lines are. Refuses a file that others may read, and passes over lines that it
 * does not understand, with words. */
#include <errno.h>
#include <string.h>
#include "../base/control.h"
#include "../base/log.h"
#include "../base/near.h"
#include "../base/text.h"
#include "../limits.h"
#include "../net/crypt.h"
#include "../net/saslserve.h"
#include "../net/tls_file.h"
#include "accounts.h"

static NEAR(0) struct {
	struct buf file;	/* the good lines, each ending in NUL */
	unsigned lines;
	unsigned char key[32];
} A;

/* The first line, and the next one. Both are "user:verifier". */
static const char *next(const char *line)
{
	return line ? line + strlen(line) + 1 : A.file.s;
}

int accounts_find(void *arg, const char *user, struct verifier *v)
{
	size_t n = strlen(user), len;
	unsigned char mac[32];
	const char *line = next(0);
	unsigned i = 0;
	int nobody;

	(void)arg;
	v->kind = VERIFIER_NONE;
	if (!A.lines || digest_hmac(DIGEST_SHA256, A.key, 32, user, n, mac) < 0)
		return -1;
	while (i < A.lines && (strncmp(line, user, n) || line[n] != ':' || memchr(user, ':', n))) {
		line = next(line);
		i++;
	}
	nobody = i == A.lines;
	if (nobody)
		for (line = next(0), i = (mac[30] << 8 | mac[31]) % A.lines; i; i--)
			line = next(line);
	len = strcspn(line, ":") + 1;
	verifier_parse(v, line + len, strlen(line + len));
	v->nobody = nobody;
	return verifier_ready(v, mac);
}

/* Keeps the good lines. Which kinds of verifiers there are, as bits. */
static unsigned take_file(void)
{
	unsigned kinds = 0, number = 0;
	struct verifier v;
	char *line = A.file.s, *to = line, *colon;
	const char *end = line + A.file.len;
	size_t n, len;

	for (; line < end; line += n + 1) {
		n = strcspn(line, "\n");
		len = text_trim(line, n);
		number++;
		if (!len || *line == '#')
			continue;
		colon = memchr(line, ':', len);
		if (!colon || colon == line ||
			!verifier_parse(&v, colon + 1, (size_t)(line + len - colon) - 1)) {
			say("mini-smtpd", "control/smtpauth: line %u is no user:password as "
				"`qmta auth` writes it, and nobody can log in by it", number);
			continue;
		}
		kinds |= 1u << v.kind;
		memmove(to, line, len);
		to += len;
		*to++ = 0;
		A.lines++;
	}
	crypt_wipe(&v, sizeof v);
	return kinds;
}

int accounts_load(void)
{
	char words[512];
	struct buf why = BUF_OVER(words);
	unsigned kinds;
	int e;

	A.file = (struct buf)BUF_HEAP(CONTROL_MAX);
	if (!control_exists("smtpauth"))
		return 0;
	errno = 0;
	if (secret_read("smtpauth", &A.file, &why) < 0) {
		e = errno;
		say("mini-smtpd", "%.*s", (int)why.len, why.s);
		return file_lasting(e) - 1;
	}
	/* The first user's secret: made-up salts stay the same when others come and go. */
	if (!(kinds = take_file()) || digest(DIGEST_SHA256, A.file.s, strlen(A.file.s), A.key) < 0)
		return 0;
	return MECH_PLAIN | MECH_LOGIN | (kinds & 1u << VERIFIER_HASH ? 0 : MECH_SCRAM) |
		(kinds == 1u << VERIFIER_CLEAR ? MECH_CRAM : 0);
}

void accounts_forget(void)
{
	if (A.lines)
		crypt_wipe(A.file.s, A.file.cap);
	A.lines = 0;
}
