/* proc.h: processes, signals, identities and descriptors handed between them. */
#ifndef BASE_PROC_H
#define BASE_PROC_H
#include <stddef.h>
#include <sys/types.h>
#include "buf.h"

/* pipe2(2), both ends close-on-exec. 0 / -1 errno. */
int proc_pipe(int fd[2]);
/* Default dispositions and an empty mask, SIGPIPE and SIGXFSZ ignored: callers hand us
 * blocked and ignored signals (mutt blocks SIGCHLD, mailx ignores eight). */
void proc_signals_reset(void);
/* One signal: SIG_DFL or SIG_IGN. */
void proc_signal(int sig, void (*how)(int));
/* No signal is blocked. */
void proc_unblock(void);
/* As proc_signals_reset, but TERM, ALRM, HUP, CHLD and INT get SIG_DFL or SIG_IGN. */
void proc_signals(void (*how)(int));
/* fork(2) for a process of one thread: the C library's takes locks that only
 * threads need (1 KB). */
pid_t proc_fork(void);
/* Closes every descriptor from fd on. */
void proc_close_from(int fd);
/* Becomes the program: `in`, from its beginning (a socket that is `out` as well: as it
 * is), as its input, `out` as its output and, if `errors`, its errors; no other
 * descriptor, default signals. What does not work ends in exit EXIT_TEMP. */
void proc_exec(const char *program, char *const argv[], char *const envp[], int in,
	int out, int errors) __attribute__((noreturn));
/* over() is called from a signal handler when `secs` (at least 1) are over; it does
 * not return. A SIGALRM that somebody else sends is nothing. */
void proc_limit(unsigned secs, void (*over)(void));
/* Runs the program with `in`, from its beginning, as its input, and waits for it;
 * it is ended after a day. What it says on 1, and if `errors` on 2, is added to
 * text as far as there is room (it may say more, and never dies of a closed pipe).
 * Its wait status; one of EXIT_TEMP when it could not be run. */
int proc_run(const char *program, char *const argv[], int in, int errors,
	struct buf *text);
/* Waits for pid, EINTR handled. Returns the wait status, -1 with errno. */
int proc_wait(pid_t pid);
/* 1 when real and effective user or group differ: the caller has other rights than we. */
int proc_is_setid(void);
/* Gives up every right that came with set-id bits, for good. 0 / -1 errno. */
int proc_drop_setid(void);
/* Becomes uid/gid with no other groups, for good. 0 / -1 errno. */
int proc_become(uid_t uid, gid_t gid);
/* Root looks at files as somebody else for a while: effective ids, and groups, which
 * do not come back. Undone by the same with the ids of before. 0 / -1 errno. */
int proc_seem(uid_t uid, gid_t gid);
/* After so many seconds the kernel kills this process, also when somebody has stopped
 * it or it waits for a file system that does not answer. Not its children. */
void proc_deadline(unsigned secs);

/* Self-pipe: after sig_open() each caught signal (TERM, ALRM, HUP, CHLD, INT) makes the
 * descriptor readable; sig_take() returns the next signal's number, 0 when none is left. */
int sig_open(void);
int sig_take(int fd);

/* One packet of n bytes with up to 4 descriptors over a SOCK_SEQPACKET socket.
 * send: 0, or -1 with errno (EAGAIN when the other side is behind).
 * recv: length, 0 at end, -1 with errno; *nfds in: room, out: how many came
 * (close-on-exec). A packet longer than cap is an error (EMSGSIZE). */
int pass_send(int fd, const void *p, size_t n, const int *fds, int nfds);
ssize_t pass_recv(int fd, void *p, size_t cap, int *fds, int *nfds, int flags);
int pass_pair(int fd[2]);

#endif
