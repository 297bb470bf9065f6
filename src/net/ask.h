/* ask.h: questions to the name servers of /etc/resolv.conf, and /etc/hosts. */
#ifndef NET_ASK_H
#define NET_ASK_H
#include <stddef.h>
#include <sys/types.h>
#include "addr.h"
#include "../base/io.h"

#define ASK_ANSWER 4096		/* longer answers are cut there */
#define ASK_SERVERS 3
enum { ASK_A = 1, ASK_CNAME = 5, ASK_MX = 15, ASK_TXT = 16, ASK_AAAA = 28, ASK_TLSA = 52 };
/* In byte 3 of an answer, the bit AD: DNSSEC vouches for all of it (RFC 6840 5.7). Asked
 * for, and believed, of servers on loopback alone, as anybody can change what comes over
 * a network; without TLS never. */
#define ASK_SECURE 0x20

/* A text file read line by line; lines longer than `line` are cut. */
#define LINES_MAX 512
struct lines { struct in in; char window[512], line[LINES_MAX]; };
/* 0 / -1 errno. */
int lines_open(struct lines *l, const char *name);
/* The next line without its comment, NUL-terminated; 0 at the end (file closed). */
char *lines_next(struct lines *l);
/* The next word of *p, NUL-terminated, or 0; *p moves behind it. */
char *word_next(char **p);

/* resolv.conf(5): the first three servers, and where names without a dot are
 * looked for. Missing file: the server of this machine, as everywhere. */
struct resolv {
	unsigned n, timeout, attempts;	/* servers; seconds; rounds */
	struct addr server[ASK_SERVERS];
	char search[LINES_MAX];
};
void resolv_load(struct resolv *r);
/* Leaves only servers on loopback. How many. */
unsigned resolv_local(struct resolv *r);

/* Asks all servers in turn. Length of an answer that echoes our question and says
 * either "no error" or "no such name" (RFC 1035 4.1.1); 0 when the name cannot be
 * in the DNS; -1 when nobody gave such an answer. */
ssize_t ask(const struct resolv *r, const char *name, unsigned type,
	unsigned char answer[static ASK_ANSWER]);

#endif
