/* showjson.c: the queue for programs: `qmta queue list --json`, one array, one
 * object a message. A reader only, as showqueue.c: a message may leave meanwhile,
 * and then is left out or has fewer recipients. */
#include <errno.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/err.h"
#include "../base/log.h"
#include "../exits.h"
#include "show.h"

static char window[WINDOW];
static struct out out = OUT_STATIC(1, window);

void show_json_string(struct out *o, const char *s, size_t n)
{
	size_t i;

	out_put(o, "\"", 1);
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 32 || c > 126 || c == '"' || c == '\\')
			out_fmt(o, "\\u%04x", c);
		else
			out_put(o, s + i, 1);
	}
	out_put(o, "\"", 1);
}

static void head(const struct qinfo *i, int first)
{
	out_fmt(&out, "%s\n{\"id\":%llu,\"state\":\"%s\",\"held\":%s,\"bouncing\":%s,"
		"\"size\":%llu,\"birth\":%lld,\"age\":%lld,\"sender\":", first ? "" : ",",
		(unsigned long long)i->id, i->state == FRESH ? "fresh" : "settled",
		i->held ? "true" : "false", i->bouncing ? "true" : "false",
		(unsigned long long)i->size, (long long)i->birth,
		(long long)(clock_wall() - i->birth));
	show_json_string(&out, i->sender, strlen(i->sender));
	out_puts(&out, ",\"recipients\":[");
}

/* *any: there is one before. got: what opening the list returned. 0 / -1. */
static int list(struct queue *q, int got, struct qread *r, uint64_t id, enum qchan c, int *any)
{
	static const char *const names[] = { "local", "remote" };
	struct qrcpt rc;
	int64_t due;

	while (got > 0 && (got = qread_next(r, &rc)) > 0) {
		out_fmt(&out, "%s\n {\"channel\":\"%s\",\"done\":%s,", *any ? "," : "",
			r->fresh ? "todo" : names[c], rc.done ? "true" : "false");
		if (!rc.done && !r->fresh && queue_due(q, id, c, &due) > 0)
			out_fmt(&out, "\"next\":%lld,", (long long)due);
		if (!rc.done && show_note(&rc)) {
			out_puts(&out, "\"error\":");
			show_json_string(&out, show_note(&rc), strcspn(show_note(&rc), "\n"));
			out_puts(&out, ",");
		}
		out_puts(&out, "\"address\":");
		show_json_string(&out, rc.addr, rc.len);
		out_puts(&out, "}");
		*any = 1;
	}
	qread_close(r);
	return got;
}

static int message(struct queue *q, uint64_t id, enum qstate state, int *first)
{
	struct qinfo i;
	struct qread r;
	int got = queue_info(q, id, state, &i), c, any = 0, bad;

	if (got <= 0)
		return got;
	head(&i, *first);
	*first = 0;
	show_notes(q, id);
	if (state == FRESH)
		bad = list(q, qread_fresh(&r, q, id), &r, id, LOCAL, &any);
	else
		for (c = LOCAL, bad = 0; c <= REMOTE; c++) {
			got = qread_chan(&r, q, id, (enum qchan)c);
			bad |= list(q, got, &r, id, (enum qchan)c, &any);
		}
	out_puts(&out, "]}");
	return bad;
}

int show_json(struct queue *q)
{
	int code = EXIT_DONE, first = 1, s, r;
	struct qwalk w;
	uint64_t id;

	out_puts(&out, "[");
	for (s = FRESH; s <= SETTLED; s++) {
		if ((r = qwalk_open(&w, q, (enum qstate)s)) == 0)
			while ((r = qwalk_next(&w, &id)) > 0)
				if (message(q, id, (enum qstate)s, &first) < 0) {
					say("qmta queue", "trouble with message #%llu: %s",
						(unsigned long long)id, err_text(errno));
					code = EXIT_TEMP;
				}
		if (r < 0) {
			say("qmta queue", "unable to read the queue: %s", err_text(errno));
			code = EXIT_TEMP;
		}
		qwalk_close(&w);
	}
	out_puts(&out, "\n]\n");
	return out_flush(&out) < 0 ? EXIT_TEMP : code;
}
