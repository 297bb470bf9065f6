/* sendmail.c: the applet sendmail, also called mailq: the
 * options that programs of forty years pass, most of which mean nothing here.
 * All of them are understood, so that their arguments are never taken for
 * recipients; none of them reads or writes a file (-C, -X, -D, -O). Options may
 * stand behind recipients; -- ends them. Answers with sysexits. */
#include <string.h>
#include "config.h"
#include "../applet.h"
#include "../base/env.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../base/text.h"
#include "../exits.h"
#include "../queue/wish.h"
#include "fate.h"
#include "inject.h"

enum mode { MODE_SEND, MODE_VERIFY, MODE_MAILQ, MODE_ALIASES, MODE_NOTHING, MODE_FLUSH,
	MODE_SMTP };

static const char name[] = "sendmail";

struct sm {
	struct inject o;
	enum mode mode;
	int ignore_dots;
	unsigned notify;	/* -N: WISH_ bits */
	int ret;		/* -R: 'F', 'H' or 0 */
	const char *id;		/* -V */
};

static int usage(const struct opt *p)
{
	say(name, "unknown option or value, or none behind it: %s; usage: "
		"sendmail [-t] [-i] [-f sender] [-F name] [--] [recipient ...]",
		p->argv[p->at - 1]);
	return SM_USAGE;
}

/* -b: what sendmail is to be this time. 0, or the exit code. */
static int set_mode(struct sm *s, const struct opt *p)
{
	int c = *p->arg;
	static const char modes[] = "ma" "v" "p" "ihH" "s";
	static const char means[] = { MODE_SEND, MODE_SEND, MODE_VERIFY, MODE_MAILQ,
		MODE_ALIASES, MODE_NOTHING, MODE_NOTHING, MODE_SMTP };
	const char *m = c ? strchr(modes, c) : 0;

	if (m)
		s->mode = (enum mode)means[m - modes];
	else if (c == 'd' || c == 'D') {
		say(name, "a daemon (-b%c) is not built in; qmta-send -d delivers", c);
		return SM_USAGE;
	}
	return m ? 0 : usage(p);
}

static const char letters[] =
	"tiIf:r:F:o:b:qdEJQMN:R:V:"
	"vmnxGU" "B:C:D:e:h:L:O:p:X:A:";	/* nothing here to set */

/* -N success,delay: the bits. Other words mean nothing. */
static unsigned notify(const char *s)
{
	unsigned found = 0;
	size_t n;

	do {
		n = strcspn(s, ",");
		found |= 1u << text_index(wish_words, s, n) >> 1;
		s += n;
	} while (*s++);
	return found & WISH_NEVER ? WISH_NEVER : found;
}

static void want(struct sm *s, int c, const char *arg)
{
	if (c == 'N')
		s->notify = notify(arg);
	else if (c == 'R')
		s->ret = (*arg | 32) == 'h' ? 'H' : 'F';
	else
		s->id = arg;
}

/* What the sender wants to be told, to whoever takes the message. */
static void put_wish(const struct sm *s)
{
	static char space[sizeof WISH_VAR + WISH_CAP];
	struct buf b = BUF_OVER(space);

	if (!s->notify && !s->ret && !s->id)
		return;
	buf_fmt(&b, WISH_VAR "=%c%c", (int)('0' + s->notify), s->ret ? s->ret : '-');
	if (s->id)
		wish_xtext(&b, s->id, strlen(s->id));
	/* Too long for SMTP: better no name for the envelope than a part of it. */
	if (b.full || !buf_z(&b))
		space[sizeof WISH_VAR + 2] = 0;
	env_put(space);
}

