/* setupfrom.c: the configuration of sSMTP, msmtp, nullmailer and dma, read for `qmta
 * setup`. For each program there is a table of the settings that have a meaning here;
 * whatever is in no table is named on the way, with its line, and never dropped in
 * silence. Only names of settings are shown, as a value may be a password. Runs no
 * command that stands in such a file. Refuses a file that is not of the kind. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "../base/dir.h"
#include "../base/err.h"
#include "../base/io.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "../msg/ours.h"
#include "setupfrom.h"
#include "setupwords.h"

enum { ACCOUNTS_MAX = 64, ALL = 1 << 30 };

/* For conf_take(). */
static const char ssmtp_table[] = "a" "root\0" "r" "mailhub\0" "d" "rewritedomain\0"
	"m" "hostname\0" "u" "authuser\0" "w" "authpass\0" "x" "usetls\0" "." "usestarttls\0"
	"!" "fromlineoverride\0";
static const char msmtp_table[] = "r" "host\0" "p" "port\0" "u" "user\0" "w" "password\0"
	"s" "from\0" "x" "tls\0" "Z" "tls_starttls\0" "h" "domain\0" "o" "source_ip\0"
	"A" "auth\0" "." "allow_from_override\0" "!" "tls_certcheck\0" "!" "remove_bcc_headers\0";
static const char remote_table[] = "p" "port\0" "u" "user\0" "w" "pass\0" "o" "source\0"
	"T" "tls\0" "T" "ssl\0" "x" "starttls\0";
static const char remote_values[] = ".port\0.user\0.pass\0.source\0";
static const char dma_table[] = "r" "SMARTHOST\0" "p" "PORT\0" "x" "SECURETRANSFER\0"
	"x" "SECURETRANS\0" "." "STARTTLS\0" "m" "MAILNAME\0" "s" "MASQUERADE\0"
	"A" "AUTHPATH\0" "N" "NULLCLIENT\0" "." "SPOOLDIR\0" "." "OPPORTUNISTIC_TLS\0";

/* The first line of a file, or 0. */
static const char *first_line(const char *dir, const char *name, struct conf *l)
{
	return conf_open(l, word_fmt("%s%s", dir, name)) && conf_next(l) ? l->s : 0;
}

/* ---- sSMTP ---- */

/* "user:address[:server]" in revaliases beside the file: what users are called elsewhere. */
static void revaliases(const char *file)
{
	char text[8192], space[2 * ADDR_CAP];
	struct buf map = BUF_OVER(text), check;
	struct conf l;
	size_t user, n;
	const char *a;

	conf_open(&l, word_fmt("%.*srevaliases", (int)text_dir(file), file));
	while (conf_next(&l)) {
		user = strcspn(l.s, ": \t@");
		a = l.s + user + (l.s[user] == ':');
		n = strcspn(a, ":");
		check = BUF_OVER(space);
		if (!user || a == l.s + user || !memchr(a, '@', n) || !ours_address(&check, a, n))
			conf_bad(&l, "this is not user:address or user:address:server");
		else if (a[n])
			conf_unused(&l, a + n);
		buf_fmt(&map, "%.*s %.*s\n", (int)user, l.s, (int)n, a);
	}
	if (map.full)
		conf_bad(&l, "there is too much of it");
	word_set(W_GENERIC, word_fmt("%.*s", (int)map.len, text), l.file, 0);
}

static void ssmtp(const char *file)
{
	struct conf l;

	conf_need(&l, file);
	while (conf_next(&l))
		if (strchr(l.s, '='))
			conf_take_line(&l, ssmtp_table, " \t=");
		else
			conf_bad(&l, "this is not NAME=VALUE");
	revaliases(file);
}

/* ---- msmtp ---- */

static struct {
	unsigned line[ACCOUNTS_MAX];	/* that were used */
	unsigned n;
} used;

/* The next name of a line "account NAME : NAME,NAME" at or behind s; n 0: none. */
static const char *account_name(const char *s, size_t *n)
{
	s += text_span(s, " \t:,");
	*n = strcspn(s, " \t:,");
	return s;
}

/* What is behind the word, or 0: the line begins with another. */
static const char *behind(const struct conf *l, const char *first)
{
	size_t n = strcspn(l->s, " \t");

	return text_caseeq(l->s, n, first, strlen(first)) ? l->s + n : 0;
}

/* What holds for the account whose definition is before line `until`: the defaults up
 * to there, then the accounts that it names, then its own. 1 found, 0 none. */
