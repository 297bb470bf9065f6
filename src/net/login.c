/* login.c: finds the user and the secret of a route when a login is about to be made, so
 * that a changed password or a renewed token is taken at the next try. Refuses a file that
 * others may read or that somebody else could have written, and says what to do; an error
 * is never "no login", since the mail would then go out without one. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../base/cdb.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../base/text.h"
#include "../limits.h"
#include "crypt.h"
#include "login.h"
#include "login_cmd.h"
#include "tls_file.h"

#define LOGINS "remote_auth"
#define DATABASE LOGINS ".cdb"
enum { KEYS = 4, COMMAND_SECS = 30, VALUE_CAP = CONTROL_LINE_MAX + 4, PATH_CAP = 512 };

static const char options[KEYS][10] = { "PASSFILE", "PASSCMD", "TOKENFILE", "TOKENCMD" };
enum { IS_COMMAND = 1, IS_TOKEN = 2 };

/* ---- files with secrets ---- */

/* May this file be used? A name without a slash in front is one of the control directory.
 * 0; -1 with words, but 1 where there is no such file. */
static int check(const char *name, struct buf *why)
{
	char path[PATH_CAP];
	struct stat st;

	if (!buf_text(path, PATH_CAP, "%s/%s", *name == '/' ? "" : control_dir(),
		name + (*name == '/')))
		errno = ENAMETOOLONG;
	else if (stat(path, &st) == 0)
		errno = 0;
	if (errno == ENOENT)
		return 1;
	if (!errno)
		return secret_ok(&st, path, why) - 1;
	buf_fmt(why, "user %u cannot read %s: %s", (unsigned)geteuid(), name, err_text(errno));
	return -1;
}

static ssize_t read_file(const char *name, struct login *l, struct buf *why)
{
	struct buf b = BUF_AT(l->secret, 0, sizeof l->secret);
	int r = check(name, why);

	if (r < 0)
		return -1;
	if (r == 0 && (r = control_text(&b, name)) > 0)
		return (ssize_t)b.len;
	buf_fmt(why, "cannot read %s: %s", name, err_text(r < 0 ? errno : ENOENT));
	return -1;
}

/* ---- what the options name ---- */

/* n bytes are in secret: the first line, or of a token everything. 0 / -1. */
static int cut(struct login *l, size_t n)
{
	char *s = l->secret;
	size_t from = 0;

	s[n] = 0;
	if (strlen(s) != n)
		return -1;
	if (l->token) {
		from = text_span(s, " \t\r\n");
		n = text_trim(s + from, n - from);
	} else {
		n = strcspn(s, "\n");
		n -= n && s[n - 1] == '\r';
	}
	memmove(s, s + from, n);
	s[n] = 0;
	l->len = n;
	return n ? 0 : -1;
}

/* What stands for the password is in secret. 1 found; 0 neither it nor an option of the
 * route's value is one; -1. */
static int find(struct login *l, const char *value, int refresh, struct buf *why)
{
	static const char told[] = "export QMTA_REFRESH=1\n";
	char text[sizeof told + CONTROL_LINE_MAX], *arg = text + sizeof told - 1;
	size_t was = why->len;
	int i, r = 0;
	ssize_t n;

	l->len = strlen(l->secret);
	if (strcmp(l->secret, "-"))
		return 1;
	for (i = 0; i < KEYS && !(r = relay_option(value, options[i], arg, CONTROL_LINE_MAX)); i++)
		;
	if (!r)
		return 0;
	l->token = (i & IS_TOKEN) != 0;
	l->made = i > 0;	/* but PASSFILE's */
	buf_fmt(why, "%s: ", options[i]);
	if (r < 0) {
		buf_puts(why, "too long");
		return -1;
	}
	memcpy(text, told, sizeof told - 1);
	n = !(i & IS_COMMAND) ? read_file(arg, l, why) :
		login_command(refresh ? text : arg, l->secret, sizeof l->secret,
			clock_mono() + COMMAND_SECS * 1000, why);
	if (n < 0)
		return -1;
	if (cut(l, (size_t)n) == 0) {
		why->len = was;
		return 1;
	}
	buf_fmt(why, "there is no %s in %s", l->token ? "token" : "password",
		i & IS_COMMAND ? "what the command says" : arg);
	return -1;
}

