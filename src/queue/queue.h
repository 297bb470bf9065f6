/* queue.h: the queue as the rest of the program sees it: put, next, mark,
 * finish. Only this folder knows the names of the queue's files, so that
 * another store can stand behind these calls one day. docs/INTERNALS.md has
 * the states.
 *
 * Life of a message here:   qput_* -> fresh (S4) -> [queue_settle -> settled
 * (S5)] -> queue_mark* -> queue_finish. A fresh message may be finished
 * straight away: then info/, local/ and remote/ never exist for it. */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>
#include "../base/passwd.h"
#include "../limits.h"
#include "../base/dir.h"
#include "../base/io.h"
#include "wish.h"

struct queue {
	int dir;		/* the queue directory */
	int mess, todo;		/* each: its sub-directory when it has but one, else itself */
	unsigned split;		/* sub-directories of mess/, info/, local/, remote/ */
	int sync;		/* 0: conf-fsync is 0, nothing is forced to disk */
	uint64_t minfree;	/* bytes; new mail is refused below */
	uint64_t databytes;	/* largest message, 0 = no limit */
	uint64_t sendermax, queuemax, queuemaxbytes;	/* flood limits (limit.h), 0 = none */
	unsigned bigtodo;	/* sub-directories of todo/, 0: it is flat */
	unsigned subs;		/* private: sub-directories to look into, 0 = not known yet */
};
/* minfree when no control file gives one: MINFREE_BYTES, or MINFREE_PERCENT of the
 * file system when that is less. */
#define QUEUE_MINFREE_AUTO UINT64_MAX

/* $QUEUEDIR unless set-id, else the built-in directory. */
const char *queue_dir(void);
/* Whose the remote workers of that queue are, where root starts its runner; if there is no
 * queue yet, of the one that queue-fix would make. */
void queue_worker(struct user *u);
/* Opens the queue. 0, or the QQ_ number of what is wrong (QQ_HOME, QQ_DIR,
 * QQ_CONFIG). Finds the split by looking. */
int queue_open(struct queue *q, const char *dir);
void queue_close(struct queue *q);
/* 1 when the caller may put messages in by itself (no set-id program needed). */
int queue_writable(const struct queue *q);
/* Root is the queue's owner from here on, until proc_seem() undoes it: names in a
 * directory that another may write lead wherever that one wants. Anybody else stays
 * who he is. 0 / -1 errno. */
int queue_seem(const struct queue *q);

/* Bytes that are free, and those below which new mail is refused. 1 when there is
 * room; so it is when it cannot be found out: the writes will tell. */
int queue_space(const struct queue *q, uint64_t *left, uint64_t *want);

/* ---- put ---- */
enum qput_who { PUT_UID, PUT_BOUNCE };	/* who the Received line names: real uid, or "for bounce" */
struct qput {
	struct queue *q;
	uint64_t id;		/* 0 until begun */
	int fd;			/* message; open and locked until the end */
	int env;		/* envelope; -1 until it is needed */
	volatile int state;	/* private; volatile: qput_abort may run in a signal handler */
	int masked;		/* private: the caller's umask took rights away */
	enum qput_who who;
	pid_t pid;		/* ours and our real uid, asked for once */
	uid_t uid;
	uint64_t size;
	uint64_t left;		/* private: bytes that the queue has room for */
	unsigned hops;
	size_t rcpts;
	int64_t until;		/* private */
	int hdr;		/* private: where the hop counter is */
	char word[12];
	char tmp[64];
	struct out out;
	char window[WINDOW];	/* last: what lies behind it is far, in longer instructions */
};
/* Begins: makes the file and writes the Received line. All: 0 or a QQ_ number;
 * after any number but 0 everything is already removed and the put is over. Root
 * seems the queue's owner from here on, see queue_seem(). */
int qput_begin(struct qput *p, struct queue *q, enum qput_who who);
/* Messages begun from now on are put in for this user: Received line and envelope
 * name him, not the caller. */
void qput_for(uid_t uid);
int qput_data(struct qput *p, const void *s, size_t n);
/* After the last data: sender once, then each recipient. */
int qput_sender(struct qput *p, const char *s, size_t n);
int qput_rcpt(struct qput *p, const char *s, size_t n);
/* The message is accepted: on disk, with its names, unless q->sync is 0. */
int qput_commit(struct qput *p);
/* Removes what was begun. Harmless when nothing was. Safe at any point. */
void qput_abort(struct qput *p);

