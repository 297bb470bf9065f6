/* transact.c: one message over an open SMTP session: envelope, data, verdict.
 * The commands of a message are numbered: RSET (if it is needed) -2, MAIL -1, the
 * recipients from 0, DATA; those below `put` are sent, below `got` answered. With
 * PIPELINING (RFC 2920) many may be on their way, and the envelope of the next message
 * rides behind the data of this one; without it there is one at a time. The same code
 * does both.
 *
 * Every reply has one fate. Unknown is "later", and so is a connection that ends;
 * after the final dot that may make a duplicate, and the report says so. */
#include <errno.h>
#include <string.h>
#include "body.h"
#include "../msg/quote.h"
#include "../queue/envelope.h"

/* The longest command: an address of which every byte is quoted, and SIZE. */
#define COMMAND_MAX (2 * ADDR_CAP + 80)

static int flush(struct smtp *s, const struct mail *m)
{
	return wire_flush(&s->w, smtp_until(s, m));
}

static int reply(struct smtp *s, const struct mail *m)
{
	return wire_reply(&s->w, smtp_until(s, m));
}

/* What a reply that is no success means. */
static char fate_of(int code)
{
	return code / 100 == 5 ? 'D' : 'Z';
}

/* ---- commands ---- */

static int is_bad(const struct mail *m, int i)
{
	return m->bad[i / 8] >> i % 8 & 1;
}

static void put_mail(struct smtp *s, const struct mail *m)
{
	struct buf *o = &s->w.out;

	buf_puts(o, "MAIL FROM:<");
	addr_quote(o, m->fix->sender, strlen(m->fix->sender));
	buf_putc(o, '>');
	if (s->caps & CAP_SIZE && !m->stream)
		buf_fmt(o, " SIZE=%llu", (unsigned long long)m->fix->size);
	if (m->eight)
		buf_puts(o, " BODY=8BITMIME");
}

/* 1 put; 0 it must not be; -1 the list of recipients cannot be read. */
static int put_rcpt(struct smtp *s, struct mail *m, int i)
{
	const char *addr;
	size_t n;

	if (m->rcpt(m, i, &addr, &n))
		return -1;
	/* Checked at every door already, but a queue may have been filled by
	 * somebody else's program. A CR in here would be a command of its own. */
	if (envelope_rcpt(addr, n)) {
		m->bad[i / 8] |= 1 << i % 8;
		return 0;
	}
	buf_puts(&s->w.out, "RCPT TO:<");
	addr_quote(&s->w.out, addr, n);
	buf_putc(&s->w.out, '>');
	return 1;
}

/* Puts the next command. 1 it is put; 0 there is none any more; -1 connection over. */
static int put_next(struct smtp *s, struct mail *m)
{
	struct buf *o = &s->w.out;
	int r = 1;

	if (o->cap - o->len < COMMAND_MAX && flush(s, m))
		return -1;
	if (m->put < -1)
		buf_puts(o, "RSET");
	else if (m->put < 0)
		put_mail(s, m);
	else if (m->put < m->top)
		r = put_rcpt(s, m, m->put);
	else if (m->got == m->put && !m->good) {
		m->end = m->put;	/* all refused: no DATA */
		return 0;
	} else {
		buf_puts(o, "DATA");
		m->last = 1;
	}
	if (r < 0) {
		m->fate = 'Z';
		m->broken = 1;
		m->end = m->put;
		return 0;
	}
	if (r)
		buf_puts(o, "\r\n");
	m->put++;
	return 1;
}

/* Puts as many commands as may be outstanding. 0 / -1 connection over. */
static int fill(struct smtp *s, struct mail *m)
{
	int room = s->caps & CAP_PIPELINING ? SMTP_AHEAD : 1;
	int r = 1;

	while (r > 0 && m->put < m->end && m->put - m->got < room)
		r = put_next(s, m);
	return r < 0 ? -1 : 0;
}

/* ---- replies ---- */

static void mail_reply(struct smtp *s, struct mail *m, int code)
{
	m->mail_ok = code / 100 == 2;
	if (m->mail_ok || m->fate)
		return;
	m->fate = fate_of(code);
	smtp_said(s, "Connected to %s but sender was rejected.\n");
	if (!m->last)
		m->end = m->put;
}

/* RFC 5321 4.5.3.1.10: "too many recipients" is 452, formerly 552. With an
 * enhanced status it must be X.5.3: a full mailbox is something else. */
static int is_limit(const struct smtp *s, const struct mail *m, int code)
{
	const char *t = s->w.text.s;
	size_t n = s->w.text.len;

	if ((code != 452 && code != 552) || !m->good)
		return 0;
	if (n > 8 && (t[4] == '4' || t[4] == '5') && t[5] == '.' && t[7] == '.')
		return t[6] == '5' && t[8] == '3';
	return 1;
}

