/* letter.h: the message of one local delivery: what is read, what is put on top. */
#ifndef DELIVER_LETTER_H
#define DELIVER_LETTER_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "../base/io.h"
#include "../limits.h"

struct letter {
	int fd;			/* the message; read by position, its offset is not used */
	off_t size;		/* bytes it must have: one that ends early is not delivered */
	struct buf head;	/* Return-Path and Delivered-To lines (RPLINE, DTLINE) */
	size_t rp_len;		/* bytes of the first of them */
	int64_t until;		/* clock_mono() when copying gives up (ETIMEDOUT); 0 never */
	struct buf ufline;	/* "From sender date", for an mbox */
	off_t date_at;		/* Date: value to be replaced, when date_len is not 0 */
	size_t date_len;
	char date[40];
	char store[3 * ADDR_CAP + 64], ustore[ADDR_CAP + 64];
};

/* Fills in l for a delivery from sender to local@host. 0, or -1 with errno: the
 * message cannot be read, or (EMSGSIZE) an address has no room in a line. */
int letter_open(struct letter *l, int fd, off_t size, const char *sender,
	const char *local, const char *host);
/* 1 when the header has been here before (a Delivered-To of this very address,
 * domain case-blind) or has more than HOPS_MAX hops; 0 not; -1 errno. */
int letter_loops(const struct letter *l, const char *local, const char *host);
/* Control bytes from `from` on become '_', so that what a stranger wrote is no line. */
void letter_tame(struct buf *b, size_t from);
/* The From_ line of an mbox: blanks and control bytes of the sender become '-', an
 * empty sender is MAILER-DAEMON. 1/0 as the puts of a buf. */
int letter_ufline(struct buf *b, const char *sender, int64_t now);
/* Head and message in pieces of at most WINDOW bytes to put(), which returns 0, or -1
 * to stop. Returns as letter_copy. */
int letter_walk(const struct letter *l, int (*put)(void *to, const void *p, size_t n),
	void *to);
/* Head and message to o, not flushed. 0; -1 writing failed (errno); -2 reading did. */
int letter_copy(const struct letter *l, struct out *o);

#endif
