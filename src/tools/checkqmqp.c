/* checkqmqp.c: `qmta check` where mail goes by QMQP: each server of the list is connected
 * to, and with tls:// has to prove who it is. More cannot be tried, as this protocol is
 * one message and one answer. */
#include <errno.h>
#include <string.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/err.h"
#include "../net/link.h"
#include "../net/qmqp.h"
#include "../net/qmqpconf.h"
#include "../net/qmqptls.h"
#include "checksay.h"
#include "checktry.h"

/* 1 when this address could be given mail. */
static int ask(struct qmqp *q, struct qserver *v, struct addr *a, const char *line)
{
	char ip[ADDR_TEXT], text[QMQP_TEXT];
	struct buf why = BUF_AT(text, 0, sizeof text - 1);
	int fd, good = 1;

	addr_port(a, v->to.port);
	addr_text(a, ip);
	fd = connect_to(a, SOCK_STREAM, &q->source, clock_mono() + q->timeout_connect);
	if (fd < 0) {
		check_step(STEP_BAD, "connect", "%s port %u: %s", ip, v->to.port, err_text(errno));
		return 0;
	}
	check_step(STEP_GOOD, "connect", "%s port %u answers", ip, v->to.port);
	if (CFG_TLS && v->tls) {
		good = !qmqptls_start(fd, v, line, clock_mono() + q->timeout, &why);
		check_step(good ? STEP_GOOD : STEP_BAD, "tls", "%s",
			good ? "it is who it should be" : text);
	}
	link_close(fd);
	return good;
}

int check_qmqp(const char *servers)
{
	static struct qmqp q;
	struct qserver v;
	const char *line;
	int good = 0;

	if (qmqp_load(&q, 0, *servers ? servers : 0)) {
		check_step(STEP_BAD, "route", "unable to read %s", control_error());
		return 0;
	}
	if (!q.count)
		check_step(STEP_BAD, "route", "control/qmqpservers names no QMQP server");
	for (line = q.servers.s; q.count; q.count--, line += strlen(line) + 1) {
		qserver_parse(&v, line, q.port);
		v.to.ip = q.source.ip;
		if (!v.to.n && host_find(&v.to, v.name, 0, 1) != DNS_OK) {
			check_step(STEP_BAD, "dns", "%s: no address can be found", v.name);
			continue;
		}
		for (unsigned i = 0; i < v.to.n; i++)
			good |= ask(&q, &v, &v.to.a[i], line);
	}
	return good;
}
