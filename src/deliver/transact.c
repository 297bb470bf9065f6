/* transact.c: one message over an open SMTP session: its envelope (dialog.c), its data,
 * the verdict; and whether it may go there at all. After the final dot a connection
 * that ends may make a duplicate, and the report says so. Refuses, without a word to
 * the server, a sender that is no address and a message that is larger than it takes. */
#include <errno.h>
#include <string.h>
#include "config.h"
#include "body.h"
#include "dialog.h"
#include "sign.h"
#include "../queue/envelope.h"
#include "../base/text.h"

enum { AHEAD_MAX = 1 << 20 };	/* bytes */

static int verdict(struct smtp *s, struct mail *m, int code)
{
	if (code < 0) {
		m->fate = 'Z';
		smtp_words(s, "Connected to %s but connection died. "
			"Possible duplicate! (#4.4.2)\n");
	} else if (code / 100 == 2) {
		m->fate = 'K';
		smtp_said(s, "%s accepted message%s.\n");
	} else {
		m->fate = dialog_fate(code);
		smtp_said(s, "%s failed after I sent the message.\n");
	}
	if (code / 100 != 2 && code / 100 != 4 && code / 100 != 5)
		return dialog_lost(s, m, code);
	return code == 421 ? dialog_lost(s, m, code) : 0;
}

/* The server stopped reading. It may have said why, and at the end (ended 1: the
 * final dot may have reached it) even that it has the message. */
static int interrupted(struct smtp *s, struct mail *m, int ended)
{
	int code = -1;

	if (errno == EPIPE || errno == ECONNRESET)
		code = wire_reply(&s->w, smtp_by(5000));
	if (!ended && code < 400)
		return dialog_lost(s, m, -1);
	verdict(s, m, code);
	smtp_close(s, 0);
	return -1;
}

char smtp_prepare(struct smtp *s, const struct mail *m)
{
	struct outgoing *fix = m->fix;
	const char *why = outgoing_find(fix, m->stream ? -1 : m->msg, m->start, m->size, m->sender);

	if (why) {
		buf_clear(&s->report);
		buf_fmt(&s->report, "Message cannot be prepared: %s. (#4.3.5)\n", why);
		return 'Z';
	}
	if (envelope_sender(fix->sender, strlen(fix->sender))) {
		smtp_words(s, "Sender's address is not valid. (#5.1.7)\n");
		return 'D';
	}
	if (s->maxsize && !m->stream && fix->size > s->maxsize) {
		buf_clear(&s->report);
		buf_fmt(&s->report, "%s takes messages of up to %llu bytes, this one "
			"has %llu. (#5.3.4)\n", s->ip, (unsigned long long)s->maxsize,
			(unsigned long long)fix->size);
		return 'D';
	}
	return 0;
}

/* Whether it is an internationalized message (RFC 6531 3.4): an address, or a header in
 * UTF-8. Other bytes in a header are what they always were. */
static int needs_utf8(struct mail *m)
{
	const char *addr, *sender = m->fix->sender;
	int r = text_8bit(sender, strlen(sender)) ||
		(m->plan.in[IN_HEADER] & (REFIT_EIGHT | REFIT_BAD)) == REFIT_EIGHT;
	size_t n;

	/* A list that cannot be read is found out when they are named. */
	for (int i = 0; !r && i < m->top; i++)
		r = m->rcpt(m, i, &addr, &n) || text_8bit(addr, n);
	return r;
}

static void begin(struct smtp *s, struct mail *m)
{
	if (s->win_mail == m)
		s->win_mail = 0;
	m->conn = s->conn;
	m->kept = s->used++ > 0;
	m->top = m->n < JOB_RCPTS ? m->n : JOB_RCPTS;
	if (s->limit && s->limit < (uint32_t)m->top)
		m->top = s->limit;
	m->put = m->got = s->dirty ? -2 : -1;
	m->good = 0;
	m->end = m->top + 1;
	m->mail_ok = m->odd = m->go = m->last = m->broken = 0;
	m->fate = 0;
	memset(m->bad, 0, sizeof m->bad);
	/* An hour, and a second for each 1000 bytes. */
	m->until = smtp_by(3600 * 1000 + (int64_t)m->size);
	m->told = s->caps & CAP_DSN && m->wish ? m->wish : "";
	body_plan(s, m);
	m->utf8 = s->caps & CAP_SMTPUTF8 && needs_utf8(m);
	s->dirty = 0;
}

