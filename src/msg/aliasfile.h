/* aliasfile.h: the text of a file of aliases, or of one it includes: entries and
 * their targets, in the form of sendmail and Postfix. */
#ifndef MSG_ALIASFILE_H
#define MSG_ALIASFILE_H
#include "../base/buf.h"
#include "../limits.h"
#include "alias.h"

struct aliasfile {
	const char *path;
	struct buf text;	/* on the heap, CONTROL_MAX at most */
};
/* "name: targets": where its targets are in the text, which is behind the colon. */
struct alias_entry { char name[ADDR_CAP]; size_t len; size_t line_at, from, to; };
struct alias_target { enum alias_kind kind; char s[ADDR_CAP]; size_t n; };	/* and a NUL */

/* Reads control/aliases or, where that does not exist, /etc/aliases. 1, 0 there is
 * neither, -1 as below. */
int aliasfile_open(struct aliasfile *f, const char **why);
/* The same for a file of targets; path is the caller's and stays. A file that is
 * not there is an error here. */
int aliasfile_read(struct aliasfile *f, const char *path, const char **why);
void aliasfile_close(struct aliasfile *f);

/* Next entry from *pos on: 1, 0 at the end, -1 this line is none (*why; *pos is
 * behind it, so that one can go on). */
int alias_next(const struct aliasfile *f, size_t *pos, struct alias_entry *e, const char **why);
/* Next target from *pos on, below `to`: 1, 0 no more, -1 *why. */
int alias_target(const struct aliasfile *f, size_t *pos, size_t to, struct alias_target *t,
	const char **why);

/* "PATH, line N: text" for the line that holds `at`; what -1 gives. Stays until
 * the next call. */
const char *aliasfile_error(const struct aliasfile *f, size_t at, const char *text);

#endif
