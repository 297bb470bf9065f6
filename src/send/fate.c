/* fate.c: what became of one recipient, written down where it lasts. Order is
 * everything: a failure's text is in bounce/ before the recipient is marked, so
 * that a crash between the two can repeat a line but never hide a failure. */
#include <string.h>
#include <unistd.h>
#include "../base/io.h"
#include "fate.h"
#include "health.h"
#include "pass.h"
#include "report.h"
#include "route.h"

static const char gave_up[] =
	"I'm not going to try again; this message has been in the queue too long.\n";
static const char next_transaction[] =
	"server takes no more recipients at once; next transaction follows";

/* Address of recipient i as delivered; "" if it cannot be read any more. */
static size_t address(const struct slot *s, uint32_t i, char *to, size_t cap)
{
	const struct pass *p = s->pass;
	struct qread r;
	struct qrcpt rc;
	struct route rt;
	size_t n = 0;
	int ok = p->fresh ? qread_fresh(&r, &queue, p->info.id) :
		qread_chan(&r, &queue, p->info.id, p->chan);

	if (ok <= 0)
		return 0;
	if (qread_seek(&r, s->off[i]) == 0 && qread_next(&r, &rc) > 0) {
		if (!p->fresh || route_find(&rt, rc.addr, rc.len) < 0) {
			memcpy(to, rc.addr, n = rc.len < cap ? rc.len : cap);
		} else
			memcpy(to, rt.addr, n = rt.len < cap ? rt.len : cap);
	}
	qread_close(&r);
	return n;
}

static int paragraph(struct buf *b, const struct slot *s, uint32_t i,
	const char *text, size_t len)
{
	char addr[2 * ADDR_CAP];
	size_t n = address(s, i, addr, sizeof addr);

	if (!n)
		return 0;	/* a failure without a name helps nobody: try again */
	return report_paragraph(b, s->pass->chan, addr, n, text, len);
}

static int keep_failure(struct pass *p, const struct buf *b)
{
	/* What lies there for a fresh message is left from before a crash. */
	if (p->fresh && !p->bounced && queue_bounce_drop(&queue, p->info.id) < 0)
		return -1;
	p->bounced = 1;
	return queue_bounce_add(&queue, p->info.id, b->s, b->len);
}

/* For mailq only: whatever goes wrong here is no harm to the mail. */
static void keep_note(struct pass *p, const struct buf *b)
{
	if (p->note_fd < 0)
		p->note_fd = queue_note_begin(&queue, p->info.id);
	if (p->note_fd >= 0 && io_write(p->note_fd, b->s, b->len) < 0)
		report_trouble("keep the last error of", p->info.id);
}

static unsigned char final_letter(const struct pass *p, unsigned char letter)
{
	switch (letter) {
	case 'K':
		return 'K';
	case 'D':
	case 'h':
		return 'D';
	case 'm':
		return 'm';
	default:
		return p->dying ? 'D' : 'Z';
	}
}

static void mark(const struct slot *s, uint32_t i)
{
	struct pass *p = s->pass;

	p->gained++;
	if (!p->fresh && queue_mark(&queue, p->info.id, p->chan, s->off[i]) < 0) {
		p->unmarked++;
		report_trouble("mark a recipient (who may get it twice) of", p->info.id);
	}
}

void fate_set(struct slot *s, uint32_t i, unsigned char letter, const char *text, size_t len)
{
	struct pass *p = s->pass;
	char words[2 * REPORT_MAX], para[3 * REPORT_MAX];
	struct buf w = BUF_OVER(words), b = BUF_OVER(para);
	unsigned char fate = final_letter(p, letter);

	buf_put(&w, text, len < REPORT_MAX ? len : REPORT_MAX);
	if (fate == 'D' && letter != 'D' && letter != 'h')
		buf_puts(&w, gave_up);
	if (fate == 'm')
		buf_puts(&w, next_transaction);
	if ((fate == 'D' || fate == 'Z') && !paragraph(&b, s, i, w.s, w.len))
		buf_clear(&b);
	if (fate == 'D' && (!b.len || keep_failure(p, &b) < 0)) {
		report_trouble("append to the bounce of", p->info.id);
		fate = 'Z';
	}
	s->fate[i] = fate;
	report_end(s->first + i, (char)fate, w.s, w.len);
	health_note(fate, w.s, w.len);
	if (fate == 'K' || fate == 'D')
		mark(s, i);
	if (fate == 'Z') {
		p->later++;
		keep_note(p, &b);
	}
	p->again += fate == 'm';
}

void fate_close(struct pass *p)
{
	if (p->note_fd >= 0)
		close(p->note_fd);
	p->note_fd = -1;
}
