/* control.h: control files, as the qmail family reads them: one setting a file,
 * under $CONTROLDIR or the built-in directory (a name may also be a whole path).
 * Missing is "default"; unreadable, too big (CONTROL_MAX) or with a NUL byte is an
 * error that names the file. */
#ifndef BASE_CONTROL_H
#define BASE_CONTROL_H
#include <stddef.h>
#include <stdint.h>
#include "buf.h"

/* Which directory. trusted 0 (a set-id program): $CONTROLDIR is ignored.
 * Without this call the environment is honoured. */
void control_trust(int trusted);
const char *control_dir(void);
/* This directory, whatever the environment says; it stays the caller's. */
void control_use(const char *dir);

/* on 1: reads the names in the directory once; from then on a file that was not there
 * then is missing, without a look. A directory that cannot be read, or has too many
 * files, is no error: then every file is looked for as before. on 0: forgets the names.
 * For programs that end soon, and for others while they read many files. */
void control_snapshot(int on);
/* 0: certainly no such file, by the snapshot; 1: there may be. */
int control_exists(const char *name);

/* All: 1 read, 0 file is not there (b/v untouched but for clearing), -1 error:
 * errno is set and control_error() says which file and why. b is NUL-terminated. */
int control_line(struct buf *b, const char *name);	/* first line, trailing blanks cut */
int control_num(uint64_t *v, const char *name);		/* leading digits; no digit counts as absent */
int control_list(struct buf *b, const char *name);	/* lines, trimmed, each ending in NUL; no empty ones, no # ones */
int control_text(struct buf *b, const char *name);	/* the whole file as it is */
/* One line, else control/me. 0 when both are missing. An empty file counts as missing. */
int control_host(struct buf *b, const char *name);
const char *control_error(void);
/* For a file whose contents make no sense to its reader: control_error() will say
 * why, a string that stays. Always -1. */
int control_wrong(const char *name, const char *why);

/* In a control_list result: 1 if the n bytes are one of the lines, case-blind. */
int control_has(const struct buf *list, const char *s, size_t n);
/* In a list of "key:value" lines: value of the key (NUL-terminated), or 0. Case-blind. */
const char *control_map(const struct buf *list, const char *key, size_t n);

#endif
