/* compose.c: what a message's header lacks, and its envelope sender. The
 * environment is the user's own word about who he is; it ends in header lines,
 * so it is quoted and completed like any address that comes from outside. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../base/control.h"
#include "../base/io.h"
#include "../base/text.h"
#include "../limits.h"
#include "../msg/field.h"
#include "../msg/make.h"
#include "../msg/quote.h"
#include "../queue/envelope.h"
#include "rcpts.h"
#include "run.h"

#define HOST_VARS "QMAILHOST\0MAILHOST\0"

/* user@host into b, completed; host 0: the default host. */
static enum addr_result whole(struct run *r, struct buf *b, const char *user, const char *host)
{
	buf_puts(b, user);
	/* A user name may hold an @; the host is always ours to name. */
	if (!host && strchr(user, '@') && !(host = ident_host(&r->id, ADDR_HOST)))
		return ADDR_NONAME;
	if (host)
		buf_fmt(b, "@%s", host);
	return b->full ? ADDR_BAD : addr_complete(b, &r->rules);
}

static enum addr_result from(struct run *r, const char *prefix)
{
	const char *name = r->o->name;
	char space[ADDR_CAP];
	struct buf a = BUF_OVER(space), *shown = &a;
	enum addr_result e;

	/* The environment's name belongs to the user, not to a sender given. */
	if (r->o->from_sender && r->o->sender && r->sender.len)
		shown = &r->sender;
	else {
		if (!name)
			name = ident_env("QMAILNAME\0MAILNAME\0NAME\0");
		e = whole(r, &a, ident_user(&r->id), ident_env(HOST_VARS));
		if (e != ADDR_OK)
			return e;
	}
	make_from(&r->head, prefix, name, r->letters & LETTER_C, shown->s, shown->len);
	return ADDR_OK;
}

/* Mail-Followup-To, when $QMAILMFTFILE names one of the message's addresses. A
 * file that cannot be read is no list: the field is a courtesy. */
static void followup(struct run *r)
{
	struct buf list = BUF_HEAP(CONTROL_MAX);
	size_t at, end, n, hit = 0;

	if (io_slurp(AT_FDCWD, getenv("QMAILMFTFILE"), &list) <= 0)
		list.len = 0;
	for (at = 0; at < list.len && !hit; at = end + 1) {
		char *lf = memchr(list.s + at, '\n', list.len - at);

		end = lf ? (size_t)(lf - list.s) : list.len;
		n = text_trim(list.s + at, end - at);
		hit = n && control_has(&r->to_cc, list.s + at, n);
	}
	buf_free(&list);
	if (!hit)
		return;
	buf_puts(&r->head, "Mail-Followup-To: ");
	for (end = r->to_cc.len; end; end = at) {
		at = rcpts_before(&r->to_cc, end);
		addr_quote(&r->head, r->to_cc.s + at, end - at - 1);
		buf_puts(&r->head, at ? ",\n  " : "\n");
	}
}

enum addr_result compose_fields(struct run *r)
{
	const char *prefix = r->resent ? "Resent-" : "", *id;
	struct buf *b = &r->head;
	unsigned seen = r->seen >> r->resent;	/* the resent ones alone, or all */
	enum addr_result e;

	if (!(seen & 1u << FIELD_DATE))
		make_date(b, prefix, r->now);
	if (!(seen & 1u << FIELD_MESSAGE_ID)) {
		if (!(id = ident_host(&r->id, IDENT_IDHOST)))
			return ADDR_NONAME;
		make_message_id(b, prefix, r->now, getpid(), make_salt(), id);
	}
	if (!(seen & 1u << FIELD_FROM) && (e = from(r, prefix)) != ADDR_OK)
		return e;
	if (!(seen & (1u << FIELD_TO | 1u << FIELD_CC)))
		buf_fmt(b, "%sCc: recipient list not shown: ;\n", prefix);
	if (r->to_cc.len && !r->resent && !(seen & 1u << FIELD_FOLLOWUP_TO))
		followup(r);
	return b->full ? ADDR_NOMEM : ADDR_OK;
}

enum addr_result compose_sender(struct run *r)
{
	const char *user = ident_env("QMAILSUSER\0"), *host = ident_env("QMAILSHOST\0" HOST_VARS);
	char space[ADDR_CAP];
	struct buf u = BUF_OVER(space), *b = &r->sender;
	unsigned each = r->letters & LETTER_R;
	enum addr_result e;

	if (r->have_path) {
		buf_put(b, r->path.s, r->path.len);
		each = each && b->len;
	} else {
		buf_puts(&u, user ? user : ident_user(&r->id));
		if (r->letters & LETTER_M)
			buf_fmt(&u, "-%lld.%d", (long long)r->now, (int)getpid());
		if (each)
			buf_putc(&u, '-');
		if (!buf_z(&u) || u.full)
			return ADDR_BAD;
		if ((e = whole(r, b, space, host)) != ADDR_OK)
			return e;
	}
	if (each)
		buf_puts(b, "-@[]");
	return b->full || envelope_sender(b->s, b->len) ? ADDR_BAD : ADDR_OK;
}
