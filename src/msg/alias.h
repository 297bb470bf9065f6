/* alias.h: the aliases of this host: control/aliases, or /etc/aliases where that
 * file does not exist. A local part is turned into its targets. */
#ifndef MSG_ALIAS_H
#define MSG_ALIAS_H
#include <stddef.h>

enum alias_kind {
	ALIAS_ADDR,	/* local@host, without quoting */
	ALIAS_NAME,	/* a local part that is no alias itself */
	ALIAS_SELF,	/* \name, or a name that is its own alias: no aliases any more; of an
			 * included file only the name of an alias that led to it */
	ALIAS_PROGRAM,	/* for the shell, without the | */
	ALIAS_FILE,	/* absolute; a Maildir when it ends in / */
	ALIAS_INCLUDE,	/* absolute: a file with more targets, not opened yet */
	ALIAS_AGAIN	/* a local part that is an alias, in an included file: not followed */
};

/* What becomes of one target of n bytes (valid for this call, no control bytes,
 * not NUL-terminated). Returns 1 to go on, 0 to give up; for ALIAS_INCLUDE also
 * ALIAS_EXPAND: then the file is opened, and what stands in it is handed out in
 * its place. */
enum { ALIAS_STOP = 0, ALIAS_ON = 1, ALIAS_EXPAND = 2 };
typedef int alias_each(void *arg, enum alias_kind kind, const char *text, size_t n);

/* Looks for the n bytes of name (a local part, case-blind). Aliases that point to
 * aliases are followed, at most ALIAS_DEPTH of them in a row, but not out of an
 * included file; a target that comes twice is handed out once. 1 found: each() was
 * called for every final target. 0 there is no such alias, or no file of them. -1
 * error, each() may have been called for some: *why names the file and the line,
 * without a full stop, and stays until the next call. Control files and the heap are
 * used. */
int alias_find(const char *name, size_t n, alias_each *each, void *arg, const char **why);

#endif
