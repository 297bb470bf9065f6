/* showqueue.c: qmail-qread, mailq and `qmta queue` list the queue or show one message
 * of it, qmail-qstat counts it. Readers only: they take no lock, so a message may
 * leave while it is shown. Bytes that could do something to a terminal are shown as
 * '_'. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../base/err.h"
#include "../applet.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/date.h"
#include "../base/defaults.h"
#include "../base/log.h"
#include "../exits.h"
#include "file.h"
#include "show.h"
#include "submit.h"

#define NOTES_MAX (64u << 10)

static const char *prog;
static struct queue queue;
static char window[WINDOW];
static struct out out = OUT_STATIC(1, window);
static struct buf notes = BUF_HEAP(NOTES_MAX);	/* of the message that is shown */
static int verbose;	/* mailq: ages, last errors, next tries */
static unsigned long count;	/* messages seen */
static int json;	/* objects in place of lines */
static int held;	/* the message that is shown */

/* The queue could not be opened or read: code of queue_open, and errno. */
static int no_queue(const char *name, int code)
{
	int e = errno;

	say(name, "unable to read the queue %s: %s", queue_dir(),
		code == QQ_CONFIG ? control_error() : e ? err_text(e) : qq_words(code));
	if (e == EACCES)
		say(name, "only root and the owner of the queue may look into it");
	if (e == ENOENT)
		say(name, "queue-fix %s makes it; QUEUEDIR names another", queue_dir());
	return EXIT_TEMP;
}

int show_begin(struct queue *q, int argc, char **argv)
{
	int r;

	if (argc > 1)
		return say_usage(argv[0], "");
	if (defaults_load(argv[0]) < 0)
		return EXIT_TEMP;
	errno = 0;
	r = queue_open(q, queue_dir());
	return r ? no_queue(argv[0], r) : EXIT_DONE;
}

static int trouble(uint64_t id)
{
	say(prog, "trouble with message #%llu: %s", (unsigned long long)id,
		errno == EBADMSG ? "its files are damaged" : err_text(errno));
	return EXIT_TEMP;
}

void show_safe(struct out *o, const char *s, size_t n, int from)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		out_put(o, c < from || c > 126 ? "_" : s + i, 1);
	}
}

/* The two largest units of a time: 3d4h, 2h13m, 5m10s, 12s. */
void show_span(struct out *o, const char *before, int64_t secs)
{
	static const int units[] = { 86400, 3600, 60, 1 };
	unsigned left = secs < 0 ? 0 : secs > INT32_MAX ? INT32_MAX : (unsigned)secs, k;
	int i = 0;

	while (i < 3 && left < (unsigned)units[i])
		i++;
	k = left / (unsigned)units[i];
	out_fmt(o, "%s%u%c", before, k, "dhms"[i]);
	left -= k * (unsigned)units[i];
	if (i < 3 && (k = left / (unsigned)units[i + 1]))
		out_fmt(o, "%u%c", k, "hms"[i]);
}

/* "20 Nov 2026 21:55:59 GMT  #11061684  114  <kim@a.example>  bouncing" */
static void show_head(const struct qinfo *i)
{
	char text[64];
	struct buf b = BUF_OVER(text);

	date_gmt(&b, i->birth);
	out_fmt(&out, "%.*s  #%llu  %llu  <", (int)b.len, text,
		(unsigned long long)i->id, (unsigned long long)i->size);
	show_safe(&out, i->sender, strlen(i->sender), 33);
	out_puts(&out, "> ");
	if (i->bouncing)
		out_puts(&out, " bouncing");
	if (i->held)
		out_puts(&out, " held");
	held = i->held;
	if (verbose)
		show_span(&out, i->bouncing || held ? "  age " : " age ",
			clock_wall() - i->birth);
	out_puts(&out, "\n");
}

/* 1 when the n bytes at s are "<address>:" of this recipient. A note names a virtual
 * user by the address that was written to, without the prefix before it. */
static int names(const char *s, size_t n, const struct qrcpt *rc)
{
	if (n < 3 || *s != '<' || memcmp(s + n - 2, ">:", 2))
		return 0;
	n -= 3;
	return n <= rc->len && !memcmp(rc->addr + rc->len - n, s + 1, n) &&
		(n == rc->len || rc->addr[rc->len - n - 1] == '-');
}

const char *show_note(const struct qrcpt *rc)
{
	const char *p = notes.s, *lf;
	int first = 1;

	for (; notes.len && (lf = strchr(p, '\n')); p = lf + 1) {
		if (first && names(p, (size_t)(lf - p), rc))
			return lf + 1;
		first = lf == p;
	}
	return 0;
}

static void put_note(const char *p)
{
	const char *lf;

	for (; p && (lf = strchr(p, '\n')) && lf != p; p = lf + 1) {
		out_puts(&out, "\t\t");
		show_safe(&out, p, (size_t)(lf - p), 32);
		out_puts(&out, "\n");
	}
}

static void show_due(uint64_t id, enum qchan c)
{
	int64_t due, now = clock_wall();

	if (held || queue_due(&queue, id, c, &due) <= 0)
		return;
	out_puts(&out, "\t\tnext try ");
	if (due <= now)
		out_puts(&out, "as soon as qmta-send runs");
	else
		show_span(&out, "in ", due - now);
	out_puts(&out, "\n");
}