/* 0 it has begun; 'D' or 'Z' with the words. */
static char start(struct smtp *s, struct mail *m)
{
	char fate = smtp_prepare(s, m);
	const char *sender = m->fix->sender;

	if (!fate && !(s->caps & CAP_SMTPUTF8) && text_8bit(sender, strlen(sender))) {
		smtp_words(s, dialog_ascii);
		fate = 'D';
	}
	if (fate)
		return fate;
	begin(s, m);
	if (CFG_DKIM && (fate = sign_mail(s, m))) {
		m->conn = 0;
		s->dirty = m->put < -1;	/* the RSET is another's now */
	}
	return fate;
}

/* The next message's envelope into the same write. If that fails the connection
 * is over, which the verdict's flush will find out. A large one is read, and signed, when
 * this one's end is not waiting for it. */
static void ahead(struct smtp *s)
{
	struct mail *m = s->more(s->more_arg);

	if (m && m->size < AHEAD_MAX && !start(s, m))
		dialog_fill(s, m);
}

static int body(struct smtp *s, struct mail *m)
{
	int64_t final = s->timeout > SMTP_FINAL_SECS * 1000 ?
		s->timeout : SMTP_FINAL_SECS * 1000;

	switch (body_put(s, m)) {
	case -1:
		return interrupted(s, m, 0);
	case -2:
		m->fate = 'Z';
		smtp_words(s, "Unable to read the message. (#4.3.0)\n");
		return dialog_lost(s, m, -1);
	}
	if (s->caps & CAP_PIPELINING && s->more)
		ahead(s);
	if (wire_flush(&s->w, smtp_until(s, m)))
		return interrupted(s, m, 1);
	return verdict(s, m, wire_reply(&s->w, smtp_by(final)));
}

/* DATA was taken although no recipient was: RFC 2920 3.1 wants an empty message
 * then. Where even MAIL had been refused nobody knows what the server believes. */
static int nobody(struct smtp *s, struct mail *m)
{
	int code = -1;

	if (!m->odd && !wire_put(&s->w, ".\r\n", 3, smtp_until(s, m)) && !wire_flush(&s->w, smtp_until(s, m)))
		code = wire_reply(&s->w, smtp_until(s, m));
	if (code <= 0 || code == 421)
		return dialog_lost(s, m, code);
	return 0;
}

/* ---- the whole ---- */

/* What is left to say after the dialogue. */
static char finish(struct smtp *s, struct mail *m)
{
	static const char text[] = "The server takes fewer recipients at once. (#4.5.3)\n";

	if (!m->fate) {
		m->fate = 'D';
		smtp_words(s, "Giving up on %s.\n");
	}
	if (m->broken)
		smtp_words(s, "Unable to read the recipients. (#4.3.0)\n");
	/* Each round answers for at least one recipient, so this comes to an end. Also
	 * when the server hung up right after it had taken the message: those behind
	 * the limit were never named to it. */
	if ((smtp_is_open(s) || m->fate != 'Z') && m->mail_ok && !m->broken)
		for (uint32_t i = m->top; i < m->n; i++)
			m->tell(m, 'm', i, text, sizeof text - 1);
	return m->fate;
}

char smtp_send(struct smtp *s, struct mail *m)
{
	char fate;

	if (m->conn != s->conn) {
		fate = start(s, m);
		if (fate)
			return fate;
	}
	if (dialog_envelope(s, m)) {
		if (m->kept && m->got < 0)
			return 0;
		return finish(s, m);
	}
	if (m->go && m->good && !m->fate)
		body(s, m);
	else if (m->go)
		nobody(s, m);
	else if (m->mail_ok)
		s->dirty = 1;
	return finish(s, m);
}
