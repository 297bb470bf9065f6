/* showctl.c: qmail-showctl, the configuration in force in plain words: every
 * control file with its value or its default, which users exist and what that
 * means for the split of rights, and the queue. Read-only. What is missing or
 * stands in the way of mail is marked "!!" and makes the exit code 1. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "applet.h"
#include "exits.h"
#include "limits.h"
#include "config.h"
#include "base/control.h"
#include "base/defaults.h"
#include "base/dir.h"
#include "base/io.h"
#include "base/log.h"
#include "base/passwd.h"
#include "base/text.h"
#include "msg/admin.h"
#include "msg/aliasfile.h"
#include "msg/assign.h"
#include "msg/generic.h"
#include "net/routes.h"
#include "queue/queue.h"
#include "queue/submit.h"

/* Name and default of each file of one line, of several, and of those that are read but
 * not shown below. An empty default is control/me. */
#define LINE(name, dflt) "l" name "\0" dflt "\0"
#define LIST(name, dflt) "m" name "\0" dflt "\0"
#define OTHER(name) "o" name "\0\0"
/* Those that only the queue reads, or the runner, are not in a build without it. */
#define PART_0(lines)
#define PART_1(lines) lines
#define PART__(on, lines) PART_##on(lines)
#define PART_(on, lines) PART__(on, lines)
#define QUEUE(lines) PART_(CFG_QUEUE, lines)
#define SEND(lines) PART_(CFG_SEND, lines)
#define BS(lines) PART_(CFG_BS, lines)
#define SMTPD(lines) PART_(CFG_SMTPD, lines)
#define DKIM(lines) PART_(CFG_DKIM, lines)
#define TLS(lines) PART_(CFG_TLS, lines)
#define TLSD(lines) PART_(CFG_TLSD, lines)
#define RESUME(lines) PART_(CFG_RESUME, lines)
static const char settings[] =
	LINE("adminaddr", "none")
	LINE("allmailfrom", "none")
	SMTPD(LIST("badhelo", "none"))
	SMTPD(LIST("badhost", "none"))
	SMTPD(LIST("badip", "none"))
	SMTPD(LIST("badmailfrom", "none"))
	SMTPD(LIST("badrcptto", "none"))
	SMTPD(LINE("barelf", "refuse"))
	SEND(LIST("bounce.envrules", "none"))
	SEND(LINE("bounceformat", "text"))
	SEND(LINE("bouncefrom", "MAILER-DAEMON"))
	SEND(LINE("bouncehost", ""))
	SEND(LINE("bouncelifetime", "as queuelifetime"))
	SEND(LINE("bouncemax", "0 (no limit)"))
	SEND(LINE("bouncemaxbytes", "50000"))
	SEND(LIST("bouncemessage", "our own words"))
	SEND(LINE("bouncesubject", "failure notice"))
	SEND(TLS(LINE("cafile", "the system's")))
	SMTPD(LINE("chunking", "0"))
	SEND(TLS(LINE("clientcert", "none")))
	SEND(LINE("concurrencylocal", "10"))
	SEND(LINE("concurrencyremote", "20"))
	LINE("conf-exitcodes", "qmail")
	QUEUE(LINE("conf-fsync", "1"))
	QUEUE(LINE("databytes", "0 (no limit)"))
	SEND(LIST("defaultdelivery", "./Maildir/"))
	LINE("defaultdomain", "")
	LINE("defaulthost", "")
	DKIM(LIST("dkim", "none"))
	SMTPD(LIST("dnsbl", "none"))
	LIST("domainqueue", "none")
	SEND(LINE("doublebouncehost", ""))
	SEND(LIST("doublebouncemessage", "our own words"))
	SEND(LINE("doublebouncesubject", "as bouncesubject"))
	SEND(LINE("doublebounceto", "postmaster"))
	SEND(LINE("envnoathost", ""))
	LIST("from.envrules", "none")
	LIST("generic", "none")
	SMTPD(LIST("goodrcptto", "none"))
	SMTPD(LINE("greetdelay", "0"))
	SEND(LINE("helohost", ""))
	SEND(LINE("holdlocal", "0"))
	SEND(LINE("holdremote", "0"))
	LINE("idhost", "")
	LINE("ipprefer", "both")
	SMTPD(LINE("localiphost", ""))
	LIST("locals", "")
	SMTPD(LINE("maxrecipients", "0 (no limit)"))
	QUEUE(LINE("minfree", "1 MiB, or 5 % of the file system if that is less"))
	SMTPD(LINE("mxcheck", "0"))
	SEND(TLS(LIST("notlshosts", "none")))
	LINE("originalfrom", "0")
	LIST("outgoingip", "any")
	SEND(LIST("percenthack", "none"))
	LINE("plusdomain", "")
	LINE("qmqpbalance", "0")
	LINE("qmqpfallback", "0")
	SEND(LIST("qmqproutes", "none"))
	LIST("qmqpservers", "none")
	LINE("qmqpz", "0")
	SEND(LINE("queuelifetime", "604800"))
	QUEUE(LINE("queuemax", "0 (no limit)"))
	QUEUE(LINE("queuemaxbytes", "0 (no limit)"))
	LIST("rcpt.envrules", "none")
	SMTPD(LIST("rcpthosts", "none: nothing is taken from clients that may not relay"))
	SMTPD(LIST("recipients", "none"))
	SMTPD(LIST("relayclients", "none"))
	SMTPD(LIST("relaydomains", "none"))
	SMTPD(LIST("relaymailfrom", "none"))
	SMTPD(LINE("requireauth", "0"))
	QUEUE(LINE("sendermax", "0 (no limit)"))
	SEND(LIST("senderroutes", "none"))
	SMTPD(LINE("smtpgreeting", ""))
	SEND(LIST("smtproutes", "none: remote mail goes to the MX of its domain"))
	SEND(LINE("smtptls", "verify for a relay with a login or on port 465 or 587, else may"))
	SMTPD(LINE("tarpitcount", "0 (never)"))
	SMTPD(LINE("tarpitdelay", "5"))
	LINE("timeoutconnect", "60")
	SEND(LINE("timeoutlocal", "3600"))
	LINE("timeoutremote", "1200")
	SMTPD(LINE("timeoutsession", "3600"))
	BS(LINE("timeoutsmtpd", "1200"))
	SEND(TLS(LIST("tlsadomains", "all")))
	SEND(TLS(LIST("tlsclientciphers", "all that there are")))
	SEND(TLS(LINE("tlsclientmethod", "TLSv1_2")))
	SMTPD(LIST("tlsclients", "none"))
	SEND(TLS(LIST("tlspin", "none")))
	TLSD(LINE("tlsservermethod", "TLSv1_2"))
	SEND(RESUME(LINE("tlstickets", "none: sessions are kept in memory alone")))
	SEND(LIST("virtualdomains", "none"))
	OTHER("aliases")
	OTHER("defaultqueue")
	OTHER("me")
	SMTPD(OTHER("morercpthosts"))
	SMTPD(OTHER("morercpthosts.cdb"))
	SMTPD(OTHER("recipients.cdb"))
	SEND(OTHER("relaypass"))
	SEND(OTHER("remote_auth"))
	SEND(OTHER("remote_auth.cdb"))
	TLSD(OTHER("smtpauth"));

