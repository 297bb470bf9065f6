/* datefix.h: finds a Date field that was made up before the clock was set. */
#ifndef MSG_DATEFIX_H
#define MSG_DATEFIX_H
#include <stddef.h>
#include <sys/types.h>

#define DATEFIX_TEXT 40

/* fd: a message of the queue, read with pread. 1 when the clock is set now, but
 * was not when the message was queued (its first line is our Received field with
 * a date before the build's), and the header has a Date of that time in exactly
 * the form date_mail() writes: then the *len bytes at offset *at are to be
 * replaced by text (NUL-terminated), the present time. Else 0; unreadable is 0. */
int datefix_find(int fd, off_t *at, size_t *len, char text[static DATEFIX_TEXT]);

#endif
