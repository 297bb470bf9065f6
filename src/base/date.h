/* date.h: dates as the qmail family writes them, always UTC, without strftime. */
#ifndef BASE_DATE_H
#define BASE_DATE_H
#include <stddef.h>
#include <stdint.h>
#include "buf.h"

struct civil { int64_t year; int mon, day, hour, min, sec, wday; };	/* mon 1..12, wday 0 = Sunday */
void date_civil(int64_t t, struct civil *c);
int64_t date_unix(const struct civil *c);	/* the inverse; wday is not looked at */

int date_mail(struct buf *b, int64_t t);	/* "14 Nov 2023 22:13:20 -0000" (RFC 5322 3.3) */
int date_stamp(struct buf *b, int64_t t);	/* "20231114221320" for Message-ID */
int date_mbox(struct buf *b, int64_t t);	/* "Sat Nov 04 00:00:00 2023", day zero padded */
int date_gmt(struct buf *b, int64_t t);		/* "20 Nov 2026 21:55:59 GMT" of qmail-qread */
/* Reads what date_mail writes (one or two digits for the day). 1 and *t, or 0. */
int date_mail_parse(const char *s, size_t n, int64_t *t);

#endif
