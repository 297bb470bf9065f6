/* spawn.h: the only process that starts workers. */
#ifndef SEND_SPAWN_H
#define SEND_SPAWN_H
#include <sys/types.h>

/* Forks the spawner. First of all: it keeps a copy of what is in memory then, and
 * every right. Returns the caller's end (readable = the spawner is gone), -1 errno. */
int spawn_open(void);

/* What it needs to be told before its first worker. Ids apply when the program was
 * started by root. */
struct spawn {
	const char *defaultdelivery;	/* set before spawn_open() */
	int tcpto;		/* -1 none */
	int keep_root;		/* 1: local deliveries become each user */
	uid_t remote_uid;	/* remote workers, and the spawner itself without keep_root */
	gid_t remote_gid;
	uid_t owner_uid;	/* the queue's owner, for who takes in forwarded mail */
	gid_t owner_gid;
};
int spawn_setup(const struct spawn *s);		/* 0 / -1 errno */
/* Another one after it has died, told the same. Its end as from spawn_open(), -1
 * errno: EPERM when we have fewer rights than the first one had. */
int spawn_again(int tcpto);
/* 0 when the program was started by root and its spawner gave that up: then it
 * can become no user. */
int spawn_can_local(void);
/* A new worker of this kind ('L', 'R', 'F': job.h): our end of its job socket, -1 errno. */
int spawn_worker(char kind);

#endif
