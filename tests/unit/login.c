/* Where a login comes from: each form, the order of the keys in control/remote_auth, files
 * that others may read, commands that fail, hang, say too much; and that no words ever
 * show a secret. */
#include "config.h"
#include "../lib/tap.h"

#if CFG_TLS
#include <stdlib.h>
#include <time.h>
#include "../../src/net/login.c"
#include "../../src/net/login_cmd.c"
#include "../../src/base/cdbmake.h"

static char dir[] = "/tmp/qmta-login.XXXXXX", words[2000];
static struct login l;
static struct buf why;

static const char *in_dir(const char *name)
{
	static char path[4][200];
	static unsigned k;

	snprintf(path[++k % 4], 200, "%s/%s", dir, name);
	return path[k % 4];
}

/* The control file says the n bytes. */
static void put(const char *name, const char *text, size_t n, unsigned mode)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n || fchmod(fd, mode) || close(fd))
		exit(1);
}

static void puts_to(const char *name, const char *text)
{
	put(name, text, strlen(text), 0600);
}

static int find_at(const char *value, int refresh)
{
	struct relay r;
	int got;

	why = buf_at(words, 0, sizeof words - 1);
	memset(&l, 'x', sizeof l);
	if (relay_at(&r, value, 0) <= 0)
		return -2;
	got = login_find(&l, &r, refresh, &why);
	words[why.len] = 0;
	return got;
}

/* This user and secret. */
static void gives(const char *value, const char *user, const char *secret, int token)
{
	int got = find_at(value, 0);

	ok(got == 1 && !strcmp(l.user, user) && !strcmp(l.secret, secret) &&
		l.len == strlen(secret) && l.token == token && !why.len,
		"%s: %s, %s (%s)", value, user, secret, words);
}

/* Words with this in them, and no secret. */
static void says(const char *value, const char *want)
{
	int got = find_at(value, 0);

	ok(got == -1 && strstr(words, want) && !strstr(words, "geheim") && !strchr(words, '\n'),
		"%s: %s (%s)", value, want, words);
}

static void forms(void)
{
	ok(find_at("relay:587", 0) == 0 && find_at("relay TLS=must", 0) == 0 && !why.len, "no login");
	gives("relay:587 kim geheim", "kim", "geheim", 0);
	gives("relay kim%20k ge%25heim%20%2c TLS=must,HELO=x", "kim k", "ge%heim ,", 0);
	gives("|cmd kim geheim", "kim", "geheim", 0);
	gives("a:25,b:26 kim geheim", "kim", "geheim", 0);
	puts_to("pass", "ge heim \r\nsecond\n");
	gives("relay kim - PASSFILE=pass", "kim", "ge heim ", 0);
	gives("relay kim - TLS=must,passfile=pass", "kim", "ge heim ", 0);
	puts_to("pass", "last");
	gives("relay kim - PASSFILE=pass", "kim", "last", 0);
	puts_to("tok", "\n\t ya29.abc-_ \r\n\n");
	gives("relay kim - TOKENFILE=tok", "kim", "ya29.abc-_", 1);
	gives("relay kim - PASSCMD=echo%20geheim;echo%20more", "kim", "geheim", 0);
	gives("relay kim - TOKENCMD=echo%3becho%20geheim%3becho", "kim", "geheim", 1);
	gives("relay kim - PASSCMD=printf%20%25s%20geheim%2c", "kim", "geheim,", 0);
	gives("relay kim - PASSCMD=echo%20${QMTA_REFRESH-no}", "kim", "no", 0);
	ok(find_at("relay kim - PASSCMD=echo%20${QMTA_REFRESH-no}", 1) == 1 && !strcmp(l.secret, "1"),
		"a command is told that its secret was refused");
	gives("relay kim - PASSCMD=cat;echo%20eof", "kim", "eof", 0);
	login_forget(&l);
	ok(!l.len && !*l.secret && !*l.user && !l.secret[3], "forgotten");
}

