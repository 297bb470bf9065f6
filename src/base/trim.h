/* trim.h: memory that goes back to the kernel while a process waits. */
#ifndef BASE_TRIM_H
#define BASE_TRIM_H
#include <poll.h>
#include <stddef.h>

/* Gives the whole pages inside the n bytes at p back; they read as zero afterwards. */
void trim_pages(void *p, size_t n);
/* Gives back the pages below the caller's frame: what deep calls have used once. */
void trim_stack(void);
/* poll(2), for a long wait: the program's own pages, code and constants, are let go
 * before it. They come back from its file as they are needed. */
int trim_poll(struct pollfd *p, nfds_t n, int ms);

#endif
