/* routes.c: control/smtproutes, senderroutes and qmqproutes: from a recipient's domain and
 * the message's sender to who takes the mail. Read by the runner when it plans routes and
 * by the SMTP client when it runs alone. A line that says nothing means "by MX", as the
 * qmail family has it; one that makes no sense is refused with words that name it, and
 * so is a password that others may read: its mail waits, as no other way was meant. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "config.h"
#include "relay.h"
#include "routes.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"

/* One file. shared: others than its owner and group may read it. */
struct list { struct buf lines; int shared; };
enum { SMTP, SENDERS, QMQP, LISTS };
static const char *good;	/* the value that was looked at last and can be used */
static const char names[LISTS][13] = { "smtproutes", "senderroutes", "qmqproutes" };
static struct list both[2][LISTS];
static struct list *lists = both[0];	/* in force; the others are read into */
static int loaded, fallback, by_sender;

/* What is behind the colon of a line, and its file. s is 0: there is none. */
struct line { const char *s; const struct list *in; };

/* The sender that is asked about: his line, and his address for /s. */
static struct line sender_line;
static const char *sender_name;

/* A value that stands in no file: words, or one with an address in it. */
static char made[CONTROL_LINE_MAX + 1];
static const char too_long[] = "!a route is too long (with /s or /r)";

/* control/qmqpfallback: 1, 0, -1 control_error(). */
static int load_fallback(void)
{
	char text[512];
	struct buf b = BUF_OVER(text);
	int r = control_line(&b, "qmqpfallback");

	return r > 0 ? b.len && strcmp(text, "0") : r;
}

/* 0, or -1 with control_error(). */
static int load(struct list *l, const char *name)
{
	char path[512];
	struct stat st;

	l->lines.max = CONTROL_MAX;
	l->shared = buf_text(path, sizeof path, "%s/%s", control_dir(), name) &&
		stat(path, &st) == 0 && (st.st_mode & S_IROTH);
	return control_list(&l->lines, name);
}

/* The line behind s, 0: the first. 0: no more. */
static const char *next(const struct list *l, const char *s)
{
	s = s ? s + strlen(s) + 1 : l->lines.s;
	return s < l->lines.s + l->lines.len ? s : 0;
}

/* The letter of a value's or a line's "/s" or "/r", which stands for the sender or for the
 * recipient; or 0. */
static const char *to_fill(const char *value)
{
	value += strcspn(value, " \t");
	value += text_span(value, " \t");
	return *value++ == '/' && (*value == 's' || *value == 'r') &&
		strcspn(value, " \t") == 1 ? value : 0;
}

int routes_load(void)
{
	struct list *fresh = both[lists == both[0]];
	const char *s;
	int i, r;

	if (loaded)
		return 0;
	for (i = 0; i < LISTS; i++)
		if (load(&fresh[i], names[i]) < 0)
			return -1;
	if ((r = load_fallback()) < 0)
		return -1;
	fallback = r;
	lists = fresh;
	by_sender = lists[SENDERS].lines.len > 0;
	for (s = 0; (s = next(lists, s));)
		by_sender |= *s == '@' || *s == '!' || (CFG_TLS && to_fill(s));
	sender_line.s = sender_name = good = 0;
	loaded = 1;
	return 0;
}

void routes_forget(void)
{
	loaded = 0;
}

int routes_by_sender(void)
{
	return by_sender;
}

/* ---- looking up ---- */

static struct line look(int list, const char *key, size_t n)
{
	struct line l = { control_map(&lists[list].lines, key, n), &lists[list] };

	return l;
}

/* Domain, then its suffixes. */
static struct line by_domain(int list, const char *domain, size_t n)
{
	struct line l = { 0, 0 };

	for (; n && !l.s; domain++, n--)
		if (!l.in || *domain == '.')
			l = look(list, domain, n);
	return l;
}

/* The key in both files; in senderroutes without its '@', too. */
static struct line either(const char *key, size_t n)
{
	struct line l = look(SMTP, key, n);

	if (!l.s)
		l = look(SENDERS, key + 1, n - 1);
	return l.s ? l : look(SENDERS, key, n);
}

