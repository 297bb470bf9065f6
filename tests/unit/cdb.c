/* cdb.c: constant databases against the published vectors, against themselves at
 * random, and damaged in every byte. */
#include <stdlib.h>
#include "../../src/base/cdb.c"
#include "../../src/base/cdbmake.c"
#include "../lib/tap.h"

static char path[] = "/tmp/qmta-cdb.XXXXXX";
static int file;

static struct cdbmake m;

static void start(void)
{
	if (ftruncate(file, 0) < 0 || cdbmake_start(&m, file) < 0)
		ok(0, "start");
	lseek(file, 0, SEEK_SET);
}

static void add(const char *key, const char *data)
{
	cdbmake_add(&m, key, strlen(key), data, strlen(data));
}

static off_t length(void)
{
	struct stat st;

	return fstat(file, &st) < 0 ? -1 : st.st_size;
}

/* The data of key as a C string; "(none)", or "(errno)" of the error. */
static const char *get(const char *key, size_t n)
{
	static char data[4096];
	struct buf b = BUF_OVER(data);
	struct cdb c;
	int r = cdb_open(&c, path);

	if (r > 0) {
		r = cdb_get(&c, key, n, &b);
		cdb_close(&c);
	}
	if (r > 0)
		return buf_z(&b) ? data : "(full)";
	return r == 0 ? "(none)" : errno == EBADMSG ? "(damaged)" :
		errno == EFBIG ? "(too big)" : "(errno)";
}

static void vectors(void)
{
	static const unsigned char one[] = { 3, 0, 0, 0, 5, 0, 0, 0, 'o', 'n', 'e',
		'H', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 0, 0, 0, 0,
		0x81, 0x5b, 0x87, 0x0b, 0, 8, 0, 0 };
	static const unsigned char head[] = { 0x10, 8, 0, 0, 2, 0, 0, 0 };
	unsigned char s[2200];

	ok(cdb_hash(CDB_HASH, "", 0) == 0x1505, "hash of nothing");
	ok(cdb_hash(CDB_HASH, "one", 3) == 0x0b875b81, "hash of one");
	ok(cdb_hash(CDB_HASH, "!joe", 5) == 0x05e43c84, "hash of !joe and NUL");
	ok(cdb_hash(CDB_HASH, "!joe-", 5) == 0x05e43ca9, "hash of !joe-");
	ok(cdb_hash(CDB_HASH, "example.net", 11) == 0xe8b7dd1c, "hash of example.net");
	ok(cdb_hash(CDB_HASH, "10.1.2.3", 8) == 0x61d7167a, "hash of 10.1.2.3");
	start();
	ok(cdbmake_end(&m) == 0 && length() == 2048, "an empty one has 2048 bytes");
	ok(!strcmp(get("one", 3), "(none)") && !strcmp(get("", 0), "(none)"), "and no keys");
	ok(pread(file, s, 2048, 0) == 2048 && s[0] == 0 && s[1] == 8 && !s[4] && s[2041] == 8,
		"tables of no slots stand at the end");
	start();
	add("one", "Hello");
	ok(cdbmake_end(&m) == 0 && length() == 2080, "one record makes 2080 bytes");
	ok(pread(file, s, 2080, 0) == 2080 && !memcmp(s + 2048, one, sizeof one),
		"the bytes behind the head");
	ok(!memcmp(s + 1032, head, 8), "the table in the head");
	ok(!strcmp(get("one", 3), "Hello"), "it is found");
	ok(!strcmp(get("On", 2), "(none)") && !strcmp(get("one", 4), "(none)"), "others are not");
}

static void equal_keys(void)
{
	start();
	add("k", "first");
	add("x", "other");
	add("k", "second");
	ok(cdbmake_end(&m) == 0 && !strcmp(get("k", 1), "first"), "the first of equal keys");
	ok(!strcmp(get("x", 1), "other"), "and the other");
}

