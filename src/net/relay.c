/* relay.c: control/smtproutes, the map from a recipient's domain to the relay
 * that takes its mail, and what is asked after it: control/qmqproutes, and the
 * servers of a host that falls back to its queue. Read by the runner when it plans
 * routes and by the SMTP client when it runs alone. Refuses nothing: a line without
 * a usable relay means "by MX", as the qmail family has it. */
#include <string.h>
#include "addr.h"
#include "relay.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"

static struct buf routes, qmqp;
static int loaded, fallback;

/* control/qmqpfallback: 1, 0, -1 control_error(). */
static int load_fallback(void)
{
	char text[512];
	struct buf b = BUF_OVER(text);
	int r = control_line(&b, "qmqpfallback");

	return r > 0 ? b.len && strcmp(text, "0") : r;
}

int relay_load(void)
{
	struct buf fresh = BUF_HEAP(CONTROL_MAX), more = fresh;
	int r;

	if (loaded)
		return 0;
	if (control_list(&fresh, "smtproutes") < 0 || control_list(&more, "qmqproutes") < 0 ||
		(r = load_fallback()) < 0) {
		buf_free(&fresh);	/* the old ones stay in force */
		buf_free(&more);
		return -1;
	}
	buf_free(&routes);
	buf_free(&qmqp);
	routes = fresh;
	qmqp = more;
	fallback = r;
	loaded = 1;
	return 0;
}

void relay_forget(void)
{
	loaded = 0;
}

/* 0: no line is about the domain. Else its value, "" when that says "by MX". */
static const char *find(const struct buf *list, const char *domain, size_t n)
{
	const char *v = control_map(list, domain, n);

	while (!v && n) {
		domain++;
		n--;
		if (!n || *domain == '.')
			v = control_map(list, domain, n);
	}
	if (!v)
		return 0;
	v += text_span(v, " \t");
	return *v == ':' ? "" : v;
}

const char *relay_find(const char *domain, size_t n)
{
	const char *v = find(&routes, domain, n);

	return v && *v ? v : 0;
}

char relay_route(const char **value, const char *domain, size_t n)
{
	char kind = 'R';

	*value = find(&routes, domain, n);
	if (!*value) {
		kind = 'Q';
		*value = find(&qmqp, domain, n);
		if (!*value && fallback) {
			*value = "";
			return kind;
		}
	}
	if (*value && **value)
		return kind;
	*value = domain;
	return 'M';
}

/* ":" and digits up to the end, a blank or the next colon. */
static void port_parse(const char *s, unsigned *port)
{
	uint64_t v;

	if (*s++ == ':' && text_is_u64(s, strcspn(s, ": \t"), &v) && v - 1 < 65535)
		*port = v;
}

int relay_parse(const char *value, char *host, size_t cap, unsigned *port)
{
	size_t n = strcspn(value, " \t");
	struct addr bare;

	*port = 25;
	if (*value == '[') {
		value++;
		n = strcspn(value, "] \t");
		if (value[n] != ']')
			return -1;
		port_parse(value + n + 1, port);
	} else if (!addr_parse(&bare, value, n)) {	/* not IPv6 without brackets */
		n = strcspn(value, ": \t");
		port_parse(value + n, port);
	}
	if (!n || n >= cap)
		return -1;
	memcpy(host, value, n);
	host[n] = 0;
	return 0;
}
