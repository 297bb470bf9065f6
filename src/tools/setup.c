/* setup.c: `qmta setup`: a working control directory from one line. It asks nothing. The
 * words come from the command line and from another program's configuration, all are
 * looked at, then the files are written, all or none. Here stands which files each
 * kind of machine needs, in the order in which a change is safe at every step. Refuses
 * options that mean nothing for that kind. */
#include <string.h>
#include "config.h"
#include "../applet.h"
#include "../base/control.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../exits.h"
#include "setupfile.h"
#include "setupfrom.h"
#include "setupwords.h"

#define QUEUEPROG "defaultqueue/QMAILQUEUE\0"

/* Options with a value, without, and the letters each kind of machine takes; capitals are
 * for this file alone. */
static const char values[] = "a" "--admin\0" "C" "--control\0" "d" "--domain\0"
	"s" "--from\0" "H" "--host\0" "m" "--me\0" "f" "--passfile\0" "q" "--server\0"
	"u" "--user\0";
static const char flags[] = "D" "--dry-run\0" "j" "--fallback\0" "F" "--force\0"
	"k" "--local\0";
static const char for_mini[] = "aCdsHmqDjF";
static const char for_relay[] = "aCdsHmfuDFk";
static const char for_direct[] = "aCdsmDF";

static const char help[] = "usage: qmta setup mini --server HOST[,HOST...] [--host ME]"
	" [--fallback] [OPTION...]\n"
	"       qmta setup mini SMARTHOST DOMAIN PLUSDOMAIN ME SERVER...\n"
	"       qmta setup relay --host HOST[:PORT][,...] [--user U --passfile FILE] [--local]"
	" [OPTION...]\n"
	"       qmta setup direct [OPTION...]\n"
	"       qmta setup --from-ssmtp|--from-msmtp|--from-nullmailer|--from-dma [FILE]"
	" [OPTION...]\n"
	"options: --domain DOMAIN, --me NAME, --admin ADDRESS, --from ADDRESS,\n"
	"         --dry-run, --force, --control DIRECTORY\n";

static int usage(int fd)
{
	io_write(fd, help, sizeof help - 1);
	return fd == 1 ? EXIT_DONE : EXIT_PERM;
}

static int refuse(const char *arg, const char *why)
{
	say(SETUP, "%s: %s", arg, why);
	return EXIT_PERM;
}

/* ---- the command line ---- */

/* Options from argv on; kinds: the letters that are allowed. 0 / exit code. */
static int options(char **argv, const char *kinds)
{
	for (; *argv; argv++) {
		const char *arg = *argv, *eq = strchr(arg, '='), *v = "1";
		size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
		int letter = word_letter(values, arg, n);

		if (letter)
			v = eq ? eq + 1 : *++argv;
		else if (!eq)
			letter = word_letter(flags, arg, n);
		if (!letter)
			return refuse(arg, "there is no such option");
		if (!strchr(kinds, letter))
			return refuse(arg, "this option is not for this way of setting up");
		if (!v)
			return refuse(arg, "needs a value");
		if (letter == 'H')
			letter = kinds == for_mini ? W_ME : W_RELAY;
		words[letter].from = 0;
		word_set(letter, v, word_fmt("%.*s", (int)n, arg), 0);
	}
	return 0;
}

/* SMARTHOST DOMAIN PLUSDOMAIN ME SERVER...: as classic mini-qmail has it, addresses show
 * the smarthost's name and only the Message-ID shows this host's. */
static int positional(char **argv)
{
	static const char names[4][11] = { "SMARTHOST", "DOMAIN", "PLUSDOMAIN", "ME" };
	static const char letters[] = { W_DEFAULTHOST, W_DEFAULTDOMAIN, W_PLUSDOMAIN, W_ME };
	const char *servers = "";
	unsigned i;

	for (i = 0; i < 4; i++)
		word_set(letters[i], *argv++, names[i], 0);
	for (; *argv && **argv != '-'; argv++)
		servers = word_fmt("%s %s", servers, *argv);
	word_set(W_SERVERS, servers, "SERVER", 0);
	return options(argv, for_mini);
}

/* ---- which files ---- */

/* What the files of each kind of machine are to say: the rule, the letter of the word ('-'
 * is the empty one; a file whose word was not said is left out), the name; in the order
 * in which a change is safe at every step. Between the two go setup_names. */
static const char mini_files[] = "=q" "qmqpservers\0";
/* The queue that steps in would follow a relay first. */
static const char fallback_files[] = "0-" "smtproutes\0" "=j" "qmqpfallback\0";
static const char mini_switch[] = "=Q" QUEUEPROG "=-" "locals\0";
static const char relay_files[] = "*w" "relaypass\0" "=r" "smtproutes\0";
static const char null_files[] = "=-" "locals\0";
/* Before the relay goes that had all mail, mail for this host is to be local. */
static const char local_files[] = "+m" "locals\0";
static const char direct_end[] = "0-" "smtproutes\0" "0-" "qmqpfallback\0";
static const char no_qmqp[] = "!-" QUEUEPROG;

static void add_files(const char *plan)
{
	for (; *plan; plan += strlen(plan) + 1)
		setup_file(plan + 2, *plan, plan[1] == '-' ? "" : word(plan[1]));
}

static void add_names(void)
{
	const char *s;

	if (word(W_LOCAL))
		words[W_DEFAULTHOST].s = 0;	/* an address without a host is here */
	for (s = setup_names; *s; s += strlen(s) + 1)
		setup_file(s + 1, SETUP_SAYS, word(*s));
}