/* The setting behind s, or 0. */
static const char *next(const char *s)
{
	s += strlen(s) + 1;
	s += strlen(s) + 1;
	return *s ? s : 0;
}

static char window[WINDOW];
static struct out out = OUT_STATIC(1, window);
static struct buf text = BUF_HEAP(CONTROL_MAX);
static int bad;

/* What stands in the way of mail; a line of it follows. */
static struct out *wrong(void)
{
	bad = 1;
	out_puts(&out, "!! ");
	return &out;
}

/* Behind the first blank of a route there may be a password. */
static void put_value(const char *name, const char *value, size_t n)
{
	if (CFG_SEND && (!strcmp(name, "smtproutes") || !strcmp(name, "senderroutes")))
		n = strcspn(value, " \t");
	out_fmt(&out, "%s: ", name);
	out_put(&out, value, n);
	out_puts(&out, "\n");
}

static void show_setting(char kind, const char *name, const char *dflt)
{
	int r = kind == 'm' ? control_list(&text, name) : control_line(&text, name);
	size_t i, n;

	if (r < 0)
		out_fmt(wrong(), "%s\n", control_error());
	else if (r == 0)
		out_fmt(&out, "%s: %s (default)\n", name, *dflt ? dflt : "as me");
	else if (kind != 'm')
		put_value(name, text.s, text.len);
	else if (!text.len)
		put_value(name, "empty", 5);
	for (i = 0; kind == 'm' && r > 0 && i < text.len; i += n + 1) {
		n = strlen(text.s + i);
		put_value(name, text.s + i, n);
	}
}

/* Lines that are no route. A file that cannot be read has been shown as such. */
static void show_routes(void)
{
	const char *why;
	size_t at = 0;

	while (routes_load() == 0 && (why = routes_wrong(&at)))
		out_fmt(wrong(), "%s; its mail waits\n", why);
}

