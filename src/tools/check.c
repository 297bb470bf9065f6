/* check.c: `qmta check`: whether mail can leave this machine, step by step in plain words.
 * Here: what is to be checked: the control files, then a recipient's route, one that
 * stands on the command line, or all of the files. Nothing is put into the queue and
 * nothing is remembered. Refuses addresses that could not be in an envelope, and to be
 * root where strangers are heard or commands are run. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../applet.h"
#include "../base/control.h"
#include "../base/defaults.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "../msg/addrlist.h"
#include "../msg/admin.h"
#include "../msg/ident.h"
#include "../msg/outgoing.h"
#include "../net/relay.h"
#include "../net/routes.h"
#include "../queue/envelope.h"
#include "../queue/queue.h"
#include "../queue/submit.h"
#include "checksay.h"
#include "checktry.h"

#define CHECK "qmta check"
enum { ROUTES_MAX = 64 };

static const char help[] = "usage: qmta check [--json] [--send] [--from SENDER] [ADDRESS|DOMAIN|"
	"RELAY:PORT...]\n"
	"\tADDRESS     the way of mail to it\n"
	"\tDOMAIN      the same, to its postmaster\n"
	"\tRELAY:PORT  a route as it would stand in smtproutes, with what may follow it\n"
	"\tnothing     every route there is, to the sender himself\n"
	"--send sends a real message; else all is said but the message itself\n";

static char from[ADDR_CAP + 1], to[ADDR_CAP + 1];
static int send_it, tried, bad, mini;

static int usage(int fd)
{
	io_write(fd, help, sizeof help - 1);
	return fd == 1 ? EXIT_DONE : EXIT_PERM;
}

/* ---- sender ---- */

/* As sendmail would have it. 0 / -1 said. */
static int find_sender(void)
{
	static struct ident id;
	const char *host = ident_host(&id, ADDR_HOST), *s;

	if (!host) {
		check_step(STEP_BAD, "config", "%s%s%s", id.why[0], id.why[1], id.why[2]);
		return -1;
	}
	if (!buf_text(from, sizeof from, "%s@%s", ident_user(&id), host) || admin_load()) {
		check_step(STEP_BAD, "config", "unable to read %s", control_error());
		return -1;
	}
	if ((s = admin_sender(from)))
		buf_text(from, sizeof from, "%s", s);
	return 0;
}

/* The name that control/generic has for it elsewhere. */
static const char *leaves_as(const char *sender)
{
	static struct outgoing fix;

	fix.text.max = OUTGOING_TEXT;
	return outgoing_find(&fix, -1, 0, 0, sender) ? sender : fix.sender;
}

/* ---- one route ---- */

static void show_route(const char *what, char kind, const char *value)
{
	char list[1024], user[256], none[256];
	struct buf b = BUF_OVER(list);
	struct relay r;

	for (unsigned i = 0; kind == 'R' && relay_at(&r, value, i) > 0; i++)
		buf_fmt(&b, r.command ? "%s a command" : "%s %s:%u", i ? "," : "", r.host, r.port);
	if (kind == 'R' && relay_login(value, user, sizeof user, none, sizeof none) > 0)
		buf_fmt(&b, ", as %s", *user == '/' ? "control/remote_auth says" : user);
	memset(none, 0, sizeof none);
	if (kind == 'M')
		buf_fmt(&b, " the mail exchangers of %s", value);
	if (kind == 'Q')
		buf_fmt(&b, " QMQP: %s", *value ? value : "control/qmqpservers");
	check_step(STEP_NOTE, "route", "mail%s%s goes to%.*s", *what ? " for " : "", what, (int)b.len, b.s);
}

/* From root to a remote worker, for good: what he may not read, no mail may
 * use. 0 / -1 errno. */
static int become_worker(void)
{
	struct user u;

	queue_worker(&u);
	return proc_become(u.uid, u.gid);
}

/* 1 when it is good. kind as routes_find() has it. */
static int try_route(char kind, const char *value, const char *sender)
{
	char route[CONTROL_LINE_MAX + 2];

	if (kind == 'Q')
		return check_qmqp(value);
	return buf_text(route, sizeof route, "%c%s", kind == 'M' ? 'M' : 'R', value) &&
		check_smtp(route, sender, to, send_it);
}

static void check_route(const char *what, char kind, const char *value, const char *sender)
{
	pid_t pid;

	tried++;
	show_route(what, kind, value);
	/* Without a queue mail goes out with its sender's own rights. */
	if (mini || geteuid()) {
		bad |= !try_route(kind, value, sender);
		return;
	}
	if ((pid = proc_fork()) == 0)
		_exit(become_worker() < 0 || !try_route(kind, value, sender));
	bad |= pid < 0 || proc_wait(pid) != 0;
}