static void rcpt_reply(struct smtp *s, struct mail *m, int i, int code)
{
	char letter = code / 100 == 5 ? 'h' : 's';

	if (code / 100 == 2) {
		if (m->mail_ok)
			m->good++;
		else
			m->odd = 1;
	}
	if (!m->mail_ok || m->fate)
		return;
	if (code / 100 == 2) {
		m->tell(m, 'r', i, "", 0);
		return;
	}
	if (is_limit(s, m, code)) {
		letter = 'm';
		if (!s->limit || m->good < s->limit)
			s->limit = m->good;
		if (!m->last) {
			m->top = m->put;
			m->end = m->put + 1;
		}
	}
	smtp_said(s, "%s does not like recipient.\n");
	m->tell(m, letter, i, s->report.s, s->report.len);
}

static void data_reply(struct smtp *s, struct mail *m, int code)
{
	m->go = code / 100 == 3;
	if (m->go || m->fate || !m->good)
		return;
	m->fate = fate_of(code);
	smtp_said(s, "%s failed on DATA command.\n");
}

/* The connection is of no use any more. */
static int lost(struct smtp *s, struct mail *m, int code)
{
	if (!m->fate) {
		m->fate = 'Z';
		if (code < 0)
			smtp_words(s, "Connected to %s but connection died. (#4.4.2)\n");
		else
			smtp_said(s, "%s ended the session. (#4.4.2)\n");
	}
	smtp_close(s, 0);
	return -1;
}

/* Reads the reply to command `got`. 0 / -1 connection over. */
static int take_next(struct smtp *s, struct mail *m)
{
	static const char text[] = "Recipient's address is not valid. (#5.1.3)\n";
	int i = m->got, code;

	if (i >= 0 && i < m->top && is_bad(m, i)) {
		m->tell(m, 'h', i, text, sizeof text - 1);
		m->got++;
		return 0;
	}
	code = reply(s, m);
	if (code <= 0 || code == 421)
		return lost(s, m, code);
	/* A yes to DATA: we do not understand each other. */
	if ((i < -1 && code / 100 != 2) || (i >= m->top && code / 100 == 2))
		return lost(s, m, code);
	if (i == -1)
		mail_reply(s, m, code);
	else if (i >= m->top)
		data_reply(s, m, code);
	else if (i >= 0)
		rcpt_reply(s, m, i, code);
	m->got++;
	return 0;
}

/* The whole envelope. Sends in groups of half the room, so that the wire sees
 * few and large packets. 0 / -1 connection over. */
static int envelope(struct smtp *s, struct mail *m)
{
	int room = s->caps & CAP_PIPELINING ? SMTP_AHEAD : 1;

	while (m->got < m->end) {
		if ((m->put - m->got <= room / 2 && fill(s, m)) || flush(s, m))
			return lost(s, m, -1);
		if (m->got < m->put && take_next(s, m))
			return -1;
	}
	return 0;
}

/* ---- data ---- */

static int verdict(struct smtp *s, struct mail *m, int code)
{
	if (code < 0) {
		m->fate = 'Z';
		smtp_words(s, "Connected to %s but connection died. "
			"Possible duplicate! (#4.4.2)\n");
	} else if (code / 100 == 2) {
		m->fate = 'K';
		smtp_said(s, "%s accepted message.\n");
	} else {
		m->fate = fate_of(code);
		smtp_said(s, "%s failed after I sent the message.\n");
	}
	if (code / 100 != 2 && code / 100 != 4 && code / 100 != 5)
		return lost(s, m, code);
	return code == 421 ? lost(s, m, code) : 0;
}

/* The server stopped reading. It may have said why, and at the end (ended 1: the
 * final dot may have reached it) even that it has the message. */
static int interrupted(struct smtp *s, struct mail *m, int ended)
{
	int code = -1;

	if (errno == EPIPE || errno == ECONNRESET)
		code = wire_reply(&s->w, smtp_by(5000));
	if (!ended && code < 400)
		return lost(s, m, -1);
	verdict(s, m, code);
	smtp_close(s, 0);
	return -1;
}

/* What is to be changed in the message, and what needs no dialogue: 'D', 'Z', or 0
 * to go on. */
static char refuse(struct smtp *s, const struct mail *m)
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
	m->eight = s->caps & CAP_8BITMIME && !m->stream && body_8bit(s, m);
	s->dirty = 0;
}

/* The next message's envelope into the same write. If that fails the connection
 * is over, which the verdict's flush will find out. */
static void ahead(struct smtp *s)
{
	struct mail *m = s->more(s->more_arg);

	if (m && !refuse(s, m)) {
		begin(s, m);
		fill(s, m);
	}
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
		return lost(s, m, -1);
	}
	if (s->caps & CAP_PIPELINING && s->more)
		ahead(s);
	if (flush(s, m))
		return interrupted(s, m, 1);
	return verdict(s, m, wire_reply(&s->w, smtp_by(final)));
}

/* DATA was taken although no recipient was: RFC 2920 3.1 wants an empty message
 * then. Where even MAIL had been refused nobody knows what the server believes. */
static int nobody(struct smtp *s, struct mail *m)
{
	int code = -1;

	if (!m->odd && !wire_put(&s->w, ".\r\n", 3, smtp_until(s, m)) && !flush(s, m))
		code = reply(s, m);
	if (code <= 0 || code == 421)
		return lost(s, m, code);
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
		fate = refuse(s, m);
		if (fate)
			return fate;
		begin(s, m);
	}
	if (envelope(s, m)) {
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