/* A field of a route: there a percent sign has a meaning. */
static const char *field(const char *s)
{
	const char *all = "";
	size_t n;

	for (; *s; s += n + (s[n] != 0)) {
		n = strcspn(s, "%");
		all = word_fmt(s[n] ? "%s%.*s%%25" : "%s%.*s", all, (int)n, s);
	}
	return all;
}

/* W_RELAY as a line of smtproutes: if there is a login, user, no password here, and the
 * file that has it; and TLS, which is the rule with a login, where it was asked for. */
static void make_route(void)
{
	words[W_RELAY].s = !word(W_USER) ?
		word_fmt(word(W_TLS) ? ":%s TLS=verify" : ":%s", word(W_RELAY)) :
		word_fmt(":%s %s - passfile=%s", word(W_RELAY), field(word(W_USER)),
			word(W_PASS) ? "relaypass" : field(word(W_PASSFILE)));
}

/* W_GENERIC for the two hosts that an address here can have. */
static void make_generic(void)
{
	const char *s = word(W_GENERIC), *all = "", *line;
	size_t user, n;

	for (; s && *s; s += n + (s[n] != 0)) {
		user = strcspn(s, " ");
		n = strcspn(s, "\n");
		line = word_fmt("%.*s@%s%.*s\n%.*s", (int)user, s, word(W_DEFAULTHOST),
			(int)(n - user), s + user, (int)n, s);
		all = word_fmt(*all ? "%s\n%s" : "%s%s", all, line);
	}
	words[W_GENERIC].s = all;
}

static void choose_files(void)
{
	if (word(W_SERVERS)) {
		word_default(W_IDHOST, word(W_ME));
		word_default(W_PLUSDOMAIN, word(W_DEFAULTDOMAIN));
		words['Q'].s = SBIN_DIR "/qmail-qmqpc";
		add_files(mini_files);
		if (word(W_FALLBACK))
			add_files(fallback_files);
		add_files(mini_switch);
		add_names();
		return;
	}
	if (CFG_SEND && word(W_RELAY)) {
		make_route();
		add_files(relay_files);
	} else {
		words[W_LOCAL].s = "1";
	}
	add_files(word(W_LOCAL) ? local_files : null_files);
	add_names();
	if (!word(W_RELAY))
		add_files(direct_end);
	add_files(no_qmqp);
}

/* ---- doing it ---- */

/* What was asked for and is not done by this build, in plain words. */
static void say_missing(void)
{
	if (!CFG_TLS && (word(W_TLS) || word(W_USER)))
		word_wrong(&words[word(W_TLS) ? W_TLS : W_USER],
			"TLS is not built into this program: mail waits for one that has it", 0);
}

/* The login, whole or not at all. 0 / exit code. */
static int check_login(void)
{
	struct word *user = &words[W_USER];

	if (word(W_PASSFILE))
		words[W_PASS].s = 0;
	if (word(W_PASSFILE) && !word(W_USER))
		return refuse("--passfile", "needs --user");
	if (word(W_USER) && !word(W_PASSFILE) && !word(W_PASS)) {
		if (*user->from == '-')
			return refuse("--user", "needs --passfile FILE");
		word_wrong(user, "there is no password for this user, so the login is left out; "
			"--passfile FILE has it", 0);
		user->s = 0;
	}
	if (word(W_PASS) && !word(W_USER)) {
		word_wrong(&words[W_PASS], "there is no user for this password, so it is left out", 0);
		words[W_PASS].s = 0;
	}
	if (word(W_USER) && *user->from == '-')
		word_default(W_PORT, "587");
	return 0;
}

static int finish(void)
{
	int r;

	if (words['C'].from && !word('C'))
		return refuse("--control", "needs a directory");
	if (word('C'))
		control_use(word('C'));
	if ((r = check_login()) != 0)
		return r;
	if (!CFG_SEND && (!word(W_SERVERS) || word(W_FALLBACK)))
		return refuse(word(W_SERVERS) ? "--fallback" : "qmta-send", "not built in");
	if (words_check() < 0)
		return EXIT_PERM;
	make_generic();
	choose_files();
	if (word_lost())
		return EXIT_PERM;
	say_missing();
	return setup_write(word('D') != 0, word('F') != 0);
}

/* --from-PROGRAM [FILE] */
static int import(char **argv)
{
	const char *program = argv[0] + 7, *path = 0;
	int r;

	if (*++argv && **argv != '-')
		path = *argv++;
	if ((r = options(argv, for_relay)) != 0)
		return r;
	if ((r = setup_import(program, path)) != 0)
		return r;
	if (!word(W_SERVERS) && !word(W_RELAY) && strcmp(program, "dma"))
		return refuse(program, "no server to send to is named there");
	return finish();
}

int setup_main(int argc, char **argv)
{
	const char *form = argc > 1 ? argv[1] : "";
	int r;

	if (!strcmp(form, "--help"))
		return usage(1);
	if (!strncmp(form, "--from-", 7))
		return import(argv + 1);
	if (!strcmp(form, "mini"))
		r = argc < 3 || *argv[2] == '-' ? options(argv + 2, for_mini) :
			argc < 7 ? usage(2) : positional(argv + 2);
	else if (!strcmp(form, "relay"))
		r = options(argv + 2, for_relay);
	else if (!strcmp(form, "direct"))
		r = options(argv + 2, for_direct);
	else
		return usage(2);
	if (r)
		return r;
	if (*form == 'm' && !word(W_SERVERS))
		return refuse("mini", "needs --server HOST");
	if (*form == 'r' && !word(W_RELAY))
		return refuse("relay", "needs --host HOST");
	return finish();
}