static void files(void)
{
	static char big[LOGIN_SECRET + 1];
	char value[300];

	says("relay kim - PASSFILE=none", "cannot read none: No such file");
	puts_to("empty", "");
	says("relay kim - PASSFILE=empty", "no password in empty");
	puts_to("empty", "\ngeheim\n");
	says("relay kim - PASSFILE=empty", "no password in empty");
	puts_to("empty", " \n\t\n");
	says("relay kim - TOKENFILE=empty", "no token in empty");
	put("nul", "ge\0heim", 7, 0600);
	says("relay kim - PASSFILE=nul", "cannot read nul");
	put("open", "geheim\n", 7, 0644);
	snprintf(value, sizeof value, "chmod o= %s", in_dir("open"));
	says("relay kim - PASSFILE=open", value);
	put("open", "geheim\n", 7, 0602);
	says("relay kim - PASSFILE=open", "chmod o=");
	put("group", "geheim\n", 7, 0640);
	gives("relay kim - PASSFILE=group", "kim", "geheim", 0);
	memset(big, 'x', sizeof big);
	put("big", big, LOGIN_SECRET - 1, 0600);
	ok(find_at("relay kim - TOKENFILE=big", 0) == 1 && l.len == LOGIN_SECRET - 1, "the longest token");
	put("big", big, LOGIN_SECRET, 0600);
	says("relay kim - TOKENFILE=big", "too large");
	says("relay kim - PASSFILE=.", "directory");
	snprintf(value, sizeof value, "relay kim - PASSFILE=%s", in_dir("group"));
	gives(value, "kim", "geheim", 0);
	big[700] = 0;
	memcpy(big, "relay kim - PASSFILE=", 21);
	says(big, "too long");
}

static void commands(void)
{
	struct timespec nap = { 0, 200000000 };
	char to[64];
	int64_t was;

	says("relay kim - PASSCMD=echo%20geheim;echo%20one>%262;echo%20two%20lines>%262;exit%203",
		"PASSCMD: exit code 3: two lines");
	says("relay kim - PASSCMD=exit%201", "PASSCMD: exit code 1: ");
	says("relay kim - PASSCMD=kill%20-9%20$$", "killed by signal 9");
	says("relay kim - PASSCMD=/no/such/program", "exit code 127");
	says("relay kim - PASSCMD=true", "no password in what the command says");
	says("relay kim - TOKENCMD=echo%20%20", "no token in what");
	says("relay kim - TOKENCMD=yes%20geheim", "says too much");
	says("relay kim - PASSCMD=printf%20'a\\033[2Jb\\n'>%262;exit%201", ": a?[2Jb");
	says("relay kim - PASSCMD=seq%201%2020000>%262;echo%20end>%262;exit%201", ": end");

	says("relay kim - PASSCMD=printf%20%25300d%201>%262;exit%201", "exit code 1: ");
	ok(why.len < 250, "a long line is cut");
	why = buf_at(words, 0, sizeof words - 1);
	was = clock_mono();
	ok(login_command((char []){ "trap '' TERM; sleep 20; touch done" }, to, sizeof to,
		was + 200, &why) == -1 && why.len == 17 && !memcmp(words, "it takes too long", 17) &&
		clock_mono() - was < 5000, "a command that hangs is killed");
	ok(login_command((char []){ "echo x; exec >&- 2>&-; sleep 20" }, to, sizeof to,
		clock_mono() + 300, &why) == -1, "one that has closed its output, too");
	ok(login_command((char []){ "exec 3>&1; echo x; exec >&- 2>&- 3>&-; sleep 0.3" }, to, sizeof to,
		clock_mono() + 9000, &why) == 2, "or its end is awaited");
	snprintf(words, sizeof words, "(sleep 0.1; echo >%s) & sleep 20", in_dir("late"));
	ok(login_command(words, to, sizeof to, clock_mono() + 50, &why) == -1, "with what it has started");
	nanosleep(&nap, 0);
	ok(access(in_dir("late"), F_OK) < 0, "none of it goes on");
	ok(waitpid(-1, 0, WNOHANG) < 0 && errno == ECHILD, "no child is left");
	ok(dup(0) < 20, "no descriptor is left");
}

static const char list[] =
	"# a comment\n"
	":any geheim0\n"
	"\n"
	"relay.example.net:host geheim1 \t\r\n"
	"@board.example.net:dom geheim2\n"
	"Ann@board.example.net:ann geheim3\n"
	"ann@board.example.net:second geheim4\n"
	"kim:kim@far.example gehe%20im5\n"
	"pf:pf - PASSFILE=pass\n"
	"tc:tc - TOKENCMD=echo%20tok\n"
	"half:half\n"
	"loop:/ann@board.example.net\n"
	"minus:minus -\n"
	"no colon\n";

