/* message.c: from DATA to the answer that makes a message ours. The bytes go to the
 * submission as they come, decoded where they were read. 250 is said after submit_end() and
 * at no other place; whatever fails earlier is remembered, the rest of the text is read
 * and dropped, and the answer comes behind its dot. Also when there is no queue: what
 * a client sends without waiting for 354 is text then, too, and never commands. */
#include <errno.h>
#include <string.h>
#include "config.h"
#include "../base/clock.h"
#include "../base/text.h"
#include "../exits.h"
#include "session.h"

/* The queue's number in SMTP's words. Which servers there are inside is no stranger's
 * business: what they say of the message is. */
static void answer(struct session *s)
{
	const struct submit *m = &s->submit;
	int inside = CFG_SMTPD && s->remote && m->plain, reply = 451;
	int code = inside && !m->said ? m->plain : s->code, perm = submit_permanent(m, code);
	const char *words = submit_words(m, code), *status = qq_status(code), *says;

	if (inside && m->said && (says = strstr(words, " says: ")))
		words = says + 7;
	if (words != qq_words(code))	/* the program's own; only their class is known */
		status = perm ? "5.3.0" : "4.3.0";
	if (perm)
		reply = code == QQ_TOOBIG ? 552 : 554;
	else if (code == QQ_WRITE || code == QQ_QUEUEMAX || code == QQ_QUEUEBYTES)
		reply = 452;
	talk_reply(&s->talk, "%d %s %s", reply, status, words);
}

/* The message will not be taken, for this reason of ours. */
void session_fail(struct session *s, const char *reply)
{
	if (s->live)
		submit_abort(&s->submit);
	s->live = 0;
	s->refused = reply;
}

void session_put(struct session *s, const char *p, size_t n)
{
	/* What went wrong ends a queue program at once, not when the client is done. */
	if (s->live && submit_data(&s->submit, p, n)) {
		if (!(s->code = submit_end(&s->submit)))
			s->code = QQ_BUG;	/* no 250 for half a message, whatever it says */
		s->live = 0;
	}
}

static void put(void *arg, const char *p, size_t n)
{
	session_put(arg, p, n);
}

/* The next n bytes of the text. */
static void judge(struct session *s, char *text, size_t n)
{
	if (!s->live)
		return;
	s->size += n;
	if (s->databytes && s->size > s->databytes)
		session_fail(s, SESSION_TOOBIG);
	else if (s->data.nul)
		session_fail(s, "550 5.6.0 the message has a NUL byte");
	else if (!s->lenient && (s->data.barelf || s->data.barecr))
		session_fail(s, "550 5.6.0 lines must end in CR LF");
	else
		header_put(&s->header, text, n);
	if (s->live && s->header.hops >= HOPS_MAX)
		session_fail(s, "554 5.4.6 too many hops, this message is looping");
}

/* What was read of the text, but not more than this. */
static void take(struct session *s, size_t most)
{
	struct talk *t = &s->talk;
	char *text = t->in_space + t->pos - DATA_GROWTH;
	size_t n = t->len - t->pos < most ? t->len - t->pos : most, len;

	t->pos += data_take(&s->data, t->in_space + t->pos, n, text, &len);
	judge(s, text, len);
}

/* All of the text was read. */
static void end(struct session *s)
{
	struct submit *m = &s->submit;
	size_t i, n;

	if (CFG_SMTPD)
		s->deciding = 1;
	if (s->live)
		header_end(&s->header);
	if (s->live) {
		submit_sender(m, s->from.s, s->from.len);
		for (i = 0; i < s->rcpts.len; i += n + 1) {
			n = strlen(s->rcpts.s + i);
			if (submit_rcpt(m, s->rcpts.s + i, n))
				break;		/* the error stays until submit_end */
		}
		s->code = submit_end(m);
		s->live = 0;
	}
	if (s->refused)
		talk_reply(&s->talk, "%s", s->refused);
	else if (s->code)
		answer(s);
	else {
		s->accepted++;
		s->idle = 0;
		talk_reply(&s->talk, "250 2.0.0 ok %lld qp %d", (long long)clock_wall(),
			(int)submit_qp(m));
	}
	if (CFG_SMTPD) {
		session_tell(s, 1, 0);
		/* Not when the next command is done: a TERM in between would cost a duplicate. */
		talk_flush(&s->talk);
		s->deciding = 0;
	}
}

