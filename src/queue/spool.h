/* spool.h: a message that must wait until its envelope is known, as QMQP says the
 * length of everything first. Small ones wait in memory, larger ones in a file without
 * a name, and one that is a file already stays where it is. Whatever stops the process,
 * nothing is left behind. */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H
#include <stdint.h>
#include <sys/types.h>

#define SPOOL_MEMORY 32768

struct spool {
	int fd;			/* -1: all of it is in space */
	int own;		/* 1: fd is ours */
	off_t start;		/* of the message in fd */
	uint64_t size;
	size_t held;		/* private: bytes in space that are not in fd */
	char space[SPOOL_MEMORY];
};

void spool_open(struct spool *s);
/* Adds to it. 0, QQ_WRITE. */
int spool_put(struct spool *s, const char *p, size_t n);
/* All that fd still gives is the message: a plain file is not copied, and must stay open.
 * 0, QQ_READ, QQ_WRITE. */
int spool_take(struct spool *s, int fd);
/* Moves it to a file unless it is in one: s->fd has all of it from s->start. 0 / -1 errno. */
int spool_settle(struct spool *s);
/* Up to want bytes, all within the message, from offset at: *p, valid until the next call.
 * Their number, 0 the end, -1 errno. */
ssize_t spool_read(struct spool *s, uint64_t at, uint64_t want, const char **p);
/* Harmless when nothing is open. */
void spool_close(struct spool *s);

#endif
