/* qmqpconf.c: which QMQP servers there are and how long they are waited for, from control
 * files, arguments, a line of control/qmqproutes, and variables. A line without sense is
 * left out with a warning, as the others may still take the mail. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "config.h"
#include "../base/control.h"
#include "../base/log.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../limits.h"
#include "qmqp.h"
#include "qmqpconf.h"
#include "qmqptls.h"

enum { HOUR = 3600 };

static const char tls_mark[] = "tls://";

int qserver_parse(struct qserver *v, const char *s, unsigned port)
{
	size_t len, n, i;
	uint64_t p = port;

	s += text_span(s, " \t");
	if (CFG_TLS && (v->tls = text_casestarts(s, strlen(s), tls_mark)))
		s += sizeof tls_mark - 1;
	n = len = strcspn(s, CFG_TLS && v->tls ? ", \t" : " \t");
	v->to.n = 0;
	if (addr_parse(v->to.a, s, len))
		v->to.n = 1;
	else {
		n = text_rchr(s, len, ':');
		if (n < len && (!text_is_u64(s + n + 1, len - n - 1, &p) || p - 1 >= 65535))
			return 0;
		/* Which colon of a bare IPv6 address is that of the port? */
		v->to.n = (*s == '[' || !memchr(s, ':', n)) && addr_parse(v->to.a, s, n);
	}
	v->to.port = (unsigned)p;
	if (!n || n >= sizeof v->name)
		return 0;
	for (i = 0; i < n; i++)
		v->name[i] = (char)text_lower((unsigned char)s[i]);
	v->name[n] = 0;
	/* Digits and dots that are no address are a mistake and no name. */
	return v->to.n || (text_span(v->name, "0123456789.") < n &&
		text_span(v->name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == n);
}

/* Keeps the lines that can be used, and counts them. */
static void check_lines(struct qmqp *q, const char *where)
{
	struct qserver v;
	size_t from, to = 0, n, len;

	q->count = 0;
	for (from = 0; from < q->servers.len; from += n) {
		char *line = q->servers.s + from;
		char c = line[text_span(line, " \t")];

		n = strlen(line) + 1;
		if (qserver_parse(&v, line, q->port) &&
			!(CFG_TLS && v.tls && !qmqptls_settle(line))) {
			len = CFG_TLS ? strlen(line) + 1 : n;
			memmove(q->servers.s + to, line, len);
			to += len;
			q->count++;
		} else if (c && c != '#')
			say("warning", CFG_TLS ?
				"%s: not a QMQP server, or no option of one; left out: %s" :
				"%s: not QMQP, or needs TLS; left out: %s", where, line);
	}
	q->servers.len = to;
}

/* The words of a line, each with a NUL. */
static void put_words(struct buf *b, const char *s)
{
	size_t n;

	for (; *(s += text_span(s, " \t")); s += n) {
		n = strcspn(s, " \t");
		buf_put(b, s, n);
		buf_putc(b, 0);
	}
}

/* The file's sticky bit: IndiMail's way to say "start anywhere". */
static int is_sticky(void)
{
	char path[512];
	struct stat st;

	return buf_text(path, sizeof path, "%s/qmqpservers", control_dir()) &&
		stat(path, &st) == 0 && (st.st_mode & S_ISVTX);
}

/* A variable, unless the caller has other rights than we. */
static const char *variable(const char *name)
{
	const char *v = proc_is_setid() ? 0 : getenv(name);

	return v && *v ? v : 0;
}

static int load_source(struct qmqp *q)
{
	const char *v = variable("OUTGOINGIP");
	struct addr a;

	if (source_load(&q->source) < 0)
		return -1;
	if (!v)
		return 0;
	if (!addr_parse(&a, v, strlen(v)))
		return control_wrong("OUTGOINGIP", "the variable is no address");
	memset(q->source.a, 0, sizeof q->source.a);
	q->source.a[a.u.sa.sa_family == AF_INET6] = a;
	return 0;
}

/* A number of seconds, in milliseconds. 0 / -1. */
static int load_time(unsigned *ms, const char *name, unsigned secs)
{
	uint64_t v = secs;

	if (control_num(&v, name) < 0)
		return -1;
	*ms = v > HOUR ? HOUR * 1000 : v ? (unsigned)v * 1000 : 1;
	return 0;
}

static int load_settings(struct qmqp *q)
{
	const char *v = variable("PORT_QMQP");
	uint64_t port = QMQP_PORT, z = 0;

	if (v && (!text_is_u64(v, strlen(v), &port) || port - 1 >= 65535))
		return control_wrong("PORT_QMQP", "the variable is no port");
	q->port = (unsigned)port;
	if (load_time(&q->timeout_connect, "timeoutconnect", 10) < 0 ||
		load_time(&q->timeout, "timeoutremote", 60) < 0 ||
		control_num(&z, "qmqpz") < 0)
		return -1;
	q->next_on_z = z != 0;
	return load_source(q);
}

int qmqp_load(struct qmqp *q, char *const *servers, const char *list)
{
	uint64_t balance = 0;

	buf_clear(&q->servers);
	q->servers.max = CONTROL_MAX;
	q->count = 0;
	if (load_settings(q) < 0)
		return -1;
	for (; servers && *servers; servers++)
		put_words(&q->servers, *servers);
	if (list)
		put_words(&q->servers, list);
	else if (!servers && control_list(&q->servers, "qmqpservers") < 0)
		return -1;
	if (q->servers.full)
		return control_wrong("qmqpservers", "too many servers");
	check_lines(q, list ? "qmqproutes" : servers ? "arguments" : "qmqpservers");
	if (q->count > 1 && control_num(&balance, "qmqpbalance") < 0)
		return -1;
	q->balance = balance || (q->count > 1 && !list && !servers && is_sticky());
	return 0;
}