/* A mistyped name does nothing, in silence: say so. */
static void show_others(void)
{
	const char *s;
	struct dir d;

	if (dir_open(&d, AT_FDCWD, control_dir()) < 0) {
		out_fmt(wrong(), "control directory %s: %s\n", control_dir(), err_text(errno));
		return;
	}
	while (dir_next(&d) > 0) {
		for (s = settings; s && strcmp(s + 1, d.name); s = next(s))
			;
		/* concurrencyl.NAME, one for each queue there is; dkim.NAME, keys. */
		if (!s && d.name[0] != '.' && !text_casestarts(d.name,
			strlen(d.name), "concurrencyl.") && !text_casestarts(d.name,
			strlen(d.name), "concurrencyr.") && (!CFG_DKIM ||
			!text_casestarts(d.name, strlen(d.name), "dkim.")))
			out_fmt(&out, "%s: not used by this program\n", d.name);
	}
	dir_close(&d);
}

static void show_me(void)
{
	int r = control_line(&text, "me");

	if (r < 0 || (r && text.len))
		show_setting('l', "me", "");
	else
		out_fmt(wrong(), "me: missing. Write this machine's full name into %s/me\n",
			control_dir());
}

static void show_users(void)
{
	/* Name, and what follows when there is no such user. */
	static const char *const users[][2] = {
		{ "qmailq", "the queue belongs to root, or to the user whose queue it is" },
		{ "qmailr", "remote delivery runs as the owner of the queue" },
		{ "alias", "mail for names that are no users is refused, and aliases are "
			"carried out by the user nobody" } };
	struct user u;
	size_t i;

	if (access("/etc/passwd", F_OK) < 0)
		out_puts(&out, "there is no /etc/passwd: users/assign can stand in for it\n");
	for (i = 0; i < 3; i++) {
		if (passwd_name(&u, users[i][0]) == 1)
			out_fmt(&out, "user %s: uid %u\n", users[i][0], u.uid);
		else
			out_fmt(&out, "user %s: none; %s\n", users[i][0], users[i][1]);
	}
	if (getuid())
		out_fmt(&out, "run by uid %u: with a queue of that user's own, everything "
			"runs as this user and local mail reaches only this user\n", getuid());
}

/* Which file of aliases is in force. */
static void show_aliases(void)
{
	struct aliasfile f;
	const char *why;
	int r = aliasfile_open(&f, &why);

	if (r < 0)
		out_fmt(wrong(), "aliases: %s\n", why);
	else
		out_fmt(&out, "aliases: %s\n", r ? f.path : "none");
	aliasfile_close(&f);
}

static int64_t changed(const char *name)
{
	char path[512];
	struct buf p = BUF_OVER(path);
	struct stat st;

	return assign_path(&p, name) < 0 || stat(path, &st) < 0 ? -1 : (int64_t)st.st_mtime;
}

/* users/assign does nothing before qmail-newu has made users/cdb of it. */
static void show_assign(void)
{
	int64_t assign = changed("assign"), cdb = changed("cdb");

	if (cdb < 0 && assign < 0)
		out_fmt(&out, "users/cdb: none; users are those of /etc/passwd\n");
	else if (cdb < assign)
		out_fmt(wrong(), "users/cdb: missing or older than %s/assign: "
			"run qmail-newu\n", assign_dir());
	else
		out_fmt(&out, "users/cdb: %s/cdb, asked before /etc/passwd\n", assign_dir());
}

static void show_queue(void)
{
	struct queue q;
	int r;

	errno = 0;
	r = queue_open(&q, queue_dir());
	if (r) {
		out_fmt(wrong(), "queue directory %s: %s (%s)\n", queue_dir(),
			r == QQ_CONFIG ? control_error() : qq_words(r),
			errno == ENOENT ? "queue-fix makes it" : err_text(errno));
		return;
	}
	out_fmt(&out, "queue directory: %s (split %u%s)\nqueue: %s\n%s", queue_dir(), q.split,
		q.bigtodo ? ", big todo" : "", queue_writable(&q) ?
		"this user writes it without help" :
		"this user needs a set-id " SBIN_DIR "/qmail-queue", q.sync ? "" :
		"conf-fsync is 0: accepted mail does not survive a power cut\n");
	queue_close(&q);
}

int showctl_main(int argc, char **argv)
{
	const char *s;

	if (argc > 1)
		return say_usage(argv[0], "");
	if (defaults_load(argv[0]) < 0)
		return EXIT_TEMP;
	out_fmt(&out, "qmta " VERSION "\ncontrol directory: %s\n", control_dir());
	if (CFG_QUEUE) {
		show_queue();
		show_users();
	}
	show_aliases();
	if (CFG_LOCAL)
		show_assign();
	show_me();
	for (s = settings; s && *s != 'o'; s = next(s))
		show_setting(*s, s + 1, s + strlen(s) + 1);
	/* Files of which a wrong line stops the mail. */
	if (admin_load() < 0)
		out_fmt(wrong(), "%s\n", control_error());
	if (generic_load() < 0)
		out_fmt(wrong(), "%s\n", control_error());
	if (CFG_SEND)
		show_routes();
	show_others();
	if (out_flush(&out) < 0)
		return EXIT_TEMP;
	return bad ? 1 : EXIT_DONE;
}
