/* mbox.h: delivery into an mbox file, in the mboxrd form (the one that can be read
 * back), and the locks that whoever changes such a file must hold. */
#ifndef DELIVER_MBOX_H
#define DELIVER_MBOX_H
#include "letter.h"

enum { MBOX_LOCK_SECS = 30 };	/* for both locks together */
enum { MBOX_PATH = 1024 };	/* longest name of a mailbox, with ".lock" behind it */

/* Appends the letter to the mailbox at path, which is made (0600) when it is not
 * there. Returns 0 when it is on disk, file and directory entry; else the reason, a
 * temporary one (valid until the next call), and the mailbox has its old length. */
const char *mbox_put(const char *path, const struct letter *l);

/* A mailbox that is open for reading and appending and locked, by flock(2) and by a file
 * beside it, its name with .lock behind; by the former alone where the directory is
 * closed to us. */
struct mbox {
	int fd;
	off_t size;		/* its length when it was locked */
	const char *path;	/* the caller's */
	off_t was;		/* private: a dead writer's record of the old length, or -1 */
	int dotted, looked;	/* private */
	char lock[MBOX_PATH];
};
/* 0, or the reason as of mbox_put and nothing is open. */
const char *mbox_open(struct mbox *m, const char *path);
/* Unlocks and closes. */
void mbox_close(struct mbox *m);
/* The line ends that are missing behind the first `size` bytes of fd, before another
 * message may begin: "", "\n" or "\n\n"; 0 with errno. */
const char *mbox_gap(int fd, off_t size);
/* From_ line, letter, empty line. As letter_copy. */
int mbox_write(struct out *o, const struct letter *l);
/* fsync of the directory that holds path. 0 / -1 errno. */
int mbox_syncdir(const char *path);

#endif
