/* anchor.c: ages that survive a board without a clock. Two clocks run, the wall
 * clock, which somebody may set, and the monotonic one, which nobody can; when
 * their distance changes by more than an hour the wall clock was set, and what
 * was born under the old setting is moved along, so that a message written in
 * 1970 is as old after the first answer from a time server as it was before. */
#include <fcntl.h>
#include <string.h>
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/text.h"
#include "anchor.h"

static int64_t distance;	/* wall - monotonic, milliseconds */

static int64_t measure(void)
{
	return clock_wall() * 1000 - clock_mono();
}

/* The boot's own name, "" where the kernel does not tell. */
static void boot_name(char *to, size_t cap)
{
	struct buf b = BUF_AT(to, 0, cap);

	if (io_slurp(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &b) <= 0)
		b.len = 0;
	to[text_trim(to, b.len)] = 0;
}

/* Moves by delta seconds every birth that is not later than `until`. Back only those
 * that lie in the future now: the others may be from a boot whose clock was right, and
 * older than it is no message may become. How many. */
static unsigned move_births(struct queue *q, int64_t delta, int64_t until)
{
	struct qwalk w;
	struct qinfo i;
	uint64_t id;
	unsigned n = 0;

	if (qwalk_open(&w, q, SETTLED) < 0)
		return 0;
	while (qwalk_next(&w, &id) > 0)
		if (queue_info(q, id, SETTLED, &i) > 0 && i.birth <= until &&
			(delta > 0 || i.birth > clock_wall()) &&
			queue_set_birth(q, id, i.birth + delta) == 0)
			n++;
	qwalk_close(&w);
	return n;
}

/* Births later than the step were written under a clock that was right already. */
static int stepped(struct queue *q, int64_t was, int64_t now)
{
	int64_t delta = (now - was) / 1000;

	if (delta <= JUMP_SECS && delta >= -JUMP_SECS)
		return 0;
	log_line("info: the clock was set by %lld seconds; the ages of %u messages are kept",
		(long long)delta, move_births(q, delta, clock_wall() - delta));
	return 1;
}

void anchor_start(struct queue *q)
{
	char text[128], boot[64];
	struct buf b = BUF_OVER(text);
	uint64_t was;
	size_t n;

	distance = measure();
	boot_name(boot, sizeof boot);
	if (queue_state_read(q, &b) > 0 && buf_z(&b)) {
		/* "DISTANCE BOOT" */
		n = text_u64(text, b.len, &was);
		if (n && text[n] == ' ' && *boot && !strcmp(text + n + 1, boot))
			stepped(q, (int64_t)was, distance);
	}
}

/* Written under a clock that was not set, and nobody knows when: its age begins
 * today. Looked at when a message's turn comes; a walk over all at the start would
 * keep new mail waiting. */
void anchor_birth(struct queue *q, struct qinfo *i)
{
	int64_t now = clock_wall();

	if (i->birth >= clock_build() || !clock_is_set())
		return;
	queue_set_birth(q, i->id, now);
	i->birth = now;
}

int anchor_check(struct queue *q)
{
	int64_t now = measure(), was = distance;

	distance = now;
	return stepped(q, was, now);
}

void anchor_save(struct queue *q)
{
	char text[128], boot[64];
	struct buf b = BUF_OVER(text);

	boot_name(boot, sizeof boot);
	distance = measure();
	if (distance < 0 || !*boot || !buf_fmt(&b, "%lld %s", (long long)distance, boot))
		return;
	queue_state_write(q, text, b.len);
}