/* Recipients of one list, which is closed. got: what opening it returned. 0 / -1. */
static int show_list(int got, struct qread *r, uint64_t id, enum qchan c)
{
	struct qrcpt rc;

	while (got > 0 && (got = qread_next(r, &rc)) > 0) {
		const char *channel = r->fresh ? "todo" : c == LOCAL ? "local" : "remote";
		int64_t due = 0;

		if (json) {
			if (!rc.done && !r->fresh)
				queue_due(&queue, id, c, &due);
			json_rcpt(&out, &rc, channel, due);
			continue;
		}
		out_fmt(&out, "%s\t%s\t", rc.done ? "  done" : "", channel);
		show_safe(&out, rc.addr, rc.len, 33);
		out_puts(&out, "\n");
		if (!verbose || rc.done)
			continue;
		put_note(show_note(&rc));
		if (!r->fresh)
			show_due(id, c);
	}
	qread_close(r);
	return got;
}

/* The last errors, for show_note. Of very many, the first. */
static void read_notes(uint64_t id)
{
	char path[QPATH];

	buf_clear(&notes);
	io_slurp(queue.dir, qpath_own(path, &queue, NOTE, id), &notes);
	if (notes.len == NOTES_MAX)
		notes.len--;
	/* A NUL would end the text for the searches above. */
	if (notes.len && (!buf_z(&notes) || memchr(notes.s, 0, notes.len)))
		buf_clear(&notes);
}

/* 1 shown, 0 gone meanwhile, -1. */
static int show_message(uint64_t id, enum qstate state)
{
	struct qinfo i;
	struct qread r;
	int got = queue_info(&queue, id, state, &i), c, bad = 0;

	if (got <= 0)
		return got;
	if (json)
		json_head(&out, &i);
	else
		show_head(&i);
	if (verbose)
		read_notes(id);
	for (c = LOCAL; c <= REMOTE && (state != FRESH || c == LOCAL); c++) {
		got = state == FRESH ? qread_fresh(&r, &queue, id) :
			qread_chan(&r, &queue, id, (enum qchan)c);
		bad |= show_list(got, &r, id, (enum qchan)c);
	}
	if (json)
		out_puts(&out, "]}");
	return bad ? -1 : 1;
}

/* Counts the messages in that state, and shows them if it is to. Exit code. */
static int walk(enum qstate state, int show)
{
	struct qwalk w;
	uint64_t id;
	int r, code = EXIT_DONE, shown = 1;

	if (qwalk_open(&w, &queue, state) < 0)
		return no_queue(prog, QQ_DIR);
	while ((r = qwalk_next(&w, &id)) > 0) {
		if (show && (shown = show_message(id, state)) < 0)
			code = trouble(id);
		count += shown != 0;
	}
	if (r < 0)
		code = no_queue(prog, QQ_DIR);
	qwalk_close(&w);
	return code;
}

int qread_main(int argc, char **argv)
{
	int r = show_begin(&queue, argc, argv), s;

	if (r)
		return r;
	prog = argv[0];
	verbose = strcmp(prog, "qmail-qread") != 0;
	r = walk(FRESH, 1);
	s = walk(SETTLED, 1);
	if (verbose && !count && !r && !s)
		out_puts(&out, "Mail queue is empty\n");
	if (out_flush(&out) < 0)
		return EXIT_TEMP;
	return r ? r : s;
}

/* The message's own bytes; the header alone unless body is 1. */
static int show_text(int fd, int body)
{
	char space[1024], was = '\n';
	struct in in = IN_OVER(fd, space);
	int c;

	while ((c = in_getc(&in)) >= 0 && (body || c != '\n' || was != '\n')) {
		was = (char)c;
		show_safe(&out, &was, 1, c == '\n' || c == '\t' ? 0 : 32);
	}
	io_close(fd);
	return c == -2 ? -1 : 1;
}

int show_one(struct queue *q, const char *name, uint64_t id, int body)
{
	int r;

	queue = *q;
	prog = name;
	verbose = 1;
	if ((r = show_message(id, FRESH)) == 0)
		r = show_message(id, SETTLED);
	if (r <= 0)
		return r;
	out_puts(&out, "\n");
	return show_text(queue_message(q, id), body) < 0 || out_flush(&out) < 0 ? -1 : 1;
}

int show_json(struct queue *q)
{
	int r, s;

	queue = *q;
	prog = "qmta queue";
	json = verbose = 1;
	out_puts(&out, "[");
	r = walk(FRESH, 1);
	s = walk(SETTLED, 1);
	out_puts(&out, "\n]\n");
	return out_flush(&out) < 0 ? EXIT_TEMP : r ? r : s;
}

int qstat_main(int argc, char **argv)
{
	unsigned long fresh;
	int r = show_begin(&queue, argc, argv);

	prog = argv[0];
	if (r || (r = walk(FRESH, 0)))
		return r;
	fresh = count;
	if ((r = walk(SETTLED, 0)))
		return r;
	out_fmt(&out, "messages in queue: %lu\n"
		"messages in queue but not yet preprocessed: %lu\n", count, fresh);
	return out_flush(&out) < 0 ? EXIT_TEMP : EXIT_DONE;
}
