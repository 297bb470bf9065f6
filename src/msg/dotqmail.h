/* dotqmail.h: delivery instructions: where they are and what a line means.
 * Carrying them out is visit.c's. */
#ifndef MSG_DOTQMAIL_H
#define MSG_DOTQMAIL_H
#include <stddef.h>
#include "../base/buf.h"

enum dot_kind { DOT_MAILDIR, DOT_MBOX, DOT_PROGRAM, DOT_FORWARD };

struct dot {
	struct buf text;	/* the lines, private */
	size_t pos;		/* behind the line that dot_next gave */
	size_t own;		/* where the lines of dot_text begin */
	const char *given;	/* what "default" in the file's name stands for: the end of ext; or 0 */
	char file[80];		/* its name, or as much as fits, for complaints */
	int dflt;		/* 1: these are the default instructions, no file was used */
	int xbit;		/* 1: the file's owner-x bit says: nothing but forwards */
	int forward_only;	/* the same, or +list has been seen; dot_next() minds it */
};
struct dot_line {
	enum dot_kind kind;
	const char *s;		/* without | and & */
	int dflt;		/* 1: of the default instructions */
};

/* Finds the instructions for dash and ext in the working directory (the home)
 * and reads them; `dflt` stands in for a missing ~/.qmail, and for any file that is
 * empty. 1 found, 0 nothing handles this extension, -1 later: *why says it.
 * dot_close() after 1. */
int dot_open(struct dot *d, const char *dash, const char *ext, const char *dflt,
	const char **why);
/* Are there any: 1, 0, -1 that cannot be seen. Nothing is opened. */
int dot_has(const char *dash, const char *ext);
/* Adds ready lines behind those of d, or to a d that is all zero. 1, or -1: *why.
 * dot_close() after 1. */
int dot_text(struct dot *d, const char *lines, const char **why);
/* Is there an owner of dash and ext: 0 no, 1 -owner, 2 -owner-default too, -1 later. */
int dot_owner(const char *dash, const char *ext);
/* Next line that does something: 1 and *l (valid until dot_close), 0 no more,
 * -1 the file is in error: *why. Comments and blank lines are passed over. */
int dot_next(struct dot *d, struct dot_line *l, const char **why);
/* The rest of the file that the last line stands in is not carried out (exit 99 of a
 * program). 1 when ready lines follow behind it, 0 when that was all. */
int dot_stop(struct dot *d);
/* Back to the first line, as after dot_open. */
void dot_rewind(struct dot *d);
void dot_close(struct dot *d);

#endif