static void find_route(const char *what, const char *domain, const char *sender)
{
	const char *value, *alias = leaves_as(sender);
	char kind;

	routes_sender(sender, alias);
	kind = routes_find(&value, domain, to, 0);
	if (kind == 'R' && *value == '!') {
		check_step(STEP_BAD, "route", "mail for %s waits: %s", what, value + 1);
		bad = tried = 1;
		return;
	}
	check_route(what, kind, value, alias);
}

/* ---- all of them ---- */

/* One that is at home where the line's key says: an address, or anybody of a domain. */
static const char *one_of(const char *key)
{
	static char who[ADDR_CAP + 1];

	key += *key == '@';
	if (!strcmp(key, "!@"))
		return "";
	buf_text(who, sizeof who, strchr(key, '@') ? "%s" : "postmaster@%s", key);
	return who;
}

/* 1 when a line before had the same value. */
static int is_known(const char *value)
{
	static uint64_t seen[ROUTES_MAX];
	static unsigned n;
	uint64_t hash = text_hash(value, strlen(value));

	for (unsigned i = 0; i < n; i++)
		if (seen[i] == hash)
			return 1;
	if (n < ROUTES_MAX)
		seen[n++] = hash;
	return 0;
}

/* The lines of a file, one for each value; senders 1: the keys are theirs. */
static void check_file(const char *file, int senders)
{
	struct buf b = BUF_HEAP(CONTROL_MAX);
	char *key, *value;
	int r = control_list(&b, file);

	for (key = b.s; r > 0 && key < b.s + b.len; key = value + strlen(value) + 1) {
		value = key + strcspn(key, ":");
		if (*value)
			*value++ = 0;
		if (!*value || is_known(value))
			continue;
		if (senders || *key == '@')
			find_route(key, "", one_of(key));
		else
			find_route(*key ? key : "all others", key, from);
	}
	buf_free(&b);
}

/* ---- the command line ---- */

static void wrong_lines(void)
{
	size_t at = 0;
	const char *s;

	while ((s = routes_wrong(&at))) {
		check_step(STEP_BAD, "config", "%s", s);
		bad = 1;
	}
}

/* What stands on the command line. */
static void check_word(const char *word)
{
	const char *at = strrchr(word, '@');

	if (strpbrk(word, ": \t|")) {
		buf_text(to, sizeof to, "%s", from);
		check_route("", 'R', word, leaves_as(from));
		return;
	}
	if (!buf_text(to, sizeof to, at ? "%s" : "postmaster@%s", word) ||
		envelope_rcpt(to, strlen(to)) || !*(strrchr(to, '@') + 1)) {
		check_step(STEP_BAD, "config", "%s: this is no address", word);
		bad = 1;
		return;
	}
	find_route(word, strrchr(to, '@') + 1, from);
}

/* Where all mail of this machine goes by QMQP, and into no queue (submit_begin): the
 * servers that are named, "" for those of the file; else 0. */
static const char *mini_servers(void)
{
	static const char qmqpc[] = SBIN_DIR "/qmail-qmqpc";
	const char *v = getenv("QMAILQUEUE");
	size_t n = sizeof qmqpc - 1;

	if (v && !strncmp(v, qmqpc, n) && strchr(" \t", v[n]))
		return v + n + text_span(v + n, " \t");
	return submit_link(v && *v ? v : SBIN_DIR "/qmail-queue") == 1 ? "" : 0;
}

static int options(char ***argv, int *json)
{
	for (; **argv && !strncmp(**argv, "--", 2); ++*argv)
		if (!strcmp(**argv, "--json"))
			*json = 1;
		else if (!strcmp(**argv, "--send"))
			send_it = 1;
		else if (!strcmp(**argv, "--from") && (*argv)[1] &&
			!envelope_sender((*argv)[1], strlen((*argv)[1])))
			buf_text(from, sizeof from, "%s", *++*argv);
		else
			return -1;
	return 0;
}

int check_main(int argc, char **argv)
{
	const char *value;
	int json = 0;

	(void)argc;
	if (*++argv && !strcmp(*argv, "--help"))
		return usage(1);
	if (options(&argv, &json) || (*argv && (**argv == '-' || argv[1])))
		return usage(2);
	proc_signals_reset();
	if (defaults_load(CHECK) < 0)
		return EXIT_TEMP;
	check_begin(json);
	if (routes_load()) {
		check_step(STEP_BAD, "config", "unable to read %s", control_error());
		return check_end(0);
	}
	if (!*from && find_sender())
		return check_end(0);
	wrong_lines();
	if ((value = mini_servers())) {
		mini = 1;
		check_route("", 'Q', value, from);
	} else if (*argv)
		check_word(*argv);
	else {
		buf_text(to, sizeof to, "%s", from);
		check_file("smtproutes", 0);
		check_file("senderroutes", 1);
		if (!tried && routes_find(&value, "", to, 0) == 'Q')
			check_route("", 'Q', value, from);
		if (!tried)
			check_step(STEP_NOTE, "route", "no relay is named: mail goes to the mail "
				"exchangers of each domain; qmta check ADDRESS tries one");
	}
	return check_end(!bad);
}
