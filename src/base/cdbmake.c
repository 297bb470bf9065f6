/* cdbmake.c: writes a constant database in one pass over the records and one over
 * the file. No list of hashes is kept in memory: the tables are filled in place,
 * from the records as they stand in the file, in their order, which is what makes
 * the first of equal keys the one that is found. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "cdbmake.h"

static void put32(unsigned char *s, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++, v >>= 8)
		s[i] = (unsigned char)v;
}

static void put_pair(unsigned char *s, uint64_t a, uint64_t b)
{
	put32(s, (uint32_t)a);
	put32(s + 4, (uint32_t)b);
}

static int write_at(int fd, const void *p, size_t n, uint64_t at)
{
	ssize_t r = pwrite(fd, p, n, (off_t)at);

	if (r >= 0 && (size_t)r != n)
		errno = ENOSPC;
	return r == (ssize_t)n ? 0 : -1;
}

int cdbmake_start(struct cdbmake *m, int fd)
{
	const struct out out = OUT_OVER(fd, m->space);

	memset(m->count, 0, sizeof m->count);
	m->out = out;
	memset(m->space, 0, sizeof m->space);
	m->out.b.len = m->at = CDB_HEAD;	/* the room of the head */
	return 0;
}

int cdbmake_add(struct cdbmake *m, const void *key, size_t n, const void *data, size_t len)
{
	unsigned char head[8];

	put_pair(head, n, len);
	m->at += 8 + (uint64_t)n + len;
	if (n > UINT32_MAX || len > UINT32_MAX || m->at > UINT32_MAX)
		m->out.err = EFBIG;
	m->count[cdb_hash(CDB_HASH, key, n) & 255]++;
	out_put(&m->out, head, 8);
	out_put(&m->out, key, n);
	return out_put(&m->out, data, len);
}

/* Enters the record at `at`, of hash h, into its table of so many slots. */
static int enter(int fd, uint64_t table, uint32_t slots, uint32_t h, uint64_t at)
{
	unsigned char slot[8];
	uint32_t i = (h >> 8) % slots;

	for (;; i = i + 1 == slots ? 0 : i + 1) {
		if (cdb_read(fd, slot, 8, table + (uint64_t)i * 8) < 0)
			return -1;
		if (!cdb_u32(slot + 4))
			break;
	}
	put_pair(slot, h, at);
	return write_at(fd, slot, 8, table + (uint64_t)i * 8);
}

/* The hash of the n bytes of the key at `at`. */
static int hash_at(int fd, uint64_t at, uint32_t n, uint32_t *h)
{
	char piece[128];
	size_t k;

	for (*h = CDB_HASH; n; n -= (uint32_t)k, at += k) {
		k = n < sizeof piece ? n : sizeof piece;
		if (cdb_read(fd, piece, k, at) < 0)
			return -1;
		*h = cdb_hash(*h, piece, k);
	}
	return 0;
}

int cdbmake_end(struct cdbmake *m)
{
	unsigned char *head = (unsigned char *)m->space, len[8];
	uint64_t at, end = m->at;
	int i, fd = m->out.fd;
	uint32_t h;

	if (out_flush(&m->out) < 0)
		return -1;
	for (i = 0; i < 256; i++) {
		put_pair(head + i * 8, end, m->count[i] * 2);
		end += (uint64_t)m->count[i] * 16;
	}
	if (end > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (write_at(fd, head, CDB_HEAD, 0) < 0 || ftruncate(fd, (off_t)end) < 0)
		return -1;
	for (at = CDB_HEAD; at < m->at; at += 8 + (uint64_t)cdb_u32(len) + cdb_u32(len + 4)) {
		if (cdb_read(fd, len, 8, at) < 0 || hash_at(fd, at + 8, cdb_u32(len), &h) < 0)
			return -1;
		i = (int)(h & 255) * 8;
		if (enter(fd, cdb_u32(head + i), cdb_u32(head + i + 4), h, at) < 0)
			return -1;
	}
	return 0;
}
