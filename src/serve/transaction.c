/* transaction.c: MAIL and RCPT with their parameters. What is asked for and cannot be
 * kept is refused (RFC 5321 4.1.1.11: 555), as a client that wanted it must know; so are
 * addresses that are not ASCII unless the client says so (SMTPUTF8), and those that are
 * no UTF-8 then. */
#include <string.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/text.h"
#include "../queue/room.h"
#include "address.h"
#include "session.h"

static const char too_many[] = "452 4.5.3 too many recipients";
static const char no_utf8[] = "553 5.6.7 an address that is not ASCII needs SMTPUTF8";

/* 1 when all of it is UTF-8: no byte missing, no longer form of a shorter one, nothing
 * that is not a character (RFC 3629). */
static int is_utf8(const unsigned char *s, size_t n)
{
	static const unsigned least[] = { 0, 0x80, 0x800, 0x10000 };
	unsigned c, more, i;

	while (n) {
		c = *s;
		more = c < 0x80 ? 0 : c < 0xc0 ? 4 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf8 ? 3 : 4;
		if (more >= n || more > 3)
			return 0;
		c &= 0xffu >> (more + !!more);
		for (i = 1; i <= more; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3f);
		}
		if (c < least[more] || c > 0x10ffff || (c & ~0x7ffu) == 0xd800)
			return 0;
		s += more + 1;
		n -= more + 1;
	}
	return 1;
}

/* The address of a command: 0, or the reply that refuses. */
static const char *check_utf8(const struct session *s, const struct buf *addr)
{
	if (!text_8bit(addr->s, addr->len))
		return 0;
	return !s->utf8 ? no_utf8 : is_utf8((const unsigned char *)addr->s, addr->len) ? 0 :
		"553 5.6.7 that address is not UTF-8";
}

/* SIZE=: a message that will not fit is refused before it is sent. */
static const char *check_size(const struct session *s, const char *p, size_t n)
{
	uint64_t size;

	if (!text_is_u64(p, n, &size))
		return "501 5.5.4 SIZE is not a number";
	if (s->databytes && size > s->databytes)
		return SESSION_TOOBIG;
	if (CFG_SMTPD && s->remote && !room_for(size))
		return "452 4.3.1 there is no room for a message of that size";
	return 0;
}

/* The parameters behind a sender: 0, or the reply that refuses them. */
static const char *params(struct session *s, const char *p)
{
	const char *no;
	size_t n;

	for (; *(p += text_span(p, " ")); p += n) {
		n = strcspn(p, " ");
		if (text_casestarts(p, n, "SIZE=")) {
			if ((no = check_size(s, p + 5, n - 5)))
				return no;
		} else if (text_casestarts(p, n, "BODY=")) {
			if (!text_caseeq(p, n, "BODY=7BIT", 9) &&
				!text_caseeq(p, n, "BODY=8BITMIME", 13))
				return "501 5.5.4 BODY is 7BIT or 8BITMIME";
		} else if (CFG_SMTPD && s->remote && text_caseeq(p, n, "SMTPUTF8", 8))
			s->utf8 = 1;
		/* RFC 4954 5: who it is from is for those who trust the client; nobody here does. */
		else if (!CFG_SMTPD || !s->remote || !text_casestarts(p, n, "AUTH="))
			return "555 5.5.4 parameter not known";
	}
	return 0;
}

/* "FROM:path parameters" into addr: the parameters, or 0. */
static const char *path(const char *arg, const char *word, struct buf *addr)
{
	if (!text_casestarts(arg, strlen(arg), word))
		return 0;
	arg = path_read(arg + strlen(word), addr);
	return arg && (!*arg || *arg == ' ') ? arg : 0;
}

/* Refuses a sender that could be read. */
static int refuse(struct session *s, const char *no, const struct buf *addr)
{
	talk_reply(&s->talk, "%s", no);
	if (CFG_SMTPD)
		session_tell(s, 1, addr);
	return 1;
}

int session_mail(struct session *s, const char *arg)
{
	const char *no;

	if (s->open)
		return session_wrong(s, "503 5.5.1 there is a sender already");
	if (CFG_SMTPD && s->need)
		return refuse(s, s->need, &s->from);
	s->from = BUF_OVER(s->from_space);
	s->utf8 = 0;
	s->size = 0;
	if (!(arg = path(arg, "FROM:", &s->from)))
		return session_wrong(s, "501 5.1.7 usage: MAIL FROM:<address>");
	if ((no = params(s, arg))) {
		s->errors += no[2] != '2';	/* its size (452, 552) is no mistake */
		return refuse(s, no, &s->from);
	}
	if (CFG_SMTPD && s->remote)
		no = check_utf8(s, &s->from);
	if (!no)
		no = s->sender(s, &s->from);
	if (!no && !buf_z(&s->from))
		no = "501 5.1.7 that address is too long";
	if (no)
		return refuse(s, no, &s->from);
	s->open = 1;
	talk_reply(&s->talk, "250 2.1.0 ok");
	return 1;
}

int session_add(struct session *s, const char *addr, size_t n)
{
	return buf_room(&s->rcpts, n + 1) && buf_put(&s->rcpts, addr, n) &&
		buf_putc(&s->rcpts, 0);
}

/* What a client that has too many recipients waits for, or that guesses names. */
static void wait_tarpit(struct session *s)
{
	int64_t at;

	if (!s->delay || s->count + s->row < s->tarpit)
		return;
	talk_flush(&s->talk);
	at = clock_mono() + s->delay;
	io_wait(-1, 0, at < s->talk.until ? at : s->talk.until);
}

int session_recipient(struct session *s, const char *arg)
{
	struct buf addr = BUF_OVER(s->addr_space);
	size_t was = s->rcpts.len;
	const char *no = 0;

	if (!s->open)
		return session_wrong(s, "503 5.5.1 MAIL first");
	/* The queue was chosen for those who are there. */
	if (CFG_SMTPD && s->chunks)
		return session_wrong(s, "503 5.5.1 this message comes by BDAT");
	if (!(arg = path(arg, "TO:", &addr)) || !addr.len)
		return session_wrong(s, "501 5.1.3 usage: RCPT TO:<address>");
	if (*arg && arg[text_span(arg, " ")])
		return session_wrong(s, "555 5.5.4 parameter not known");
	if (CFG_SMTPD && s->remote) {
		wait_tarpit(s);
		no = check_utf8(s, &addr);
	}
	if (!no && s->rcpts_max && s->count >= s->rcpts_max)
		no = too_many;
	if (!no)
		no = s->rcpt(s, &addr);
	if (!no && s->rcpts.full)
		no = too_many;
	if (no) {
		/* One too many is no guess; the client sends it again with the rest. */
		if (no != too_many) {
			s->row++;
			s->refusals++;
		} else
			s->idle += ++s->surplus % SURPLUS == 0;
		s->rcpts.len = was;
		s->rcpts.full = 0;
		return refuse(s, no, &addr);
	}
	s->row = 0;
	s->count++;
	talk_reply(&s->talk, "250 2.1.5 ok");
	return 1;
}
