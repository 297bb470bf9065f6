/* choose.c: the administrator's rules for some senders and recipients: variables
 * that are set right before the queue program is chosen, so that one sender's mail
 * goes into another queue or to a server. Of several recipients the first one that
 * a line matches decides for the whole message, as it is handed on in one piece. */
#include <string.h>
#include <unistd.h>
#include "../base/control.h"
#include "../base/env.h"
#include "../base/envrules.h"
#include "../base/near.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "choose.h"

enum { RULES = 3 };
static const struct { char env[12], file[15], by; } rules[RULES] = {
	{ "FROMRULES", "from.envrules", 'f' },
	{ "RCPTRULES", "rcpt.envrules", 'r' },
	{ "DOMAINQUEUE", "domainqueue", 'd' },
};

/* By the addresses in `to`, or by their domains. */
static char *find(const struct buf *list, const struct buf *to, int by)
{
	char *vars = 0;
	size_t i, n;

	for (i = 0; !vars && i < to->len; i += n + 1) {
		const char *s = to->s + i;
		size_t at;

		n = strlen(s);
		at = by == 'd' ? text_rchr(s, n, '@') + 1 : 0;
		if (at <= n)
			vars = envrules_find(list, s + at, n - at);
	}
	return vars;
}

int choose_again(void)
{
	env_back();
	return getuid() || !geteuid() ? 0 : proc_seem(0, getgid());
}

int choose_program(const struct buf *sender, const struct buf *rcpts, const struct buf *more)
{
	static NEAR(0) struct buf lists[RULES];	/* the environment points into them */
	char *vars;
	int i, got;

	for (i = proc_is_setid() ? RULES : 0; i < RULES; i++) {
		struct buf *list = &lists[i];

		if ((got = envrules_list(list, rules[i].env, rules[i].file)) < 0)
			return -1;
		if (!got)
			continue;
		if (rules[i].by == 'f')
			vars = envrules_find(list, sender->s, sender->len);
		else if (!(vars = find(list, rcpts, rules[i].by)))
			vars = find(list, more, rules[i].by);
		if (vars && envrules_put(vars) < 0)
			return control_wrong(rules[i].file, "it sets what may not be set");
	}
	return 0;
}
