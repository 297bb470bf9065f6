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

/* What stands in front of the handler, for rt_sigaction with no handler, no flags and no
 * mask: the wrapper's locks are for abort() and threads (900 bytes). */
#ifdef __mips__
struct sys_sigaction { unsigned flags; void (*how)(int); unsigned long rest[16]; };
#else
struct sys_sigaction { void (*how)(int); unsigned long rest[16]; };
#endif
/* fork, for one thread. */
#ifdef SYS_fork
#define sys_fork() ((pid_t)syscall(SYS_fork))
#else
#define sys_fork() ((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
#endif

/* The time from the kernel itself, for a program that asks a few times only: the wrapper
 * looks for a quicker way and brings 700 bytes for that. 32-bit machines have two such
 * calls, of which the wrapper finds the right one. */
#if __LONG_MAX__ > 0x7fffffff
#define sys_clock(id, t) ((int)syscall(SYS_clock_gettime, (id), (t)))
#else
#define sys_clock(id, t) clock_gettime((id), (t))
#endif

/* Memory: the wrappers check for what we do not ask (300 bytes). MAP_FAILED as theirs. */
#ifdef SYS_mmap2
enum { SYS_map = SYS_mmap2 };
#else
enum { SYS_map = SYS_mmap };
#endif
#define sys_mmap(n) ((void *)syscall(SYS_map, 0, (n), PROT_READ | PROT_WRITE, \
	MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
#define sys_mremap(p, was, n) ((void *)syscall(SYS_mremap, (p), (was), (n), MREMAP_MAYMOVE))

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
