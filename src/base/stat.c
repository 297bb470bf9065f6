/* stat.c: stat(2) in place of the C library's on x86_64, where musl's struct stat is the
 * kernel's: its own converts field by field, from the statx of later kernels too, and is
 * 600 bytes. On other machines and with other libraries this file is not used. */
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct stat) == 144 && offsetof(struct stat, st_mode) == 24 &&
	offsetof(struct stat, st_size) == 48 && offsetof(struct stat, st_mtim) == 88,
	"not the kernel's struct stat");

int fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return (int)syscall(SYS_newfstatat, dir, path, st, flags);
}

int fstat(int fd, struct stat *st)
{
	return (int)syscall(SYS_fstat, fd, st);
}

int stat(const char *path, struct stat *st)
{
	return (int)syscall(SYS_stat, path, st);
}

int lstat(const char *path, struct stat *st)
{
	return (int)syscall(SYS_lstat, path, st);
}
