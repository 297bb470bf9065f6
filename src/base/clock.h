/* clock.h: the only place that asks for the time. Tests link another clock.c. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
#include <stdint.h>

int64_t clock_wall(void);	/* seconds since 1970, whatever the board believes */
int64_t clock_wall_usec(void);	/* the same in microseconds */
int64_t clock_mono(void);	/* milliseconds, never steps, counts while suspended if the kernel can */
/* 0 when the wall clock is earlier than the build: the board has not been told the time. */
int clock_is_set(void);
/* The build's own date, seconds since 1970. */
int64_t clock_build(void);

#endif