/* 0, or the exit code. */
static int option(struct sm *s, struct opt *p, int c)
{
	switch (c) {
	case 't': s->o.rcpts = RCPT_BOTH; break;
	case 'i': s->ignore_dots = 1; break;
	case 'I': s->mode = MODE_ALIASES; break;
	case 'f': case 'r': s->o.sender = p->arg; break;
	case 'F': s->o.name = p->arg; break;
	case 'o':
		if (*p->arg == 'i' && !strchr(p->arg, '='))
			s->ignore_dots = 1;
		break;
	case 'N': case 'R': case 'V':
		if (CFG_QUEUE)
			want(s, c, p->arg);
		break;
	case 'b':
		return set_mode(s, p);
	case 'q':
		s->mode = MODE_FLUSH;
		/* -q15m, -qIid; also -qI id. */
		if (p->rest && strchr("IRSQ", *p->rest) && !p->rest[1] && p->at < p->argc)
			p->at++;
		/* fall through */
	case 'd': case 'E': case 'J': case 'Q': case 'M':
		p->rest = 0;	/* a value that is never a word of its own */
		break;
	case '?':
		return usage(p);
	}
	return 0;
}

/* Options out of argv; what is left are recipients, at argv + 1. */
static int options(struct sm *s, int argc, char **argv)
{
	struct opt p = OPT_INIT(argc, argv);
	int c, was, code, n = 1, only = 0;	/* only: operands from here on */

	while (p.at < argc || p.rest) {
		was = p.at;
		c = only ? -1 : opt_next(&p, letters);
		if (c != -1) {
			if ((code = option(s, &p, c)))
				return code;
		} else if (p.at > was)
			only = 1;	/* -- */
		else
			argv[n++] = argv[p.at++];
	}
	s->o.args = argv + 1;
	s->o.nargs = n - 1;
	return 0;
}

/* The queue's own programs answer with 0, 75, 100 and 111. */
static int sysexit(int code)
{
	if (code == EXIT_TEMP)
		return SM_TEMPFAIL;
	return code == EXIT_PERM ? SM_UNAVAILABLE : code;
}

static int absent(void)
{
	say(name, "the queue is not built in");
	return fate_exit(FATE_ABSENT, 1);
}

static int mailq(void)
{
	static char word[] = "mailq", *argv[] = { word, 0 };

	return CFG_SEND ? sysexit(qread_main(1, argv)) : absent();
}

static int aliases(void)
{
	static char word[] = "newaliases", *argv[] = { word, 0 };

	return newaliases_main(1, argv);
}

static int smtp(void)
{
	static char word[] = "sendmail", *argv[] = { word, 0 };

	if (CFG_BS)
		return smtpstdin_main(1, argv);
	say(name, "an SMTP server (-bs) is not built in; use -t or arguments");
	return SM_UNAVAILABLE;
}

/* -q: one run over the whole queue. Mail that still has to wait is no error. */
static int flush(void)
{
	static char word[] = "qmta-send", all[] = "-a", *argv[] = { word, all, 0 };
	int code;

	if (!CFG_SEND)
		return absent();
	code = send_main(2, argv);
	return code == EXIT_LEFT ? SM_OK : sysexit(code);
}

int sendmail_main(int argc, char **argv)
{
	struct sm s = { .o = { .prog = name, .sysexits = 1, .rcpts = RCPT_ARGS,
		.lists = 1, .from_sender = 1 } };
	const char *called = argc ? argv[0] + text_dir(argv[0]) : name;
	int code;

	if (!strcmp(called, "mailq"))
		s.mode = MODE_MAILQ;
	if ((code = options(&s, argc, argv)))
		return code;
	switch (s.mode) {
	case MODE_MAILQ:
		return mailq();
	case MODE_FLUSH:
		return flush();
	case MODE_ALIASES:
		return aliases();
	case MODE_SMTP:
		return smtp();
	case MODE_NOTHING:
		return SM_OK;
	case MODE_VERIFY:
		s.o.verify = 1;
		break;
	case MODE_SEND:
		s.o.dots = !s.ignore_dots;
		if (CFG_QUEUE)
			put_wish(&s);
		break;
	}
	return inject_run(&s.o);
}