/* An address, then its domain. */
static struct line by_name(const char *name)
{
	char space[ADDR_CAP + 1];
	struct line l = { 0, 0 };
	size_t at;

	if (!*name)
		return either("!@", 2);
	/* Without a domain he would be taken for one. */
	if (!strchr(name, '@') || !buf_text(space, sizeof space, "@%s", name))
		return l;
	l = either(space, strlen(space));
	at = text_rchr(space, strlen(space), '@');
	return l.s ? l : either(space + at, strlen(space + at));
}

void routes_sender(const char *sender, const char *alias)
{
	sender_line.s = 0;
	sender_name = alias ? alias : sender;
	if (!by_sender)
		return;
	sender_line = by_name(sender);
	if (!sender_line.s && alias)
		sender_line = by_name(alias);
}

/* ---- what is found ---- */

/* 1: *value, that of a line, is words for why it cannot be used: '!' and the place, the end
 * of which may be a secret and is not shown. */
static int refused(const char **value, const struct line *l)
{
	const char *begin = l->s, *why;

	if (begin == good)
		return 0;
	/* Our own sign is none of a file's. */
	why = relay_wrong(*begin == '!' ? "" : begin);
	if (!why && l->in && l->in->shared && relay_secret(l->s))
		why = "it has a password, and others may read the file (chmod o-r)";
	if (!why) {
		good = begin;
		return 0;
	}
	while (l->in && begin > l->in->lines.s && begin[-1])
		begin--;
	*value = made;
	if (!buf_text(made, sizeof made, "!%s%s, \"%.*s\": %s", l->in ? "control/" : "$SMTPROUTE",
		l->in ? names[l->in - lists] : "", (int)strcspn(begin, " \t"), begin, why))
		*value = too_long;
	return 1;
}

/* The sender's address takes the place of a value's /s, the recipient's that of /r. */
static void with_name(const char **value, const char *rcpt)
{
	const char *s = to_fill(*value), *name = sender_name;
	struct buf b = BUF_OVER(made);

	if (!s)
		return;
	if (*s == 'r')
		name = rcpt;
	buf_put(&b, *value, (size_t)(s - *value));
	for (name = name && *name ? name : "!@"; *name; name++)
		buf_fmt(&b, *name > ' ' && *name != '%' ? "%c" : "%%%02x", (unsigned char)*name);
	buf_puts(&b, s + 1);
	buf_z(&b);
	*value = b.full ? too_long : made;
}

char routes_find(const char **value, const char *domain, const char *rcpt, int alone)
{
	size_t n = strlen(domain);
	struct line l = { alone ? getenv("SMTPROUTE") : 0, 0 }, q = { 0, 0 };

	if (!l.s)
		l = by_domain(SMTP, domain, n);
	if (!l.s && !alone)
		q = by_domain(QMQP, domain, n);
	if (!l.s && !q.s)
		l = sender_line.s ? sender_line : look(SMTP, "", 0);
	if (!l.s && !q.s && !alone) {
		q = look(QMQP, "", 0);
		if (!q.s && fallback) {
			*value = "";
			return 'Q';
		}
	}
	if (q.s)
		l = q;
	if (l.s)
		l.s += text_span(l.s, " \t");
	if (!l.s || !*l.s || *l.s == ':') {
		*value = domain;
		return 'M';
	}
	*value = l.s;
	if (q.s)
		return 'Q';
	/* Without TLS nobody logs in. */
	if (!refused(value, &l) && CFG_TLS)
		with_name(value, rcpt);
	return 'R';
}

const char *routes_wrong(size_t *at)
{
	struct line l = { 0, 0 };
	const char *value, *s;
	size_t i = 0;
	int k;

	for (k = SMTP; k <= SENDERS; k++) {
		l.in = &lists[k];
		for (s = 0; (s = next(l.in, s));) {
			if (i++ < *at || !(l.s = strchr(s, ':')))
				continue;
			*at = i;
			l.s++;
			l.s += text_span(l.s, " \t");
			if (*l.s && *l.s != ':' && refused(&value, &l))
				return value + 1;
		}
	}
	return 0;
}