static void many(void)
{
	char key[32], data[32];
	int i, bad = 0, n = 20000;

	start();
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof key, "key-%d", i * 7);
		snprintf(data, sizeof data, "%d", i);
		add(key, data);
	}
	ok(cdbmake_end(&m) == 0, "%d records", n);
	for (i = 0; i < n; i += 17) {
		snprintf(key, sizeof key, "key-%d", i * 7);
		snprintf(data, sizeof data, "%d", i);
		bad += strcmp(get(key, strlen(key)), data) != 0;
		snprintf(key, sizeof key, "key-%d", i * 7 + 1);
		bad += strcmp(get(key, strlen(key)), "(none)") != 0;
	}
	ok(!bad, "every one is found, and nothing else: %d wrong", bad);
}

static void limits(void)
{
	char big[5000];

	start();
	memset(big, 'b', sizeof big);
	cdbmake_add(&m, big, sizeof big, big, sizeof big);
	add("full", "x");
	ok(cdbmake_end(&m) == 0, "a long key and much data");
	ok(!strcmp(get(big, sizeof big), "(too big)"), "data without room is an error");
	ok(!strcmp(get("full", 4), "x"), "and no other's");
	start();
	m.at = UINT32_MAX - 10;
	add("k", "v");
	ok(cdbmake_end(&m) < 0 && errno == EFBIG, "4 GB are too much");
	start();
	add("k", "v");
	ok(cdbmake_end(&m) == 0 && chmod(path, 0602) == 0 && !strcmp(get("k", 1), "(damaged)"),
		"what everybody may write is not believed");
	ok(unlink(path) == 0 && !strcmp(get("k", 1), "(none)"), "no file, no key");
	ok(mkdir(path, 0700) == 0 && strcmp(get("k", 1), "(none)"), "a directory is an error");
	rmdir(path);
}

/* A number for each byte of the file, at random but the same at every run. */
static unsigned seed = 1;

static unsigned next(void)
{
	return seed = seed * 1103515245 + 12345, seed >> 16;
}

/* Damage may hide a key or be noticed; it may not turn into somebody else's data. */
static void damaged_file(void)
{
	unsigned char good[4096], bad[4096];
	off_t size;
	int i, round, wrong = 0, noticed = 0;

	if ((file = openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600)) < 0)
		exit(1);
	start();
	add("ann", "AAAA");
	add("bea", "BBBB");
	add("cid", "CCCC");
	add("dan", "DDDD");
	cdbmake_end(&m);
	size = length();
	ok(size > 2048 && pread(file, good, sizeof good, 0) == size, "a file to damage");
	for (i = 0; i < size; i++) {
		const char *s;

		if (ftruncate(file, i) < 0)
			exit(1);
		s = get("dan", 3);
		wrong += strcmp(s, "(damaged)") && strcmp(s, "DDDD");
		if (pwrite(file, good, (size_t)size, 0) != size)
			exit(1);
	}
	ok(!wrong, "cut anywhere it is damaged, never without the key");
	for (round = 0; round < 20000; round++) {
		const char *s;
		int n = 1 + (int)(next() % 4), at;

		memcpy(bad, good, sizeof bad);
		while (n--) {
			at = (int)(next() % (unsigned)size);
			bad[at] = (unsigned char)(next() & 1 ? next() : 255);
		}
		if (pwrite(file, bad, (size_t)size, 0) != size)
			exit(1);
		s = get("bea", 3);
		noticed += !strcmp(s, "(damaged)");
		wrong += !strcmp(s, "AAAA") || !strcmp(s, "CCCC") || !strcmp(s, "(errno)");
	}
	ok(!wrong, "bytes changed 20000 times: never somebody else's data");
	ok(noticed > 50, "and it was noticed %d times", noticed);
}

int main(void)
{
	if ((file = mkstemp(path)) < 0)
		return 1;
	vectors();
	equal_keys();
	many();
	limits();
	close(file);
	damaged_file();
	unlink(path);
	return done();
}
