/* io.h: the one place that reads, writes and polls. Deadlines are absolute
 * monotonic milliseconds (clock_mono()+n); IO_FOREVER waits without an end and
 * is for pipes and files only. EINTR never reaches the caller. */
#ifndef BASE_IO_H
#define BASE_IO_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "buf.h"

#define IO_FOREVER INT64_MAX

/* read(2)/pread(2)/write(2) with EINTR handled. */
ssize_t io_read(int fd, void *p, size_t n);
ssize_t io_read_at(int fd, void *p, size_t n, off_t at);
/* 0 when all n bytes are written, else -1 with errno. */
int io_write(int fd, const void *p, size_t n);
/* As above for descriptors that may block (sockets are non-blocking): wait
 * until ready or `at`. -1 with ETIMEDOUT when the time is over. */
ssize_t io_read_by(int fd, void *p, size_t n, int64_t at);
int io_write_by(int fd, const void *p, size_t n, int64_t at);
/* Waits for one descriptor; events as poll(2). 1 ready, 0 time is over, -1 errno. */
int io_wait(int fd, short events, int64_t at);
/* Milliseconds from now to `at` for poll(2): -1 for IO_FOREVER, never negative else. */
int io_timeout(int64_t at);

/* Closes what is open (-1 is passed over) and leaves errno as it was. Always -1: what a
 * function returns that gives up. */
int io_close(int fd);

/* A writer with its buffer in the caller's storage. Errors stick: check out_flush. */
struct out { int fd; int err; struct buf b; };
#define OUT_OVER(fd, array) { (fd), 0, BUF_OVER(array) }
#define OUT_STATIC(fd, array) { (fd), 0, BUF_STATIC(array) }
int out_put(struct out *o, const void *p, size_t n);	/* 0, or -1 with errno */
int out_puts(struct out *o, const char *s);
/* As buf_fmt; what would not fit the whole buffer is left out, and is no error. */
int out_fmt(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int out_flush(struct out *o);

/* A reader with its buffer in the caller's storage. */
struct in { int fd; int eof; size_t pos, len, cap; char *s; };
#define IN_OVER(fd, array) { (fd), 0, 0, 0, sizeof (array), (array) }
/* Bytes that are there (at in->s + in->pos, *n of them), reading when none is.
 * 1 some, 0 end of file, -1 errno. in_used() consumes. */
int in_fill(struct in *i, size_t *n);
void in_used(struct in *i, size_t n);
int in_getc(struct in *i);	/* 0..255, -1 end, -2 errno */
/* The next line, as a C string without its LF, behind what is in b. Returns what ended it:
 * LF, or as above; unless *wrong is words (else 0): it has a NUL byte, or is too long. */
int in_line(struct in *i, struct buf *b, const char **wrong);

/* Opens /dev/null on descriptors 0 to 2 that are closed, so that no file of
 * ours ever lands there. -1 with errno if even that fails. */
int io_fds012(void);
/* fsync of a directory (at dirfd, name). 0 / -1 errno. */
int io_syncdir(int dirfd, const char *name);
/* Renames without ever replacing a file, both names at dirfd. 0 / -1 errno. */
int io_rename(int dirfd, const char *from, const char *to);
/* Whole small file (at dirfd, name) into b, at most b's bound. 1 read, 0 there
 * is no such file, -1 errno (EFBIG when it does not fit). */
int io_slurp(int dirfd, const char *name, struct buf *b);
/* The rest of an open file behind what is in b. 1, -1 as above. */
int io_slurp_fd(int fd, struct buf *b);

#endif