/* ---- control/remote_auth ---- */

/* The line with the first of these keys that there is, behind what is in value. 1, 0 there
 * is none, -1. */
static int in_file(const char *const key[KEYS], struct buf *value, struct buf *why)
{
	struct buf list = BUF_HEAP(CONTROL_MAX);
	const char *line = 0;
	int i, r = check("remote_auth", why);

	if (r)
		return r < 0 ? r : 0;
	if ((r = control_list(&list, "remote_auth")) < 0)
		buf_puts(why, control_error());
	for (i = 0; r > 0 && i < KEYS && !line; i++)
		line = key[i] ? control_map(&list, key[i], strlen(key[i])) : 0;
	if (line)
		buf_puts(value, line);
	if (list.s)
		crypt_wipe(list.s, list.cap);
	buf_free(&list);
	return r < 0 ? r : line != 0;
}

static int in_database(const char *const key[KEYS], struct buf *value, struct buf *why)
{
	char path[PATH_CAP];
	struct cdb c;
	int r = check(DATABASE, why), i;

	if (r)
		return r < 0 ? r : 0;
	buf_text(path, PATH_CAP, "%s/" DATABASE, control_dir());
	if ((r = cdb_open(&c, path)) > 0) {
		for (i = 0, r = 0; !r && i < KEYS; i++)
			r = key[i] ? cdb_get(&c, key[i], strlen(key[i]), value) : 0;
		cdb_close(&c);
	}
	if (r < 0)
		buf_fmt(why, "cannot read %s: %s", path, err_text(errno));
	return r;
}

/* A login by its key (text, which is the user of the route's own), the relay's host and
 * so on. 1 / -1. */
static int by_key(struct login *l, const char *name, const struct relay *r, int refresh,
	struct buf *why)
{
	const char *const key[KEYS] = { *name ? name : 0, strrchr(name, '@'),
		*r->host ? r->host : 0, "" };
	char text[VALUE_CAP];
	struct buf value = BUF_OVER(text);
	int got;

	buf_puts(&value, "x ");		/* as a route: relay.h takes it apart */
	if ((got = in_file(key, &value, why)) == 0)
		got = in_database(key, &value, why);
	if (got == 0) {
		buf_fmt(why, "%s/" LOGINS " has no login for %s", control_dir(),
			*name ? name : r->host);
		got = -1;
	}
	if (got > 0 && (!buf_z(&value) || relay_login(text, l->user, sizeof l->user, l->secret,
		sizeof l->secret) <= 0 || *l->user == '/' ||
		!(got = find(l, text, refresh, why)))) {
		buf_fmt(why, "%s/" LOGINS ": the line for %s is to be \"key:user password\"",
			control_dir(), *name ? name : r->host);
		got = -1;
	}
	crypt_wipe(text, sizeof text);
	return got;
}

int login_find(struct login *l, const struct relay *r, int refresh, struct buf *why)
{
	char name[sizeof l->user];
	int got;

	memset(l, 0, sizeof *l);
	got = relay_login(r->value, l->user, sizeof l->user, l->secret, sizeof l->secret);
	if (got < 0)
		buf_puts(why, "the route's user or password is too long");
	if (got <= 0)
		return got;
	if (*l->user != '/' && (got = find(l, r->value, refresh, why)) != 0)
		return got;
	memcpy(name, l->user, sizeof name);
	return by_key(l, name + (*name == '/'), r, refresh, why);
}

void login_forget(struct login *l)
{
	crypt_wipe(l, sizeof *l);
}
