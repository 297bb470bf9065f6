/* ident.c: names for what a message leaves unsaid. A message that needs no
 * name reads no file. Without control/me nothing is guessed: mail with a made
 * up host is mail that nobody can answer, so the person who set this board up
 * is told which file to write. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/buf.h"
#include "../base/control.h"
#include "ident.h"

static const struct { char env[20], file[14]; } sources[IDENT_NAMES] = {
	[ADDR_HOST] = { "QMAILDEFAULTHOST\0", "defaulthost" },
	[ADDR_DOMAIN] = { "QMAILDEFAULTDOMAIN\0", "defaultdomain" },
	[ADDR_PLUS] = { "QMAILPLUSDOMAIN\0", "plusdomain" },
	[IDENT_IDHOST] = { "QMAILIDHOST\0", "idhost" },
	[IDENT_ME] = { "", "me" },
};

static const char *complain(struct ident *id, const char *a, const char *b, const char *c)
{
	id->why[0] = a;
	id->why[1] = b;
	id->why[2] = c;
	return 0;
}

/* A name that could break the header or an SMTP command is no name. */
static int is_name(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= 32 || *s == 127 || strchr("<>()\",;:\\", *s))
			return 0;
	return 1;
}

const char *ident_host(struct ident *id, int which)
{
	const char *e = ident_env(sources[which].env), *file = sources[which].file;
	char *name = id->name[which];
	struct buf b = BUF_AT(name, 0, sizeof id->name[0]);
	int r;

	if (e)
		return is_name(e) ? e : complain(id, "not a host name: ", "$", sources[which].env);
	if (*name)	/* each file is looked for once */
		return name;
	r = control_line(&b, file);
	if (r < 0 || b.len > 255 || !is_name(name)) {
		*name = 0;
		return r < 0 ? complain(id, control_error(), "", "") :
			complain(id, "not a host name: ", "control file ", file);
	}
	if (*name)
		return name;
	if (which == IDENT_ME) {
		id->missing = 1;
		return complain(id, "this host's name is not configured: "
			"write its full name into ", control_dir(), "/me");
	}
	e = ident_host(id, IDENT_ME);
	return e ? memcpy(name, e, sizeof id->name[0]) : 0;
}

const char *ident_name(void *arg, enum addr_name which)
{
	return ident_host(arg, which);
}

const char *ident_user(struct ident *id)
{
	const char *e = ident_env("QMAILUSER\0MAILUSER\0USER\0LOGNAME\0");

	if (e)
		return e;
	return *id->user.name || passwd_uid(&id->user, getuid()) > 0 ?
		id->user.name : "anonymous";
}

const char *ident_env(const char *names)
{
	for (; *names; names += strlen(names) + 1) {
		const char *e = getenv(names);

		if (e && *e)
			return e;
	}
	return 0;
}
