/* vars.c: the environment of programs: every variable, its cutting, and what a
 * stranger's bytes become. */
#include "../../src/deliver/vars.c"
#include <stdio.h>
#include "../lib/tap.h"

static struct vars v;

static const char *get(const char *name)
{
	size_t n = strlen(name), i;

	for (i = 0; v.envp[i]; i++)
		if (!strncmp(v.envp[i], name, n) && v.envp[i][n] == '=')
			return v.envp[i] + n + 1;
	return "(unset)";
}

static void is(const char *name, const char *want)
{
	ok(!strcmp(get(name), want), "%s=%s", name, want);
	if (strcmp(get(name), want))
		printf("# got %s\n", get(name));
}

static struct visit t;

static void make(const char *sender, const char *local, const char *ext, const char *host,
	const char *deflt)
{
	static int fd;

	if (!fd)
		fd = fileno(tmpfile());
	memset(&t, 0, sizeof t);
	t.sender = sender;
	t.local = local;
	t.host = host;
	t.who.ext = ext;
	t.who.dash = *ext ? "-" : "";
	strcpy(t.who.user, "joe");
	strcpy(t.who.home, "/home/joe");
	strcpy(t.newsender, "owner@x");
	if (letter_open(&t.letter, fd, 0, sender, local, host) < 0 || !vars_make(&v, &t, deflt))
		ok(0, "make");
}

int main(void)
{
	static char a[ADDR_CAP];
	size_t i;

	setenv("TZ", "Europe/Vienna", 1);
	setenv("SECRET", "x", 1);
	setenv("LD_PRELOAD", "", 1);
	unsetenv("CONTROLDIR");
	setenv("QUEUEDIR", "/q", 1);
	make("s@example.org", "joe-virt-info", "virt-info", "v.example.net", "virt-info");
	is("SENDER", "s@example.org");
	is("NEWSENDER", "owner@x");
	is("RECIPIENT", "joe-virt-info@v.example.net");
	is("USER", "joe");
	is("LOGNAME", "joe");
	is("HOME", "/home/joe");
	is("LOCAL", "joe-virt-info");
	is("EXT", "virt-info");
	is("EXT2", "info");
	is("EXT3", "");
	is("EXT4", "");
	is("DEFAULT", "virt-info");
	is("HOST", "v.example.net");
	is("HOST2", "v.example");
	is("HOST3", "v");
	is("HOST4", "v");
	is("RPLINE", "Return-Path: <s@example.org>\n");
	is("DTLINE", "Delivered-To: joe-virt-info@v.example.net\n");
	ok(!strncmp(get("UFLINE"), "From s@example.org ", 19) &&
		strlen(get("UFLINE")) == 19 + 25, "UFLINE");
	is("TZ", "Europe/Vienna");
	is("QUEUEDIR", "/q");
	is("CONTROLDIR", "(unset)");
	is("SECRET", "(unset)");
	is("LD_PRELOAD", "(unset)");
	is("SHELL", "/bin/sh");
	vars_free(&v);

	make("", "joe", "", "w.example.net", 0);
	is("HOST2", "w.example");
	is("HOST4", "w");
	is("EXT", "");
	is("EXT4", "");
	is("DEFAULT", "(unset)");
	is("RPLINE", "Return-Path: <>\n");
	ok(!strncmp(get("UFLINE"), "From MAILER-DAEMON ", 19), "null sender");
	vars_free(&v);

	make("a\nb\t\1@c\n", "joe-a--b\n", "a--b\n", "h\r.\177.", "\n");
	is("SENDER", "a_b__@c_");
	is("LOCAL", "joe-a--b_");
	is("EXT2", "-b_");
	is("EXT3", "b_");
	is("EXT4", "");
	is("HOST2", "h_._");
	is("HOST3", "h_");
	is("HOST4", "h_");
	is("DEFAULT", "_");
	is("DTLINE", "Delivered-To: joe-a--b_@h_._.\n");
	ok(!strncmp(get("UFLINE"), "From a-b--@c- ", 14), "UFLINE of hostile bytes");
	vars_free(&v);

	memset(a, '"', ADDR_MAX);
	memcpy(a + ADDR_MAX - 2, "@h", 2);
	make(a, a, a, "h", a);
	ok(strlen(get("EXT")) == ADDR_MAX && strlen(get("RPLINE")) > 2 * (ADDR_MAX - 2),
		"the longest addresses fit");
	for (i = 0; v.envp[i]; i++)
		;
	ok(i < VARS_MAX, "%zu variables", i);
	vars_free(&v);
	return done();
}
