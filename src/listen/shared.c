/* shared.c: a page of small answers for all connections of a listener. Nobody waits for
 * anybody: an entry that two write at the same time, or that a child was killed in, has no
 * sum that is right, and is not there. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../base/clock.h"
#include "../base/sys.h"
#include "../base/text.h"
#include "shared.h"

struct entry { unsigned char key[16]; uint32_t kind, until, value, sum; };
enum { PAGE = 4096, ENTRIES = PAGE / sizeof(struct entry), TRIES = 4 };

static struct entry *entries;

void *shared_map(size_t n)
{
	void *p = (void *)syscall(SYS_map, 0, n, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 0 : p;
}

void shared_open(void)
{
	entries = shared_map(PAGE);
}

static uint32_t sum(const struct entry *e)
{
	return (uint32_t)text_hash((const char *)e, offsetof(struct entry, sum));
}

static uint32_t now(void)
{
	return (uint32_t)(clock_mono() / 1000);
}

/* The entry of kind and key in *e. 1 it is there, and place is where; 0 not, place is
 * where it may go: what ends first among a few. */
static int find(uint32_t kind, const unsigned char *key, struct entry *e, unsigned *place)
{
	unsigned char whole[20];
	uint32_t first = UINT32_MAX;
	unsigned i, at;

	memcpy(whole, key, 16);
	memcpy(whole + 16, &kind, 4);
	at = (unsigned)(text_hash((const char *)whole, sizeof whole) % ENTRIES);
	for (i = 0; i < TRIES; i++, at = (at + 1) % ENTRIES) {
		*e = entries[at];	/* once: it may change at any moment */
		if (e->sum != sum(e) || e->until <= now())
			e->until = 0;
		else if (e->kind == kind && !memcmp(e->key, key, 16)) {
			*place = at;
			return 1;
		}
		if (e->until < first) {
			first = e->until;
			*place = at;
		}
	}
	return 0;
}

int shared_get(uint32_t kind, const unsigned char key[static 16])
{
	struct entry e;
	unsigned at;

	return entries && find(kind, key, &e, &at) ? (int)(e.value & INT32_MAX) : -1;
}

void shared_put(uint32_t kind, const unsigned char key[static 16], int value, unsigned secs)
{
	struct entry e;
	unsigned at;

	if (!entries)
		return;
	find(kind, key, &e, &at);
	memcpy(e.key, key, 16);
	e.kind = kind;
	e.until = now() + secs;
	e.value = (uint32_t)value;
	e.sum = sum(&e);
	entries[at] = e;
}
