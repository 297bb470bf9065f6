/* cdb.c: reads a constant database: users/cdb, and whatever else is looked up
 * among many. A lookup is three or four small reads, and nothing is kept. No
 * number from the file is believed: each position is compared with the size the
 * file had when it was opened, and a short read is damage. "There is none" is
 * only said of a table that was read well, since mail is refused on that word. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "cdb.h"
#include "io.h"

uint32_t cdb_hash(uint32_t h, const void *s, size_t n)
{
	const unsigned char *p = s;

	while (n--)
		h = (h * 33) ^ *p++;
	return h;
}

uint32_t cdb_u32(const unsigned char *s)
{
	return s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 | (uint32_t)s[3] << 24;
}

static int damaged(void)
{
	errno = EBADMSG;
	return -1;
}

int cdb_read(int fd, void *p, size_t n, uint64_t at)
{
	char *to = p;
	ssize_t r;

	for (; n; n -= (size_t)r, at += (size_t)r, to += r)
		if ((r = io_read_at(fd, to, n, (off_t)at)) <= 0)
			return r < 0 ? -1 : damaged();
	return 0;
}

/* Two numbers. 0 / -1. */
static int pair(const struct cdb *c, uint64_t at, uint32_t v[2])
{
	unsigned char s[8];

	if (at + 8 > c->size)
		return damaged();
	if (cdb_read(c->fd, s, 8, at) < 0)
		return -1;
	v[0] = cdb_u32(s);
	v[1] = cdb_u32(s + 4);
	return 0;
}

int cdb_open(struct cdb *c, const char *path)
{
	struct stat st;

	c->fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (fstat(c->fd, &st) < 0)
		return io_close(c->fd);
	c->size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode) || c->size < CDB_HEAD || (st.st_mode & S_IWOTH)) {
		io_close(c->fd);
		return damaged();
	}
	return 1;
}

/* 1 the n bytes at `at` are the key, 0 not, -1. They are inside the file. */
static int same(const struct cdb *c, uint64_t at, const char *key, size_t n)
{
	char piece[64];
	size_t m;

	for (; n; n -= m, key += m, at += m) {
		m = n < sizeof piece ? n : sizeof piece;
		if (cdb_read(c->fd, piece, m, at) < 0)
			return -1;
		if (memcmp(piece, key, m))
			return 0;
	}
	return 1;
}

/* The record at `at`, if it has this key. 1, 0, -1. */
static int record(const struct cdb *c, uint64_t at, const void *key, size_t n,
	struct buf *data)
{
	uint32_t len[2];
	int r;

	if (pair(c, at, len) < 0)
		return -1;
	if (at < CDB_HEAD || at + 8 + len[0] + (uint64_t)len[1] > c->size)
		return damaged();
	if (len[0] != n || (r = same(c, at + 8, key, n)) == 0)
		return 0;
	if (r < 0)
		return -1;
	if (!buf_room(data, len[1])) {
		errno = EFBIG;
		return -1;
	}
	if (cdb_read(c->fd, data->s + data->len, len[1], at + 8 + n) < 0)
		return -1;
	data->len += len[1];
	return 1;
}

int cdb_get(const struct cdb *c, const void *key, size_t n, struct buf *data)
{
	uint32_t h = cdb_hash(CDB_HASH, key, n), table[2], slot[2], i, at;
	int r;

	if (pair(c, (h & 255) * 8, table) < 0)
		return -1;
	if (table[0] + (uint64_t)table[1] * 8 > c->size)
		return damaged();
	for (i = 0; i < table[1]; i++) {
		at = (uint32_t)(((h >> 8) + (uint64_t)i) % table[1]);
		if (pair(c, table[0] + (uint64_t)at * 8, slot) < 0)
			return -1;
		if (!slot[1])
			return 0;
		if (slot[0] == h && (r = record(c, slot[1], key, n, data)) != 0)
			return r;
	}
	return 0;
}

void cdb_close(struct cdb *c)
{
	io_close(c->fd);
}