/* ---- next ---- */
enum qchan { LOCAL, REMOTE };
enum qstate { FRESH, SETTLED };
struct qwalk {
	struct queue *q;
	enum qstate what;
	int dir, subno;
	char path[48];		/* private: of qwalk_entry()'s last one */
	struct dir sub, top;
};
/* Walks fresh messages (todo/), or settled ones (info/), of any split, big-todo
 * or not. next: 1 and *id, 0 no more, -1 errno. A message may come and go while
 * the walk is under way; each that stays is seen once. */
int qwalk_open(struct qwalk *w, struct queue *q, enum qstate what);
int qwalk_next(struct qwalk *w, uint64_t *id);
void qwalk_close(struct qwalk *w);

/* What is known of one message without its recipients. */
struct qinfo {
	uint64_t id;
	enum qstate state;
	int64_t birth;		/* settled: mtime of info; fresh: mtime of todo; seconds */
	uint64_t size;		/* bytes of the message file, Received line included */
	int64_t arrived;	/* when it was written, wall milliseconds; that never changes */
	uint64_t pid, uid;	/* of the injector; settled: 0 */
	int bouncing;		/* 1: some recipients have failed for good */
	int held;		/* 1: settled, and not to be tried until it is released */
	char wish[WISH_CAP];	/* what the sender wants to be told; "" nothing */
	char sender[ADDR_CAP + 8];
};
/* 1 filled in, 0 no such message (any more), -1 errno. */
int queue_info(struct queue *q, uint64_t id, enum qstate state, struct qinfo *i);

/* Recipients of one message, one at a time, from todo (fresh) or from a channel's
 * file (settled). open: 1, 0 there is none (channel finished), -1 errno.
 * next: 1 and *r (valid until the next call), 0 end, -1 errno (EBADMSG: damaged). */
struct qrcpt { uint32_t off; int done; size_t len; const char *addr; /* NUL-terminated */ };
struct qread { struct in in; uint32_t off; int fresh; char addr[ADDR_CAP + 1]; char window[WINDOW]; };
int qread_fresh(struct qread *r, struct queue *q, uint64_t id);
int qread_chan(struct qread *r, struct queue *q, uint64_t id, enum qchan c);
int qread_next(struct qread *r, struct qrcpt *rc);
void qread_close(struct qread *r);
/* Starts over at the first recipient / goes to the record at this offset (as in
 * qrcpt.off). 0 / -1 errno. */
int qread_rewind(struct qread *r);
int qread_seek(struct qread *r, uint32_t off);

/* qinfo.arrived alone. 1, 0 no such message, -1 errno. */
int queue_arrived(struct queue *q, uint64_t id, int64_t *ms);
/* The message itself, read-only, close-on-exec; -1 errno. */
int queue_message(struct queue *q, uint64_t id);
/* When the channel's next try is due (wall seconds; from the file's mtime). 1, 0 no
 * file, -1 errno (the channel's directory is missing, too: then nobody knows). */
int queue_due(struct queue *q, uint64_t id, enum qchan c, int64_t *due);

/* ---- settle and mark ---- */
/* Makes a fresh message settled: info, then recipients per channel, all synced,
 * then todo is removed (the commit point). Usage: begin, then each recipient
 * as rewritten (done 1: no further try), then commit. 0 / -1 errno; on error or
 * abort the message stays fresh. keep_bounce 1: bounce/ID was written by the
 * caller for this very message; 0: what lies there is left from before a crash
 * and is removed. */
struct qsettle { struct queue *q; uint64_t id; int fd[2]; struct out out[2]; char window[2][WINDOW]; };
int qsettle_begin(struct qsettle *s, struct queue *q, uint64_t id, int keep_bounce);
int qsettle_rcpt(struct qsettle *s, enum qchan c, int done, const char *addr, size_t n);
int qsettle_commit(struct qsettle *s);
void qsettle_abort(struct qsettle *s);
/* Recipient at this offset is done: T becomes D in place. Not synced: a lost mark costs
 * a duplicate, never a loss. */
int queue_mark(struct queue *q, uint64_t id, enum qchan c, uint32_t off);
/* Next try of the channel, wall seconds. */
int queue_set_due(struct queue *q, uint64_t id, enum qchan c, int64_t due);
/* Birth moved to this time (clock was set). */
int queue_set_birth(struct queue *q, uint64_t id, int64_t birth);

/* Holds a settled message, or releases it: the sticky bit of info/ID, which survives
 * everything that keeps modes, and which the family's programs pass over. 1, 0 it is
 * not settled (or gone), -1 errno. */
int queue_hold(struct queue *q, uint64_t id, int on);
/* Numbers are given again, so whoever names a message later says which one he means:
 * *stamp comes from the time and size of its text, which never change. 1, 0 gone, -1. */
int queue_stamp(struct queue *q, uint64_t id, uint64_t *stamp);