static int account(const struct conf *file, const char *name, size_t len, unsigned until)
{
	enum { ELSEWHERE, DEFAULTS, MINE } where = DEFAULTS;
	struct conf l = *file;
	const char *s;
	size_t n;
	int found = 0;

	while (conf_next(&l) && l.number < until) {
		if (behind(&l, "defaults")) {
			where = found ? ELSEWHERE : DEFAULTS;
		} else if (!(s = behind(&l, "account"))) {
			conf_quiet = where == DEFAULTS && until != ALL;
			if (where != ELSEWHERE)
				conf_take_line(&l, msmtp_table, " \t");
			conf_quiet = 0;
		} else {
			s = account_name(s, &n);
			where = text_caseeq(s, n, name, len) ? MINE : ELSEWHERE;
			if (where == ELSEWHERE)
				continue;
			found = 1;
			if (used.n == ACCOUNTS_MAX)
				conf_bad(&l, "too many accounts");
			else
				used.line[used.n++] = l.number;
			while ((s = account_name(s + n, &n)), n && !conf_code)
				if (!account(file, s, n, l.number) && !conf_code)
					conf_bad(&l, "this names an account that is not above");
		}
	}
	return found;
}

/* The name of the account to be used; say_unused 1: names those that were not. */
static const char *accounts(struct conf l, int say_unused, size_t *len)
{
	const char *first = "", *s;
	unsigned i;
	size_t n;

	*len = 0;
	while (conf_next(&l)) {
		if (!(s = behind(&l, "account")))
			continue;
		s = account_name(s, &n);
		if (!*len || text_caseeq(s, n, "default", 7)) {
			first = s;
			*len = n;
		}
		for (i = 0; i < used.n && used.line[i] != l.number; i++)
			;
		if (say_unused && i == used.n)
			conf_unused(&l, l.s);
	}
	return first;
}

/* "%U@host" is every user's own name; for other patterns there is nothing here. */
static void msmtp_from(struct word *w)
{
	const char *s = w->s;

	if (!s || *w->from == '-' || !s[strcspn(s, "%*?[")])
		return;
	if (text_casestarts(s, strlen(s), "%U@") && !strpbrk(s + 1, "%*?["))
		word_set(W_DOMAIN, s + 3, w->from, w->line);
	else
		word_wrong(w, "not used by this release", s);
	w->s = 0;
}

static void msmtp(const char *file)
{
	struct conf l;
	const char *name;
	struct word *w;
	size_t n;

	conf_need(&l, file);
	/* Without any account all of it is one. */
	name = accounts(l, 0, &n);
	account(&l, name, n, ALL);
	accounts(l, 1, &n);
	for (w = words; w < words + W_LETTERS; w++) {
		n = w->from == l.file && w->s ? strlen(w->s) : 0;
		if (n > 1 && *w->s == '"' && w->s[n - 1] == '"')
			w->s = word_fmt("%.*s", (int)n - 2, w->s + 1);
	}
	msmtp_from(&words[W_FROM]);
	if (word('A') && !strcmp(word('A'), "off"))
		word_set(W_USER, 0, l.file, 0);
	else if (word('A') && !conf_yes(word('A')))
		word_wrong(&words['A'], "not used by this release", "auth");
	if (word(W_TLS) && words['Z'].from && !word('Z'))
		word_default(W_PORT, "465");
}

/* ---- nullmailer ---- */

/* The next word at *at as a shell would have it, into b, ended. 1/0. */
static int shell_word(struct buf *b, const char **at)
{
	const char *s = *at + text_span(*at, " \t");
	char quote = 0;

	b->len = 0;
	for (; *s && (quote || (*s != ' ' && *s != '\t')); s++)
		if (quote ? *s == quote : *s == '"' || *s == '\'')
			quote ^= *s;
		else
			buf_putc(b, *s == '\\' && quote != '\'' && s[1] ? *++s : *s);
	*at = s;
	return b->len && buf_z(b);
}

/* "host [protocol [option...]]". The first decides; of QMQP there can be several. */
static void remote(const struct conf *l, struct buf *servers)
{
	char host[300], text[1100];
	struct buf h = BUF_OVER(host), b = BUF_OVER(text);
	const char *at = l->s, *port = 0;
	int qmqp, smtp;

	shell_word(&h, &at);
	smtp = !shell_word(&b, &at) || !strcmp(text, "smtp");
	qmqp = !smtp && !strcmp(text, "qmqp");
	if (!h.len || h.full || (!smtp && !qmqp)) {
		conf_bad(l, "this is not HOST, then smtp or qmqp, then options");
		return;
	}
	if (word(W_RELAY) || (servers->len && smtp)) {
		conf_unused(l, host);
		return;
	}
	if (smtp)
		word_set(W_RELAY, word_fmt("%s", host), l->file, l->number);
	while (!conf_code && shell_word(&b, &at)) {
		const char *s = text + text_span(text, "-");
		size_t n = strcspn(s, "=");
		const char *v = word_fmt("%s", s[n] ? s + n + 1 : "1");

		if (!s[n] && word_letter(remote_values, s, n))
			conf_bad(l, "user, pass, port and source need =VALUE");
		else if (qmqp && text_caseeq(s, n, "port", 4))
			port = v;
		else
			conf_take(l, smtp ? remote_table : "", s, n, v);
	}
	if (qmqp)
		buf_fmt(servers, !port ? "%s\n" : strchr(host, ':') ? "[%s]:%s\n" : "%s:%s\n",
			host, port);
	if (h.full || b.full || servers->full)
		conf_bad(l, "this is too long");
}

