/* dialog.c: the envelope of one message over an open SMTP session. The commands are
 * numbered: RSET (if it is needed) -2, MAIL -1, the recipients from 0, DATA; those
 * below `put` are sent, below `got` answered. With PIPELINING (RFC 2920) many may be on
 * their way, and the envelope of the next message rides behind the data of this one;
 * without it there is one at a time. The same code does both. Every reply has one
 * fate; unknown is "later", and so is a connection that ends. */
#include <string.h>
#include "dialog.h"
#include "../base/text.h"
#include "../msg/quote.h"
#include "../queue/envelope.h"
#include "../queue/wish.h"

/* The longest command: an address of which every byte is quoted, and parameters. */
#define COMMAND_MAX (2 * ADDR_CAP + 1000)
/* An original recipient is named up to this length (RFC 3461 4.2: 500 bytes of xtext). */
#define ORCPT_MAX 160

const char dialog_ascii[] = "The mail server takes no address that is not ASCII "
	"(SMTPUTF8). (#5.6.7)\n";

static int flush(struct smtp *s, const struct mail *m)
{
	return wire_flush(&s->w, smtp_until(s, m));
}

/* ---- commands ---- */

static int is_bad(const struct mail *m, int i)
{
	return m->bad[i / 8] >> i % 8 & 1;
}

/* RFC 3461 4.1, 4.2. */
static void put_notify(struct buf *o, const char *wish, const char *addr, size_t n)
{
	const char *sep = " NOTIFY=", *w = wish_words;

	for (unsigned bits = wish_notify(wish); bits; bits /= 2, w += strlen(w) + 1)
		if (bits & 1) {
			buf_fmt(o, "%s%s", sep, w);
			sep = ",";
		}
	if (!*wish || n > ORCPT_MAX || text_8bit(addr, n))
		return;
	buf_puts(o, " ORCPT=rfc822;");
	wish_xtext(o, addr, n);
}

static void put_mail(struct smtp *s, const struct mail *m)
{
	const char *wish = m->told;
	struct buf *o = &s->w.out;

	buf_puts(o, "MAIL FROM:<");
	addr_quote(o, m->fix->sender, strlen(m->fix->sender));
	buf_putc(o, '>');
	/* What is made to fit grows by nobody knows how much. */
	if (s->caps & CAP_SIZE && !m->stream && !m->plan.what)
		buf_fmt(o, " SIZE=%llu", (unsigned long long)m->fix->size);
	if (m->eight)
		buf_puts(o, " BODY=8BITMIME");
	if (m->utf8)
		buf_puts(o, " SMTPUTF8");
	if (*wish && wish[1] != '-')
		buf_puts(o, wish[1] == 'F' ? " RET=FULL" : " RET=HDRS");
	if (*wish && wish[2])
		buf_fmt(o, " ENVID=%s", wish + 2);
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
	if (envelope_rcpt(addr, n) || (!m->utf8 && text_8bit(addr, n))) {
		m->bad[i / 8] |= 1 << i % 8;
		return 0;
	}
	buf_puts(&s->w.out, "RCPT TO:<");
	addr_quote(&s->w.out, addr, n);
	buf_putc(&s->w.out, '>');
	put_notify(&s->w.out, m->told, addr, n);
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

int dialog_fill(struct smtp *s, struct mail *m)
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
	m->fate = dialog_fate(code);
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
	char letter = dialog_fate(code) == 'D' ? 'h' : 's';

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
	m->fate = dialog_fate(code);
	smtp_said(s, "%s failed on DATA command.\n");
}

int dialog_lost(struct smtp *s, struct mail *m, int code)
{
	if (!m->fate) {
		m->fate = 'Z';
		if (code < 0)
			smtp_died(s);
		else
			smtp_said(s, "%s ended the session. (#4.4.2)\n");
	}
	smtp_close(s, 0);
	return -1;
}

/* A recipient that was not named to the server: why. */
static void bad_rcpt(struct mail *m, int i)
{
	static const char invalid[] = "Recipient's address is not valid. (#5.1.3)\n";
	const char *addr, *text;
	size_t n;

	text = m->rcpt(m, i, &addr, &n) || envelope_rcpt(addr, n) ? invalid : dialog_ascii;
	m->tell(m, 'h', i, text, strlen(text));
}

/* Reads the reply to command `got`. 0 / -1 connection over. */
static int take_next(struct smtp *s, struct mail *m)
{
	int i = m->got, code;

	if (i >= 0 && i < m->top && is_bad(m, i)) {
		bad_rcpt(m, i);
		m->got++;
		return 0;
	}
	code = wire_reply(&s->w, smtp_until(s, m));
	if (code <= 0 || code == 421)
		return dialog_lost(s, m, code);
	/* A yes to DATA: we do not understand each other. */
	if ((i < -1 && code / 100 != 2) || (i >= m->top && code / 100 == 2))
		return dialog_lost(s, m, code);
	if (i == -1)
		mail_reply(s, m, code);
	else if (i >= m->top)
		data_reply(s, m, code);
	else if (i >= 0)
		rcpt_reply(s, m, i, code);
	m->got++;
	return 0;
}

/* In groups of half the room, so that the wire sees few and large packets. */
int dialog_envelope(struct smtp *s, struct mail *m)
{
	int room = s->caps & CAP_PIPELINING ? SMTP_AHEAD : 1;

	while (m->got < m->end) {
		if ((m->put - m->got <= room / 2 && dialog_fill(s, m)) || flush(s, m))
			return dialog_lost(s, m, -1);
		if (m->got < m->put && take_next(s, m))
			return -1;
	}
	return 0;
}
