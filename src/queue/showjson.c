/* showjson.c: what `qmta queue list --json` says of a message and of a recipient;
 * showqueue.c, which finds them, puts the rest of the array around it. */
#include <string.h>
#include "../base/clock.h"
#include "show.h"

static unsigned rcpts;	/* of this message so far */

void json_string(struct out *o, const char *s, size_t n)
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

void json_head(struct out *o, const struct qinfo *i)
{
	static int before;

	out_fmt(o, "%s\n{\"id\":%llu,\"state\":\"%s\",\"held\":%s,\"bouncing\":%s,"
		"\"size\":%llu,\"birth\":%lld,\"age\":%lld,\"sender\":", before ? "," : "",
		(unsigned long long)i->id, i->state == FRESH ? "fresh" : "settled",
		i->held ? "true" : "false", i->bouncing ? "true" : "false",
		(unsigned long long)i->size, (long long)i->birth,
		(long long)(clock_wall() - i->birth));
	json_string(o, i->sender, strlen(i->sender));
	out_puts(o, ",\"recipients\":[");
	before = 1;
	rcpts = 0;
}

void json_rcpt(struct out *o, const struct qrcpt *rc, const char *channel, int64_t due)
{
	const char *note = rc->done ? 0 : show_note(rc);

	out_fmt(o, "%s\n {\"channel\":\"%s\",\"done\":%s,", rcpts++ ? "," : "", channel,
		rc->done ? "true" : "false");
	if (due)
		out_fmt(o, "\"next\":%lld,", (long long)due);
	if (note) {
		out_puts(o, "\"error\":");
		json_string(o, note, strcspn(note, "\n"));
		out_puts(o, ",");
	}
	out_puts(o, "\"address\":");
	json_string(o, rc->addr, rc->len);
	out_puts(o, "}");
}
