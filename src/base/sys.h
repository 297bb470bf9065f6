/* sys.h: system calls made without the C library's wrapper, because the wrapper
 * brings what one thread never needs (musl's setuid stops all threads: 1.2 KB;
 * its socket, socketpair and sendmsg serve kernels before 2.6.27: 600 bytes).
 * 32-bit machines have two sets of identity calls; the newer one takes 32 bits. */
#ifndef BASE_SYS_H
#define BASE_SYS_H
#include <sys/syscall.h>

#ifdef SYS_setresuid32
enum { SYS_uids = SYS_setresuid32, SYS_gids = SYS_setresgid32, SYS_groups = SYS_setgroups32 };
#else
enum { SYS_uids = SYS_setresuid, SYS_gids = SYS_setresgid, SYS_groups = SYS_setgroups };
#endif
#ifdef SYS_timer_settime64
enum { SYS_timer_set = SYS_timer_settime64 };
#else
enum { SYS_timer_set = SYS_timer_settime };
#endif

/* Times of files: 64-bit machines never had another struct timespec, and need none of
 * the wrapper's conversions (230 bytes). */
#if __LONG_MAX__ > 0x7fffffff
#define sys_utimens(dir, path, times) ((int)syscall(SYS_utimensat, (dir), (path), (times), 0))
#define sys_futimens(fd, times) sys_utimens((fd), 0, (times))
#else
#define sys_utimens(dir, path, times) utimensat((dir), (path), (times), 0)
#define sys_futimens(fd, times) futimens((fd), (times))
#endif

#endif
