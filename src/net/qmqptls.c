/* qmqptls.c: QMQP over TLS, from the first byte on, as stunnel in front of a server has it.
 * The message is all there is, and no relay behind it checks a login: so the server always
 * has to prove who it is, by its chain, by a pin or by a key that both have, and there is no
 * way to ask for less. Refuses options that it does not know: one of them may be the pin,
 * misspelt. */
#include <string.h>
#include "../base/text.h"
#include "../exits.h"
#include "../limits.h"
#include "qmqptls.h"
#include "relay.h"
#include "tls.h"

static const char names[] = "PIN\0TLSNAME\0CAFILE\0CERT\0PSKFILE\0TLSMETHOD\0TLSCIPHERS\0";

/* 1 when the n bytes are NAME=value with one of the names. */
static int is_option(const char *s, size_t n)
{
	size_t k = strcspn(s, "=");

	return k + 1 < n && text_index(names, s, k);
}

int qmqptls_settle(char *line)
{
	char *p, *end;

	line += text_span(line, " \t");
	p = end = line + strcspn(line, ", \t");
	if (*p == ',')
		*p = ' ';
	p += text_span(p, " \t");
	while (*p && *p != '#') {
		end = p + strcspn(p, ", \t");
		if (!is_option(p, (size_t)(end - p)))
			return 0;
		p = end + text_span(end, " \t");
		if (*end == ',')
			p++;
		else if (*p && *p != '#')
			return 0;
	}
	*end = 0;
	return 1;
}

/* Its value in space, or 0. */
static const char *option(const char *line, const char *name, struct buf *space)
{
	char *to = space->s + space->len;
	int r = relay_option(line, name, to, space->cap - space->len);

	if (r > 0)
		space->len += strlen(to) + 1;
	space->full |= r < 0;
	return r > 0 ? to : 0;
}

int qmqptls_start(int fd, const struct qserver *v, const char *line, int64_t at,
	struct buf *why)
{
	char text[CONTROL_LINE_MAX], host[ADDR_TEXT];
	struct buf b = BUF_OVER(text);
	struct tls_want w = { .level = TLS_VERIFY, .host = v->name };
	struct tls_seen seen;
	enum tls_result r;

	if (*v->name == '[') {
		addr_text(v->to.a, host);
		w.host = host;
	}
	w.pins = option(line, "PIN", &b);
	w.name = option(line, "TLSNAME", &b);
	w.cafile = option(line, "CAFILE", &b);
	w.cert = option(line, "CERT", &b);
	w.pskfile = option(line, "PSKFILE", &b);
	w.method = option(line, "TLSMETHOD", &b);
	w.ciphers = option(line, "TLSCIPHERS", &b);
	r = TLS_LOCAL;
	if (b.full)
		buf_puts(why, "its options in control/qmqpservers are too long, or have a bad %XX");
	else
		r = tls_start(fd, &w, at, &seen, why);
	if (!buf_z(why))
		why->s[--why->len] = 0;
	return r == TLS_OK ? 0 : r == TLS_LOCAL ? QQ_CONFIG : r == TLS_BROKEN ? QQ_CDIED :
		QQ_CREFUSED;
}