/* Text for the bounce (a paragraph that ends in a blank line) and the last
 * error of deferred recipients, as mailq shows it. 0 / -1 errno. */
int queue_bounce_add(struct queue *q, uint64_t id, const char *s, size_t n);
int queue_bounce_open(struct queue *q, uint64_t id);		/* fd, -1 errno (ENOENT: none) */
int queue_bounce_drop(struct queue *q, uint64_t id);
int queue_note_begin(struct queue *q, uint64_t id);		/* fd to write notes to, old ones gone; -1 errno */

/* ---- finish ---- */
/* Channel's file removed when its last recipient is done. 0 / -1 errno (ENOENT is 0). */
int queue_chan_done(struct queue *q, uint64_t id, enum qchan c);
/* Removes the message: todo or info first, so that it can never come back half. */
int queue_finish(struct queue *q, uint64_t id);

/* ---- the runner's own ---- */
/* Exclusive lock on lock/sendmutex, and on mess/ by q's own descriptor. fd kept open;
 * -1 errno (EWOULDBLOCK: another runner). lost: 1 when that file was removed since. */
int queue_lock(struct queue *q);
void queue_unlock(struct queue *q, int fd);
int queue_lock_lost(int fd);
/* 1 somebody holds that lock, 0 nobody, -1 errno. */
int queue_running(struct queue *q);
/* Wakes the runner; never blocks, errors do not matter. hint: TRIGGER_MAIL, or
 * TRIGGER_COMMANDS when there are lines for it, TRIGGER_UP when a QMQP server takes
 * mail (anybody may write the FIFO: a hint). */
enum { TRIGGER_MAIL = 0, TRIGGER_COMMANDS = 'c', TRIGGER_UP = 'u' };
void queue_wake(struct queue *q, char hint);
void queue_trigger(struct queue *q);	/* TRIGGER_MAIL */
/* lock/qmqpwait, the mark of a runner whose mail waits for the QMQP servers: new mail
 * then goes into the queue as well, so that it does not overtake. on 1 sets it, 0 removes
 * it; 0 / -1 errno. marked: 1 when it is there and a runner lives that will take it away;
 * 0 not, or the caller may not look. Both need no more than q->dir. Not synced. */
int queue_wait_mark(struct queue *q, int on);
int queue_wait_marked(struct queue *q);
/* Read end of the trigger for poll; -1 errno. */
int queue_trigger_open(struct queue *q);
/* lock/tcpto opened read-write (made when missing), -1 errno. */
int queue_tcpto(struct queue *q);
/* Lines for the runner (send/command.h) in lock/commands. add: whole lines, then the
 * trigger is pulled; 0, -1 errno (EAGAIN: more than max bytes would be waiting). read:
 * all that are there into b; 1 some, 0 none, -1. keep: what became of the first n
 * bytes: these take their place; what was added meanwhile stays behind them. */
int queue_command_add(struct queue *q, const char *s, size_t n, size_t max);
int queue_command_read(struct queue *q, struct buf *b);
int queue_command_keep(struct queue *q, size_t n, struct buf *b);
#define COMMANDS_MAX (64u << 10)
/* lock/status: what the runner tells of itself (send/health.h). Not synced. */
int queue_health_write(struct queue *q, const char *s, size_t n);
int queue_health_read(struct queue *q, struct buf *b);
/* A walk over one kind of file after the other, in this order, for who looks at the
 * whole queue. Opened with qwalk_part: 0 / -1 errno (ENOENT: there is no such
 * directory), closed with qwalk_close. entry: as qwalk_next, but whatever state its
 * message is in. Two calls about the entry seen last: due, its file's time, is 1, 0
 * gone, -1; orphan removes it when it is surely what a dead writer left (lock and
 * age, see INTERNALS), 1 if it did. */
enum qpart { QPART_INFO, QPART_LOCAL, QPART_REMOTE, QPART_MESS, QPART_INTD, QPART_NOTE,
	QPART_BOUNCE, QPARTS };
int qwalk_part(struct qwalk *w, struct queue *q, enum qpart part);
int qwalk_entry(struct qwalk *w, uint64_t *id);
int qwalk_due(struct qwalk *w, int64_t *due);
int qwalk_orphan(struct qwalk *w, uint64_t id);
/* The same for files that never got a number. How many, -1 errno. */
int queue_sweep_pid(struct queue *q);
/* 1 when dir names another directory now than the one that is open. */
int queue_replaced(const struct queue *q, const char *dir);
/* A few bytes the runner keeps between runs (the clock's anchor). 1/0/-1; 0/-1. */
int queue_state_read(struct queue *q, struct buf *b);
int queue_state_write(struct queue *q, const char *s, size_t n);

#endif
