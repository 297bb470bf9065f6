/* setupwords.c: the words that `qmta setup` was told, and the lines of the files that they
 * come from. A file is read whole and cut into strings once. Refuses files that cannot
 * be read, are larger than a control file may be, or hold a NUL byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include "../base/err.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "setupwords.h"

struct word words[W_LETTERS];
int conf_code, conf_quiet;

/* control/me is the last: on a new machine nothing is sent before. */
const char setup_names[] = "a" "adminaddr\0" "s" "allmailfrom\0" "g" "generic\0"
	"o" "outgoingip\0" "h" "helohost\0" "y" "queuelifetime\0" "b" "doublebounceto\0"
	"e" "defaultdomain\0" "l" "plusdomain\0" "t" "defaulthost\0" "i" "idhost\0" "m" "me\0";

static char store[65536];
static struct buf kept = BUF_STATIC(store);

int word_letter(const char *table, const char *name, size_t n)
{
	for (; *table; table += strlen(table) + 1)
		if (text_caseeq(table + 1, strlen(table + 1), name, n))
			return *table;
	return 0;
}

const char *word_fmt(const char *fmt, ...)
{
	size_t was = kept.len;
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&kept, fmt, ap);
	va_end(ap);
	buf_putc(&kept, 0);
	if (!kept.full)
		return store + was;
	kept.len = was;
	return "";
}

int word_lost(void)
{
	if (kept.full)
		say(SETUP, "there is too much of it");
	return kept.full;
}

void word_set(int letter, const char *s, const char *from, unsigned line)
{
	struct word *w = &words[letter];

	if (w->from && *w->from == '-')
		return;
	w->s = s;
	w->from = from;
	w->line = line;
}

void word_default(int letter, const char *s)
{
	if (!word(letter))
		words[letter].s = s;
}

const char *word(int letter)
{
	const char *s = words[letter].s;

	return s && *s ? s : 0;
}

int word_wrong(const struct word *w, const char *why, const char *shown)
{
	char text[400];
	struct buf b = BUF_OVER(text);

	buf_puts(&b, w->from);
	if (w->line)
		buf_fmt(&b, ", line %u", w->line);
	buf_fmt(&b, ": %s%s", why, shown ? ": " : "");
	for (; shown && *shown && b.len < sizeof text - 1; shown++)
		buf_putc(&b, *shown < ' ' || *shown > '~' ? '_' : *shown);
	say(SETUP, "%.*s", (int)b.len, text);
	return -1;
}

/* ---- lines ---- */

void conf_say(const struct conf *l, const char *why, const char *shown)
{
	struct word w = { 0, l->file, l->number };

	word_wrong(&w, why, shown);
}

void conf_bad(const struct conf *l, const char *why)
{
	conf_say(l, why, 0);
	conf_code = EXIT_PERM;
}

/* Each line becomes a string without blanks around it, and that of a comment is empty. */
static void split(struct conf *l)
{
	char *to = l->next, *s = to;
	size_t n, keep;

	for (; s < l->end; s += n + 1) {
		keep = text_span(s, " \t\r");
		s += keep;
		n = strcspn(s, "\n");
		keep = *s == '#' ? 0 : text_trim(s, n);
		memmove(to, s, keep);
		to += keep;
		*to++ = 0;
	}
	l->end = to;
}

int conf_open(struct conf *l, const char *file)
{
	struct buf b = BUF_HEAP(CONTROL_MAX);
	int r = io_slurp(AT_FDCWD, file, &b);

	memset(l, 0, sizeof *l);
	l->file = word_fmt("%s", file);
	if (r < 0 || !buf_z(&b)) {
		conf_say(l, err_text(errno), 0);
		conf_code = EXIT_TEMP;
	} else if (strlen(b.s) != b.len) {
		conf_bad(l, "it holds a NUL byte");
	} else {
		l->next = b.s;
		l->end = b.s + b.len;
		split(l);
	}
	return r > 0 && !conf_code;
}

int conf_next(struct conf *l)
{
	while (l->next < l->end && !conf_code) {
		l->s = l->next;
		l->next += strlen(l->s) + 1;
		l->number++;
		if (*l->s)
			return 1;
	}
	return 0;
}

void conf_unused(const struct conf *l, const char *name)
{
	if (!conf_quiet)
		conf_say(l, "not used by this release", name);
}

void conf_need(struct conf *l, const char *file)
{
	if (!conf_open(l, file) && !conf_code)
		conf_bad(l, "there is no such file");
}

int conf_yes(const char *s)
{
	return word_letter(".\0.yes\0.on\0.true\0.1\0", s, strlen(s)) != 0;
}

void conf_take(const struct conf *l, const char *table, const char *name, size_t n,
	const char *v)
{
	int letter = word_letter(table, name, n);

	if (letter == W_TLS || letter == 'Z')
		v = conf_yes(v) ? "1" : "";
	if (!letter || (letter == '!' && !conf_yes(v))) {
		/* A mistake for a blank: what is behind it may be a password. */
		name = word_fmt("%.*s", (int)n, name);
		conf_unused(l, word_fmt("%.*s", (int)strcspn(name, "=:"), name));
	} else if (letter != '.' && letter != '!')
		word_set(letter, v, l->file, l->number);
}

void conf_take_line(const struct conf *l, const char *table, const char *between)
{
	size_t n = strcspn(l->s, between);

	conf_take(l, table, l->s, n, l->s + n + text_span(l->s + n, between));
}
