/* sys.h: system calls made without the C library's wrapper, because the wrapper
 * brings what one thread never needs (musl's setuid stops all threads: 1.2 KB;
 * its socketpair and sendmsg serve kernels before 2.6.27: 450 bytes).
 * 32-bit machines have two sets of identity calls; the newer one takes 32 bits. */
#ifndef BASE_SYS_H
#define BASE_SYS_H
#include <sys/syscall.h>

#ifdef SYS_setresuid32
enum { SYS_uids = SYS_setresuid32, SYS_gids = SYS_setresgid32, SYS_groups = SYS_setgroups32,
	SYS_own = SYS_fchown32 };
#else
enum { SYS_uids = SYS_setresuid, SYS_gids = SYS_setresgid, SYS_groups = SYS_setgroups,
	SYS_own = SYS_fchown };
#endif

#endif
