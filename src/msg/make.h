/* make.h: header fields that are made here: Date, Message-ID, From. */
#ifndef MSG_MAKE_H
#define MSG_MAKE_H
#include <stdint.h>
#include <sys/types.h>
#include "../base/buf.h"

/* All append a whole line with its LF; prefix is "" or "Resent-".
 * 1, or 0 when b is full: then a part may be there. */

/* "Date: 14 Nov 2023 22:13:20 -0000". */
int make_date(struct buf *b, const char *prefix, int64_t now);

/* "Message-ID: <20231114221320.42.qmail@idhost>": unique as long as no process
 * of this host has the same number in the same second. salt, when not 0, is
 * put behind the pid: for a clock that starts at the same time at every boot. */
int make_message_id(struct buf *b, const char *prefix, int64_t now, pid_t pid,
	uint32_t salt, const char *idhost);
/* A salt for now: 0 when the clock is set, else a random number. */
uint32_t make_salt(void);

/* 'From: "Full Name" <addr>', or with comment 'From: addr (Full Name)'; only
 * the address when name is 0 or empty. addr is an envelope address (no quoting). */
int make_from(struct buf *b, const char *prefix, const char *name, int comment,
	const char *addr, size_t n);

#endif
