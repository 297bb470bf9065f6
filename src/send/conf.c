/* conf.c: the control files of the runner, read at start and on HUP. A file that
 * cannot be read stops the start: guessing would send mail astray. */
#include <stddef.h>
#include <string.h>
#include "../base/control.h"
#include "../base/envrules.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../limits.h"
#include "../msg/admin.h"
#include "../msg/generic.h"
#include "../msg/rewrite.h"
#include "../net/routes.h"
#include "../queue/queue.h"
#include "conf.h"

/* WORD, TEXT: a line, a whole file; nothing without it, and then no storage either. */
enum how { LIST, HOST, LINE, WORD, TEXT, NUMBER };
/* One line a file: how it is read, where it goes, and what holds without it.
 * The first ROUTING of them are read again on HUP. */
static const struct setting {
	const char *name;
	unsigned short at;
	unsigned short how;
	union { const char *line; uint32_t number; } dflt;
} settings[] = {
#define AT(field) offsetof(struct conf, field)
	{ "percenthack", AT(percenthack), LIST, { 0 } },
	{ "virtualdomains", AT(virtualdomains), LIST, { 0 } },
	{ "envnoathost", AT(envnoathost), HOST, { 0 } },
	{ "concurrencylocal", AT(limit[0]), NUMBER, { .number = 10 } },
	{ "concurrencyremote", AT(limit[1]), NUMBER, { .number = 20 } },
	{ "holdlocal", AT(hold[0]), NUMBER, { 0 } },
	{ "holdremote", AT(hold[1]), NUMBER, { 0 } },
	{ "timeoutlocal", AT(timeoutlocal), NUMBER, { .number = 3600 } },
	{ "bouncehost", AT(bouncehost), HOST, { 0 } },
	{ "doublebouncehost", AT(doublehost), HOST, { 0 } },
	{ "bouncefrom", AT(bouncefrom), LINE, { "MAILER-DAEMON" } },
	{ "bouncemessage", AT(bouncemessage), TEXT, { 0 } },
	{ "doublebouncemessage", AT(doublemessage), TEXT, { 0 } },
	{ "doublebouncesubject", AT(doublesubject), WORD, { 0 } },
	{ "bounceformat", AT(bounceformat), WORD, { 0 } },
	{ "bouncemax", AT(bouncemax), NUMBER, { 0 } },
	{ "bouncesubject", AT(bouncesubject), LINE, { "failure notice" } },
	{ "doublebounceto", AT(doubleto), LINE, { "postmaster" } },
	{ "queuelifetime", AT(lifetime), NUMBER, { .number = LIFETIME_SECS } },
	{ "bouncelifetime", AT(bouncelifetime), NUMBER, { .number = UINT32_MAX } },
	{ "bouncemaxbytes", AT(bouncemaxbytes), NUMBER, { .number = 50000 } },
};
enum { ROUTING = 8, SETTINGS = sizeof settings / sizeof *settings };
enum { QMQP_SECS = 60, QMQP_SECS_MAX = 3600 };

struct conf conf;
unsigned conf_serial;

/* 0, or -1 with control_error(). A buffer always ends up as a C string. */
static int read_one(struct conf *c, const struct setting *s)
{
	void *to = (char *)c + s->at;
	struct buf *b = to;
	int r;

	if (s->how == NUMBER) {
		uint64_t v = s->dflt.number;

		r = control_num(&v, s->name);
		*(uint64_t *)to = v;
		return r < 0 ? -1 : 0;
	}
	b->max = CONTROL_MAX;
	r = s->how == LIST ? control_list(b, s->name) :
		s->how == TEXT ? control_text(b, s->name) :
		s->how == HOST ? control_host(b, s->name) : control_line(b, s->name);
	if (r)
		return r < 0 ? -1 : 0;
	buf_clear(b);
	if (s->how == WORD || s->how == TEXT)
		return 0;
	return (s->how != LINE || buf_puts(b, s->dflt.line)) && buf_z(b) ? 0 : -1;
}

/* concurrencyl.NAME and concurrencyr.NAME, where NAME is the last part of the queue's
 * path, for machines with several queues. 0 / -1. */
static int own_limit(uint64_t *limit, int c)
{
	static char name[80];	/* control_error() shows it later */
	const char *last = queue_dir();

	last += text_dir(last);
	/* A name that has no room here has no such file either. */
	if (!buf_text(name, sizeof name, "concurrency%c.%.*s", "lr"[c],
		(int)strcspn(last, "/"), last))
		return 0;
	return control_num(limit, name) < 0 ? -1 : 0;
}

static int read_some(struct conf *c, size_t n)
{
	const char *why;
	int r, i;
	size_t k;

	control_snapshot(1);
	r = rewrite_locals(&c->locals);
	for (k = 0; !r && k < n; k++)
		r = read_one(c, &settings[k]);
	/* SMTP has another default. */
	c->timeoutremote = QMQP_SECS;
	if (!r && control_num(&c->timeoutremote, "timeoutremote") < 0)
		r = -1;
	if (c->timeoutremote > QMQP_SECS_MAX)
		c->timeoutremote = QMQP_SECS_MAX;
	for (i = 0; !r && i < 2; i++)
		r = own_limit(&c->limit[i], i);
	for (i = 0; !r && i < 2; i++) {
		if (c->hold[i])
			c->limit[i] = 0;
		if (c->limit[i] > SLOTS_MAX / 2)
			c->limit[i] = SLOTS_MAX / 2;
	}
	if (!c->timeoutlocal || c->timeoutlocal > LOCAL_MAX_SECS)
		c->timeoutlocal = LOCAL_MAX_SECS;
	if (!r) {
		routes_forget();
		admin_forget();
		generic_forget();
		/* Routes last: they are in force when the rest can be, too. */
		r = admin_load() < 0 || routes_load() < 0 ? -1 : 0;
	}
	for (k = 0; !r && (why = routes_wrong(&k));)
		log_line("warning: %s; its mail waits", why);
	control_snapshot(0);
	return r;
}

int conf_read(void)
{
	int r = read_some(&conf, SETTINGS);

	if (!r && envrules_list(&conf.bouncerules, "BOUNCERULES", "bounce.envrules") < 0)
		r = -1;
	conf.dsn = conf.bounceformat.len && !strcmp(conf.bounceformat.s, "dsn");
	if (!r && !conf.dsn && conf.bounceformat.len && strcmp(conf.bounceformat.s, "text"))
		log_line("warning: control/bounceformat is neither dsn nor text: text it is");
	if (conf.bouncelifetime > conf.lifetime)
		conf.bouncelifetime = conf.lifetime;
	return r;
}

int conf_reread(void)
{
	struct conf n, old = conf;
	struct conf *gone;
	int r;

	memset(&n, 0, sizeof n);
	r = read_some(&n, ROUTING);
	if (r > 0)
		control_wrong("me", "write this host's full name into it");
	gone = r ? &n : &old;
	conf_serial += !r;
	if (!r)
		memcpy(&conf, &n, offsetof(struct conf, bouncefrom));
	buf_free(&gone->locals);
	buf_free(&gone->envnoathost);
	buf_free(&gone->percenthack);
	buf_free(&gone->virtualdomains);
	return r ? -1 : 0;
}