static void keys(void)
{
	static char longer[3000];

	says("relay:587 /ann@board.example.net", "remote_auth has no login for ann@board.example.net");
	puts_to(LOGINS, list);
	puts_to("pass", "pw\n");
	gives("relay:587 /ann@board.example.net", "ann", "geheim3", 0);
	gives("relay:587 /bob@board.example.net TLS=must", "dom", "geheim2", 0);
	gives("relay.example.net:587 /bob@elsewhere.example", "host", "geheim1", 0);
	gives("RELAY.example.net /", "host", "geheim1", 0);
	gives("other.example.net /x", "any", "geheim0", 0);
	gives("|cmd /x", "any", "geheim0", 0);
	gives("other.example.net /kim", "kim@far.example", "gehe im5", 0);
	gives("other.example.net kim -", "kim@far.example", "gehe im5", 0);
	gives("other.example.net kim - TLS=must", "kim@far.example", "gehe im5", 0);
	gives("other.example.net /pf", "pf", "pw", 0);
	gives("other.example.net /tc", "tc", "tok", 1);
	says("relay /half", "the line for half is to be");
	says("relay /loop", "the line for loop is to be");
	says("relay /minus", "the line for minus is to be");
	ok(find_at("relay kim geheim", 0) == 1 && find_at("relay", 0) == 0,
		"a route with its own login, or without one, does not look there");
	puts_to(LOGINS, "kim:last geheim");
	gives("relay /kim", "last", "geheim", 0);
	says("relay /ann", "no login for ann");
	memset(longer, 'x', sizeof longer);
	memcpy(longer + 2000, "\nkim:good geheim", 16);
	put(LOGINS, longer, 2016, 0600);
	says("relay /kim", "a line is too long");
	put(LOGINS, list, sizeof list - 1, 0644);
	says("relay /ann@board.example.net", "chmod o=");
	unlink(in_dir(LOGINS));
}

static void database(void)
{
	static const char *const row[][2] = { { "ann@board.example.net", "ann geheim3" },
		{ "@board.example.net", "dom geheim2" }, { "relay", "host - PASSFILE=pass" } };
	struct cdbmake m;
	unsigned i;
	int fd = open(in_dir(DATABASE), O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || cdbmake_start(&m, fd) < 0)
		exit(1);
	for (i = 0; i < 3; i++)
		if (cdbmake_add(&m, row[i][0], strlen(row[i][0]), row[i][1], strlen(row[i][1])) < 0)
			exit(1);
	if (cdbmake_end(&m) < 0 || close(fd))
		exit(1);
	gives("relay /ann@board.example.net", "ann", "geheim3", 0);
	gives("relay /bob@board.example.net", "dom", "geheim2", 0);
	gives("relay /x@elsewhere.example", "host", "pw", 0);
	says("other /x@elsewhere.example", "no login for x@");
	puts_to(LOGINS, "x:line geheim\n");
	gives("other /x", "line", "geheim", 0);
	gives("other /ann@board.example.net", "ann", "geheim3", 0);
	unlink(in_dir(LOGINS));
	chmod(in_dir(DATABASE), 0644);
	says("relay /ann@board.example.net", "chmod o=");
	puts_to(DATABASE, "short");
	says("relay /ann@board.example.net", DATABASE);
}

/* A file of somebody else's: root's is welcome, ours too, a third one's is not. */
static void owners(void)
{
	puts_to("pass", "geheim\n");
	if (geteuid()) {
		ok(1, "# SKIP needs root: files of others");
		return;
	}
	chmod(dir, 0755);
	put("roots", "geheim\n", 7, 0640);
	put("theirs", "geheim\n", 7, 0640);
	put("ours", "geheim\n", 7, 0600);
	put("closed", "geheim\n", 7, 0600);
	if (chown(in_dir("roots"), 0, 65533) || chown(in_dir("theirs"), 1, 65533) ||
		chown(in_dir("ours"), 65534, 0))
		exit(1);
	gives("relay kim - PASSFILE=theirs", "kim", "geheim", 0);
	if (setegid(65533) || seteuid(65534))
		exit(1);
	gives("relay kim - PASSFILE=roots", "kim", "geheim", 0);
	gives("relay kim - PASSFILE=ours", "kim", "geheim", 0);
	says("relay kim - PASSFILE=theirs", "must be root's or user 65534's");
	says("relay kim - PASSFILE=closed", "cannot read");
	if (seteuid(0) || setegid(0))
		exit(1);
}

int main(void)
{
	char rm[100];

	if (!mkdtemp(dir))
		return 1;
	control_use(dir);
	forms();
	files();
	commands();
	keys();
	database();
	owners();
	snprintf(rm, sizeof rm, "rm -r %s", dir);
	ok(system(rm) == 0, "tidy");
	return done();
}
#else
int main(void)
{
	ok(1, "# SKIP TLS is not built in");
	return done();
}
#endif
