/* file.h: the names of the queue's files, for this folder only. */
#ifndef QUEUE_FILE_H
#define QUEUE_FILE_H
#include <stdint.h>
#include <sys/stat.h>
#include "queue.h"

#define QPATH 48	/* "remote/999/18446744073709551615" and its NUL */

/* Mode of a message's file. Read-only, as nobody has a reason to write to it
 * again; and so the sweeper can tell our files from those of a classic
 * qmail-queue (0644), which does not lock what it writes. */
#define QPUT_MODE 0444

/* The directories of messages, behind the two channels; an argument "dir" is one of
 * them or an enum qchan. In the order in which queue_finish() empties them: what
 * makes a message visible goes before the message itself. */
enum { BOUNCE = REMOTE + 1, NOTE, INFO, TODO, INTD, MESS, QDIRS };
extern const char qdir_name[QDIRS][8];

/* Sub-directories that dir has, by the split; 0: it is flat. */
unsigned qdir_subs(const struct queue *q, int dir);
/* The one that this message's file belongs to; -1: none. */
int qdir_sub(const struct queue *q, int dir, uint64_t id);

/* The directory whose entries are synced most, opened: of a single sub-directory,
 * that. -1 errno. */
int qdir_open(const struct queue *q, int dir);

/* Write a path below the queue directory into dst (QPATH bytes); return dst.
 * "dir/sub/id", or "dir/id" when sub is -1. */
char *qpath(char *dst, int dir, int sub, uint64_t id);
/* The same in the sub-directory where it belongs. */
char *qpath_own(char *dst, const struct queue *q, int dir, uint64_t id);

/* openat(2) of a file in the queue: follows no link, a new one has mode 0600. */
int qfile_at(const struct queue *q, const char *path, int flags);

/* A file below lock/ that several programs write, made when it is missing: for
 * reading and writing. -1 with EBADMSG when it is none of ours (not plain, or with a
 * second name). */
int qfile_shared(const struct queue *q, const char *path);
/* flock(2), for the moment that others hold it; whoever is stopped while he does
 * must not stop us. 0, or -1 errno (EWOULDBLOCK: it is another's). */
int qfile_lock(int fd);

/* Sets q->split and q->bigtodo by looking. Only q->dir need be set. */
void queue_layout(struct queue *q);

/* Looks for the file of this message in dir: in its own sub-directory, then in
 * all others that exist (another split, or several). 1 found and path (QPATH
 * bytes) and st filled in, 0 there is none, -1 errno. */
int qfile_find(struct queue *q, int dir, uint64_t id, char *path, struct stat *st);
/* The same, and no more than the answer. */
int qfile_has(struct queue *q, int dir, uint64_t id);
/* Opens it: descriptor, or -1 with errno; ENOENT means that it is nowhere. */
int qfile_open(struct queue *q, int dir, uint64_t id, int flags);
/* Removes it wherever it is: 1 removed, 0 there was none, -1 errno. */
int qfile_drop(struct queue *q, int dir, uint64_t id);

/* fsync of the directory where this message's file belongs. 0 / -1 errno. */
int qfile_syncdir(const struct queue *q, int dir, uint64_t id);

/* A walk over any of these directories; as qwalk_next, and path is that of the file,
 * *sub where it was seen (-1: directly in dir). */
int qwalk_dir(struct qwalk *w, struct queue *q, int dir);
int qwalk_step(struct qwalk *w, uint64_t *id, char *path, int *sub);

#endif
