/* err.h: errno in words. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Words for errno number e: "No space left on device"; "system error 123" for one
 * that mail does not meet. Valid until the next call. The C library's table of all
 * of them is 2 KB of a small program. */
const char *err_text(int e);

#endif
