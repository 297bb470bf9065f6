/* clock.c: the only place that asks for the time. A board without a battery
 * boots in 1970 or at its image's date; "not set" is any time before this
 * program was built, for then the clock is wrong for certain. */
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "clock.h"
#include "sys.h"

/* Without a queue there is no program that lives long. */
static int get(clockid_t id, struct timespec *t)
{
	return CFG_QUEUE ? clock_gettime(id, t) : sys_clock(id, t);
}

int64_t clock_wall_usec(void)
{
	struct timespec t;

	get(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall(void)
{
	int64_t usec = clock_wall_usec();

	return usec >= 0 ? usec / 1000000 : -((999999 - usec) / 1000000);
}

/* Time since boot, sleep included: a laptop that was closed for a day has jobs due. */
int64_t clock_mono(void)
{
	struct timespec t;

	if (get(CLOCK_BOOTTIME, &t) < 0)
		get(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_build(void)
{
	return BUILD_DATE;
}

int clock_is_set(void)
{
	return clock_wall() >= clock_build();
}
