/* setupwords.h: what `qmta setup` was told, by the command line or by another program's
 * configuration: one word for each letter, with the place it came from; and the lines of
 * such configurations. */
#ifndef TOOLS_SETUPWORDS_H
#define TOOLS_SETUPWORDS_H
#include <stddef.h>

#define SETUP "qmta setup"	/* what every message begins with */

/* The letters. Capitals mean something to one file alone. */
enum setup_word {
	W_ADMIN = 'a',		/* addresses: control/adminaddr */
	W_BOUNCE = 'b',		/* doublebounceto */
	W_DOMAIN = 'd',		/* the domain in addresses */
	W_DEFAULTDOMAIN = 'e',
	W_PASSFILE = 'f',
	W_GENERIC = 'g',	/* lines "user address", which were looked at */
	W_HELO = 'h',
	W_IDHOST = 'i',
	W_FALLBACK = 'j',	/* "1" or not said, as W_LOCAL and W_TLS */
	W_LOCAL = 'k',		/* mail for users here stays here */
	W_PLUSDOMAIN = 'l',
	W_ME = 'm',		/* this host */
	W_SOURCE = 'o',		/* an address of this machine: outgoingip */
	W_PORT = 'p',		/* of the relay */
	W_SERVERS = 'q',	/* of QMQP */
	W_RELAY = 'r',
	W_FROM = 's',		/* one address: control/allmailfrom */
	W_DEFAULTHOST = 't',
	W_USER = 'u',
	W_PASS = 'w',
	W_TLS = 'x',
	W_LIFE = 'y',		/* queuelifetime */
	W_LETTERS = 128
};

struct word {
	const char *s;		/* 0 or "": nothing was said */
	const char *from;	/* "--host", or a file; 0: nothing was said */
	unsigned line;		/* of the file; 0: from is all there is to say */
};
extern struct word words[W_LETTERS];

/* Files that hold one of the words as it is, each behind its letter, in the order in which
 * they are to be written. */
extern const char setup_names[];

/* A table of names is a string: a letter, the name, a NUL, and so on. The letter of a
 * name of n bytes, case-blind; 0 when there is none. */
int word_letter(const char *table, const char *name, size_t n);
/* A C string that stays. "" when there is no room, as then for ever: see word_lost(). */
const char *word_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* 1: there was no room for something, which was said. */
int word_lost(void);
/* Kept only if the command line has not said another. */
void word_set(int letter, const char *s, const char *from, unsigned line);
/* Kept only if nothing was said. */
void word_default(int letter, const char *s);
/* What was said, or 0. */
const char *word(int letter);
/* On 2 "FROM, line LINE: WHY" or "FROM: WHY", and then ": SHOWN" unless that is 0, in
 * which unprintable bytes are replaced. Always -1. */
int word_wrong(const struct word *w, const char *why, const char *shown);

/* Looks at everything (setupcheck.c); completes W_ME, W_ADMIN and W_FROM, puts W_SERVERS
 * in lines, puts W_PORT behind W_RELAY, which is then as smtproutes has it, and gives
 * W_DEFAULTDOMAIN and W_DEFAULTHOST their defaults. 0; -1, and all that is wrong was
 * said. */
int words_check(void);

/* A file, line by line. */
struct conf {
	const char *file;
	char *next, *end;
	char *s;		/* the line, without blanks around it */
	unsigned number;
};
extern int conf_code;		/* the exit code, once something is wrong: all reading ends */

extern int conf_quiet;		/* 1: what is not used was said before */

/* The file, whose text stays. 1; 0 there is no such file, or conf_code is set. */
int conf_open(struct conf *l, const char *file);
/* The same, and it has to be there. */
void conf_need(struct conf *l, const char *file);
/* The next line that is neither empty nor a comment: 1, 0 at the end. */
int conf_next(struct conf *l);
/* Says it with the file and the line; conf_bad() sets conf_code, too. */
void conf_say(const struct conf *l, const char *why, const char *shown);
void conf_bad(const struct conf *l, const char *why);
/* 1 for nothing, yes, on, true and 1. */
int conf_yes(const char *s);
/* Names a setting that means nothing here. */
void conf_unused(const struct conf *l, const char *name);
/* The word whose letter the name of n bytes has in the table gets the value, which stays
 * the caller's. '.' is what is so here anyway, and '!' too if it is yes; what is not in the
 * table is named. */
void conf_take(const struct conf *l, const char *table, const char *name, size_t n,
	const char *value);
/* The same of the line: name and value with some of `between` between them. */
void conf_take_line(const struct conf *l, const char *table, const char *between);

#endif
