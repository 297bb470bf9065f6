/* maillist.h: what lies in a Maildir, for the tools that read one. */
#ifndef TOOLS_MAILLIST_H
#define TOOLS_MAILLIST_H
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"

struct item { int64_t at; size_t name; };	/* when it came; its offset in names */
struct maillist {
	int dir;		/* the Maildir */
	struct buf names;	/* "new/NAME" and "cur/NAME", each with its NUL; heap */
	struct item *items;	/* n of them, the oldest first; heap */
	size_t n, cap;
};

/* Opens $MAILDIR, else $HOME/Maildir; l is otherwise empty. 0, or -1: said in the name
 * of the program `name`. */
int maillist_open(struct maillist *l, const char *name);
/* Reads new/, and cur/ if `all`, in the place of what l held. Files below tmp/ that
 * nobody has touched for 36 hours are removed, as a reader of a Maildir should: their
 * writer is gone (and would find out). 0, or -1 with errno. */
int maillist_read(struct maillist *l, int all);
const char *maillist_name(const struct maillist *l, size_t i);
/* Opens message i for reading. -1 with errno; ENOENT also when it is no regular file. */
int maillist_file(const struct maillist *l, size_t i);

#endif
