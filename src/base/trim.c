/* trim.c: what a process that waits for days gives back to the kernel. The runner
 * and its spawner are all of us that stays on an idle board.
 * The kernel maps a program's pages in windows of 64 KB around what is touched. So
 * this file is linked first, before the C library's few functions that it calls
 * (see WAIT in the Makefile): one window holds all that runs around a wait. */
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include "trim.h"

void trim_pages(void *p, size_t n)
{
	uintptr_t size = getauxval(AT_PAGESZ);
	uintptr_t from = ((uintptr_t)p + size - 1) & ~(size - 1);
	uintptr_t to = ((uintptr_t)p + n) & ~(size - 1);

	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

void trim_stack(void)
{
	enum { ROOM = 2048, DEEP = 65536 };
	char *frame = __builtin_frame_address(0);

	/* Some room is left for what runs below us now; the range may reach below
	 * the stack's end, which the kernel passes over. */
	trim_pages(frame - ROOM - DEEP, DEEP);
}

int trim_poll(struct pollfd *p, nfds_t n, int ms)
{
	/* The linker's: code and constants lie between, and nothing that is written
	 * (etext stands before the constants). */
	extern char __executable_start[], __preinit_array_start[];

	trim_pages(__executable_start,
		(size_t)(__preinit_array_start - __executable_start));
	return poll(p, n, ms);
}