/* 1, or why there is no more input. */
static int read_text(struct session *s)
{
	int r;

	while (s->data.state != DATA_END) {
		if ((r = talk_fill(&s->talk)) <= 0)
			return r;
		take(s, SIZE_MAX);
	}
	return 1;
}

/* The envelope is complete. */
static void begin(struct session *s)
{
	memset(&s->data, 0, sizeof s->data);
	memset(&s->header, 0, offsetof(struct header, name));
	s->header.put = put;
	s->header.complete = s->complete;
	s->header.arg = s;
	s->size = 0;
	s->code = 0;
	if (!(s->refused = s->begin(s)))
		s->code = submit_begin(&s->submit, PUT_UID);
	s->live = s->submit.ready = !s->refused && !s->code;
	if (CFG_SMTPD && CFG_QUEUE && s->remote && s->submit.way == BY_PUT)
		s->submit.q.databytes = 0;	/* our own is what holds, and does not count the trace */
	if (s->live)
		s->trace(s);
}

/* Its lines ended as they should, or may end so. 1; -2: nothing more from this client, who
 * may take for text what we take for commands. */
static int lines_fit(const struct session *s)
{
	return s->lenient || !(s->data.barelf || s->data.barecr) ? 1 : -2;
}

int message_take(struct session *s)
{
	int r;

	begin(s);
	talk_reply(&s->talk, "354 go ahead");
	if ((r = read_text(s)) <= 0) {
		int e = errno;

		session_fail(s, 0);
		errno = e;
		return r;
	}
	end(s);
	return lines_fit(s);
}

/* ---- BDAT, RFC 3030: pieces of a length that is said before, without dots ---- */

/* n bytes of the text, which are swallowed when there is no message to take them. 1, or
 * why there is no more input. */
static int read_chunk(struct session *s, uint64_t n, int wanted)
{
	struct talk *t = &s->talk;
	size_t was;
	int r;

	for (; n; n -= t->pos - was) {
		if ((r = talk_fill(t)) <= 0)
			return r;
		was = t->pos;
		if (wanted)
			take(s, n < SIZE_MAX ? (size_t)n : SIZE_MAX);
		else
			t->pos += t->len - was < n ? t->len - was : (size_t)n;
	}
	return 1;
}

/* "length" or "length LAST". 1 / 0 */
static int chunk_size(const char *arg, uint64_t *n, int *last)
{
	size_t k = text_u64(arg, strlen(arg), n);
	const char *rest = arg + k + text_span(arg + k, " ");

	*last = text_caseeq(rest, strlen(rest), "LAST", 4);
	return k && (!arg[k] || arg[k] == ' ') && (*last || !*rest);
}

/* All of a message was read, a CR alone at its end perhaps not yet judged. */
static int chunk_end(struct session *s)
{
	char lf[1 + DATA_GROWTH];
	size_t n;

	s->data.barecr |= s->data.state == DATA_CR;
	if (s->data.state == DATA_CR) {
		data_take(&s->data, "\n", 1, lf, &n);
		judge(s, lf, n);
	}
	end(s);
	s->chunks = 0;
	return lines_fit(s);
}

int message_chunk(struct session *s, const char *arg)
{
	const char *no = !s->open ? "503 5.5.1 MAIL first" : !s->count ? "503 5.5.1 RCPT first" : 0;
	uint64_t size;
	int last, r;

	/* Where the next command begins cannot be known then. */
	if (!chunk_size(arg, &size, &last))
		return session_over(s, "501 5.5.4 usage: BDAT length [LAST]");
	s->idle += !size;
	if (!no && !s->chunks) {
		begin(s);
		s->chunks = s->data.plain = 1;
	}
	if ((r = read_chunk(s, size, !no)) <= 0)
		return r;
	if (no)
		return session_wrong(s, no);
	if (last) {
		if ((r = chunk_end(s)) == 1 || r == -2)
			session_forget(s);
		return r;
	}
	if (s->refused)
		talk_reply(&s->talk, "%s", s->refused);
	else
		talk_reply(&s->talk, "250 2.0.0 %llu bytes", (unsigned long long)size);
	return 1;
}