static void remotes(const char *dir)
{
	char text[2048];
	struct buf servers = BUF_OVER(text);
	struct conf l;

	conf_need(&l, word_fmt("%sremotes", dir));
	while (conf_next(&l))
		remote(&l, &servers);
	word_set(W_SERVERS, word_fmt("%.*s", (int)servers.len, text), l.file, 0);
	if (CFG_SEND && servers.len)	/* it keeps mail while they are away */
		word_set(W_FALLBACK, "1", l.file, 0);
	if (word('T')) {
		words[W_TLS] = words['T'];
		word_default(W_PORT, "465");
	}
}

static void nullmailer(const char *dir)
{
	struct conf l = { .file = dir };
	struct dir d;
	const char *s;
	size_t n;
	int r;

	if (dir_open(&d, AT_FDCWD, dir) < 0) {
		conf_code = errno == ENOENT || errno == ENOTDIR ? EXIT_PERM : EXIT_TEMP;
		conf_say(&l, err_text(errno), 0);
	}
	while (!conf_code && dir_next(&d) > 0) {
		n = strlen(d.name);
		if (*d.name == '.' || !strcmp(d.name, "remotes"))
			continue;
		r = word_letter(setup_names, d.name, n);
		if (!r || r == W_GENERIC)
			conf_unused(&(struct conf){ .file = dir }, d.name);
		else if ((s = first_line(dir, d.name, &l)))
			word_set(r, s, l.file, l.number);
	}
	dir_close(&d);
	remotes(dir);
	if (!word(W_ME) && (s = first_line("", "/etc/mailname", &l)))
		word_set(W_ME, s, l.file, l.number);
}

/* ---- dma ---- */

/* "user|host:password": the one for the relay. */
static void dma_login(const char *file)
{
	const char *relay = word(W_RELAY) ? word(W_RELAY) : "";
	struct conf l;
	char *bar, *colon;

	conf_need(&l, file);
	while (conf_next(&l)) {
		bar = strchr(l.s, '|');
		colon = bar ? strchr(bar, ':') : 0;
		if (!colon) {
			conf_bad(&l, "this is not user|host:password");
			continue;
		}
		*bar++ = *colon++ = 0;
		if (word(W_USER) || !text_caseeq(bar, strlen(bar), relay, strlen(relay))) {
			conf_unused(&l, bar);
			continue;
		}
		word_set(W_USER, l.s, l.file, l.number);
		word_set(W_PASS, colon, l.file, l.number);
	}
}

static void dma(const char *dir)
{
	struct word *me = &words[W_ME], *from = &words[W_FROM];
	struct conf l;

	conf_need(&l, word_fmt("%sdma.conf", dir));
	while (conf_next(&l))
		conf_take_line(&l, dma_table, " \t");
	if (word('A'))
		dma_login(word('A'));
	if (!words['N'].from)
		word_set(W_LOCAL, "1", l.file, 0);
	if (word(W_PORT) && !word(W_RELAY))
		word_wrong(&words[W_PORT], "not used by this release without a SMARTHOST", 0);
	if (word(W_ME) && *me->s == '/' && *me->from != '-') {
		me->s = first_line("", me->s, &l);
		me->from = l.file;
		me->line = l.number;
	}
	/* A host alone is put into every sender. */
	if (from->s && *from->from != '-' && !strchr(from->s, '@')) {
		word_set(W_DOMAIN, from->s, from->from, from->line);
		from->s = 0;
	}
}

int setup_import(const char *program, const char *path)
{
	static const struct { char name[11], path[27]; void (*read)(const char *); } all[] = {
		{ "dma", "/etc/dma/", dma },
		{ "msmtp", "/etc/msmtprc", msmtp },
		{ "nullmailer", "/etc/nullmailer/", nullmailer },
		{ "ssmtp", "/etc/ssmtp/ssmtp.conf", ssmtp },
	};
	const char *home = getenv("HOME");
	unsigned i;
	int dir;

	for (i = 0; i < 4 && strcmp(all[i].name, program); i++)
		;
	if (i == 4)
		return EXIT_PERM;
	dir = all[i].path[strlen(all[i].path) - 1] == '/';
	if (path && dir)
		path = word_fmt("%s/", path);
	else if (!path && all[i].read == msmtp && home && access(all[i].path, F_OK) < 0)
		path = word_fmt("%s/.msmtprc", home);
	all[i].read(path ? path : all[i].path);
	/* Where no domain is set these put their own name into addresses. */
	if (all[i].read != msmtp && !word(W_DOMAIN) && !word(W_DEFAULTHOST))
		words[W_DEFAULTHOST] = words[W_ME];
	return conf_code;
}
