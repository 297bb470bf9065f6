/* opt.c: one-letter options. */
#include <string.h>
#include "opt.h"

int opt_next(struct opt *o, const char *letters)
{
	const char *known;
	int c;

	if (!o->rest) {
		const char *word = o->at < o->argc ? o->argv[o->at] : "";

		if (word[0] != '-' || !word[1])
			return -1;
		o->at++;
		if (word[1] == '-' && !word[2])
			return -1;
		o->rest = word + 1;
	}
	c = (unsigned char)*o->rest++;
	known = c == ':' ? 0 : strchr(letters, c);
	if (known && known[1] == ':') {
		o->arg = *o->rest ? o->rest : o->at < o->argc ? o->argv[o->at++] : 0;
		o->rest = 0;
		return o->arg ? c : '?';
	}
	if (!*o->rest)
		o->rest = 0;
	return known ? c : '?';
}
