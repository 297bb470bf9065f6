/* ours.h: which hosts are this host, for what is configured by users' names. */
#ifndef MSG_OURS_H
#define MSG_OURS_H
#include <stddef.h>
#include "../base/buf.h"

/* Reads control/me and control/locals, once (again after ours_forget; when that
 * fails the old ones stay). 0 / -1: control_error(). */
int ours_load(void);
void ours_forget(void);
/* control/me, "" when there is none. */
const char *ours_me(void);
/* A name of ours that mail is delivered to: me, unless locals says otherwise. "" when
 * there is no me. */
const char *ours_host(void);
/* 1 when the host of n bytes is ours: me, one of locals, localhost, a name that
 * begins with "localhost.", or none at all (n 0). */
int ours_has(const char *host, size_t n);
/* An address that stands in a control file (user, user@host): appended to b,
 * completed with @me, and a NUL behind it, which counts. 1; 0 it is no address
 * that could be in an envelope, or b is full. */
int ours_address(struct buf *b, const char *s, size_t n);

#endif
