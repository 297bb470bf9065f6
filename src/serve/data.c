/* data.c: dot coding, undone. The text ends with CR LF . CR LF and with nothing else:
 * who takes LF . LF or LF . CR LF for an end, too, reads two messages where another
 * server read one, and the second one is forged (SMTP smuggling). Local programs do
 * send lines that end in LF alone; such a LF is a line's end in the text, but what
 * follows it is never an end of the text, and its dot is just a dot. Whether the
 * message is taken with such bytes in it is for the caller to say; a NUL byte never is. */
#include "config.h"
#include "data.h"

/* What is there so far turned out to be text: a dot, and perhaps a CR. */
static char *put_held(struct data *d, char *o, int c)
{
	if (d->state == DATA_DOTCR || (d->state == DATA_DOT && c == '\n'))
		*o++ = '.';
	if (d->state == DATA_CR || d->state == DATA_DOTCR) {
		*o++ = '\r';
		d->barecr = 1;
	}
	return o;
}

/* One byte of text, after whatever is before it. */
static char *put(struct data *d, char *o, int c)
{
	o = put_held(d, o, c);
	d->state = DATA_INSIDE;
	if (c == '\r') {
		d->state = DATA_CR;
		return o;
	}
	d->barelf |= c == '\n';
	d->nul |= !c;
	*o++ = (char)c;
	return o;
}

size_t data_take(struct data *d, const char *s, size_t n, char *out, size_t *len)
{
	char *o = out;
	size_t i;

	for (i = 0; i < n && d->state != DATA_END; i++) {
		int c = s[i];

		if (c == '\n' && d->state == DATA_CR) {
			*o++ = '\n';
			d->state = DATA_START;
		} else if (c == '\n' && d->state == DATA_DOTCR)
			d->state = DATA_END;
		else if (c == '.' && d->state == DATA_START && (!CFG_SMTPD || !d->plain))
			d->state = DATA_DOT;
		else if (c == '\r' && d->state == DATA_DOT)
			d->state = DATA_DOTCR;
		else
			o = put(d, o, c);
	}
	*len = (size_t)(o - out);
	return i;
}
