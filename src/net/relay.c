/* relay.c: control/smtproutes, the map from a recipient's domain to the relay
 * that takes its mail. Read by the runner when it plans routes and by the SMTP
 * client when it runs alone. Refuses nothing: a line without a usable relay
 * means "by MX", as the qmail family has it. */
#include <string.h>
#include "addr.h"
#include "relay.h"
#include "../base/control.h"
#include "../base/text.h"
#include "../limits.h"

static struct buf routes;
static int loaded;

int relay_load(void)
{
	struct buf fresh = BUF_HEAP(CONTROL_MAX);

	if (loaded)
		return 0;
	if (control_list(&fresh, "smtproutes") < 0) {
		buf_free(&fresh);	/* the old ones stay in force */
		return -1;
	}
	buf_free(&routes);
	routes = fresh;
	loaded = 1;
	return 0;
}

void relay_forget(void)
{
	loaded = 0;
}

const char *relay_find(const char *domain, size_t n)
{
	const char *v = control_map(&routes, domain, n);

	while (!v && n) {
		domain++;
		n--;
		if (!n || *domain == '.')
			v = control_map(&routes, domain, n);
	}
	if (!v)
		return 0;
	while (*v == ' ' || *v == '\t')
		v++;
	return *v && *v != ':' ? v : 0;
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
