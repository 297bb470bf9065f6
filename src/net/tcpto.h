/* tcpto.h: lock/tcpto, the memory of addresses whose connections timed out,
 * shared by all workers of a queue. 64 records of 32 bytes: byte 0 address
 * family (2 IPv4, 10 IPv6), byte 4 count, bytes 8..11 time (little-endian Unix
 * seconds), bytes 16.. address. All functions do nothing when fd is -1, and
 * never wait for the lock: a memory that is busy is a memory without entry. */
#ifndef NET_TCPTO_H
#define NET_TCPTO_H
#include <stdint.h>
#include "addr.h"

#define TCPTO_RECORDS 64
#define TCPTO_BYTES 32

#define TCPTO_PENALTY 3840
/* 1 when the address timed out at least twice, last within the past `penalty` seconds, or
 * up to half as long again, so that not all come back at once. 0 seconds: never. */
int tcpto_skip(int fd, const struct addr *a, unsigned penalty);
/* After a connect that timed out, which counts when the last one was `tolerance` seconds
 * ago, 0: 120 / that worked. */
void tcpto_failed(int fd, const struct addr *a, unsigned tolerance);
void tcpto_worked(int fd, const struct addr *a);

/* One record, for programs that show the file. 1 and the fields, 0 unused. */
int tcpto_record(const unsigned char r[static TCPTO_BYTES], struct addr *a,
	unsigned *count, int64_t *when);

#endif
