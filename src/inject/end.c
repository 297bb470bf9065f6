/* end.c: how an injection ends that does not succeed: one line in plain words
 * on descriptor 2, and the reason that becomes the exit number. */
#include <errno.h>
#include "../base/log.h"
#include "run.h"

int end_shown(struct run *r, enum fate f, const char *text, const char *what, size_t n)
{
	char shown[120];
	size_t i;

	if (n > sizeof shown)
		n = sizeof shown;
	for (i = 0; i < n; i++)
		shown[i] = (unsigned char)what[i] < 32 || what[i] == 127 ? ' ' : what[i];
	r->fate = f;
	say(r->o->prog, "%s%.*s", text, (int)n, shown);
	return 0;
}

int end_text(struct run *r, enum fate f, const char *text)
{
	return end_shown(r, f, text, "", 0);
}

static int end_name(struct run *r)
{
	const char *const *why = r->id.why;

	r->fate = r->id.missing ? FATE_NONAME : FATE_LATER;
	say(r->o->prog, "%s%s%s", why[0], why[1], why[2]);
	return 0;
}

/* A heap buffer took no more: is it at its bound, or is the memory gone? */
int end_full(struct run *r, const struct buf *b)
{
	if (b->max - b->len > b->max / 8)
		return end_text(r, FATE_LATER, "out of memory");
	return end_text(r, FATE_DATA, b->max == ENVELOPE_MAX ?
		"too many recipients" : "the header is too large (limit: 6 MiB)");
}

int end_read(struct run *r)
{
	r->fate = errno == EBADF || errno == EISDIR ? FATE_NOINPUT : FATE_IO;
	say(r->o->prog, "unable to read the message:");
	return 0;
}

int end_addr(struct run *r, enum addr_result e, const char *text, const char *what, size_t n)
{
	if (e == ADDR_OK)
		return 1;
	if (r->fate)	/* was said where it was met */
		return 0;
	if (e == ADDR_NONAME)
		return end_name(r);
	if (e == ADDR_NOMEM)
		return end_full(r, r->into && r->into->full ? r->into :
			r->to_cc.full ? &r->to_cc : &r->out);
	return end_shown(r, FATE_DATA, text, what, n);
}

int end_queue(struct run *r, int code)
{
	int perm = submit_permanent(&r->submit, code);
	const char *words = submit_words(&r->submit, code);

	r->fate = fate_queue(code, perm);
	if (words == qq_words(code))
		say(r->o->prog, "message not accepted: %s (#%s)", words, qq_status(code));
	else
		say(r->o->prog, "message not accepted: %s", words);
	return 0;
}
