/* queue.c: the queue's states, one operation at a time, on a real directory. */
#include "../../src/queue/finish.c"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/exits.h"
#include "../lib/tap.h"

/* The clock is ours: src/base/clock.c is not linked. */
static int64_t now = 2000000000;
int64_t clock_wall(void) { return now; }
int64_t clock_wall_usec(void) { return now * 1000000; }
static int64_t mono;
int64_t clock_mono(void) { return mono; }
int64_t clock_build(void) { return 1900000000; }
int clock_is_set(void) { return now >= clock_build(); }

static char top[200];
static struct queue q;
static struct qput p;

static void shell(const char *cmd)
{
	char line[600];

	snprintf(line, sizeof line, "cd '%s' && { %s; }", top, cmd);
	if (system(line))
		ok(0, "shell: %s", cmd);
}

/* What a command prints, first line. */
static const char *out_of(const char *cmd)
{
	static char got[300];
	char line[600];
	FILE *f;

	snprintf(line, sizeof line, "cd '%s' && { %s; }", top, cmd);
	got[0] = 0;
	f = popen(line, "r");
	if (fgets(got, sizeof got, f))
		got[strcspn(got, "\n")] = 0;
	pclose(f);
	return got;
}

/* Files that belong to messages. */
static int files(void)
{
	return atoi(out_of("find . -type f ! -path './lock/*' | wc -l"));
}

static void new_queue(int split, int bigtodo)
{
	char cmd[500];

	snprintf(cmd, sizeof cmd, "rm -rf *; mkdir -p pid intd todo bounce note lock; "
		"for d in mess info local remote; do for i in $(seq 0 %d); do "
		"mkdir -p $d/$i; done; done; for i in $(seq 0 %d); do mkdir todo/$i; done",
		split - 1, bigtodo - 1);
	queue_close(&q);
	shell(cmd);
	ok(queue_open(&q, top) == 0 && q.split == (unsigned)split &&
		q.bigtodo == (unsigned)bigtodo, "queue of split %d, %d found", split, bigtodo);
}

static int put_text(const char *s) { return qput_data(&p, s, strlen(s)); }

/* A whole message; its ID, 0 when refused (code in *code). */
static uint64_t put(const char *text, int rcpts, int *code)
{
	char addr[30];
	int i, r = qput_begin(&p, &q, PUT_UID);

	if (!r)
		r = put_text(text);
	if (!r)
		r = qput_sender(&p, "kim@a.example", 13);
	for (i = 0; !r && i < rcpts; i++) {
		snprintf(addr, sizeof addr, "r%d@b.example", i);
		r = qput_rcpt(&p, addr, strlen(addr));
	}
	if (!r)
		r = qput_commit(&p);
	if (code)
		*code = r;
	return r ? 0 : p.id;
}

static void test_put(void)
{
	struct qinfo i;
	struct qread r;
	struct qrcpt rc;
	uint64_t id;
	int n = 0, code;

	id = put("Subject: x\n\nhello", 3, &code);
	ok(id && files() == 2, "a message is two files");
	ok(queue_info(&q, id, FRESH, &i) == 1 && !strcmp(i.sender, "kim@a.example") &&
		i.uid == getuid() && i.pid == (uint64_t)getpid() && !i.bouncing, "its envelope is read back");
	ok(queue_info(&q, id, SETTLED, &i) == 0, "it is not settled");
	ok(qread_fresh(&r, &q, id) == 1, "recipients open");
	while (qread_next(&r, &rc) == 1)
		n += !rc.done && rc.len == 12 && rc.addr[1] == '0' + n;
	ok(n == 3, "three recipients in order");
	ok(qread_rewind(&r) == 0 && qread_next(&r, &rc) == 1 && rc.addr[1] == '0', "rewind");
	qread_close(&r);
	ok(put("x\n", 1000, 0) != 0, "an envelope beyond the window");
	ok(queue_finish(&q, id) == 0 && queue_finish(&q, p.id) == 0 && files() == 0,
		"finished messages leave nothing");
}

static void test_abort(void)
{
	int stage, left = 0;

	for (stage = 0; stage < 5; stage++) {
		qput_begin(&p, &q, PUT_UID);
		if (stage > 0) put_text("Subject: x\n\nbody\n");
		if (stage > 1) qput_sender(&p, "", 0);
		if (stage > 2) qput_rcpt(&p, "a@b", 3);
		if (stage > 3) for (int i = 0; i < 900; i++) qput_rcpt(&p, "abcdefgh@b", 10);
		qput_abort(&p);
		left += files();
		qput_abort(&p);
	}
	ok(left == 0, "abort at any point leaves nothing");
}

static void test_refuse(void)
{
	char big[ADDR_MAX + 2], text[6000] = "";
	int code, i;

	memset(big, 'a', sizeof big);
	ok(!put("x\n", 0, &code) && code == QQ_ENVELOPE, "no recipients");
	qput_begin(&p, &q, PUT_UID);
	ok(qput_sender(&p, big, ADDR_MAX) == 0 && qput_rcpt(&p, big, ADDR_MAX) == 0 &&
		qput_commit(&p) == 0, "addresses of 1002 bytes");
	queue_finish(&q, p.id);
	qput_begin(&p, &q, PUT_UID);
	ok(qput_sender(&p, big, ADDR_MAX + 1) == QQ_TOOLONG, "sender of 1003 bytes");
	qput_begin(&p, &q, PUT_UID);
	qput_sender(&p, "", 0);
	ok(qput_rcpt(&p, "a\nb@c", 5) == QQ_TOOLONG, "line feed in a recipient");
	qput_begin(&p, &q, PUT_UID);
	qput_sender(&p, "", 0);
	ok(qput_rcpt(&p, "", 0) == QQ_TOOLONG, "empty recipient");
	for (i = 0; i < 99; i++)
		strcat(text, i % 2 ? "received: x\n folded:\n" : "DELIVERED-TO: x\n");
	strcat(text, "Received-SPF: x\n");
	ok(put(text, 1, &code) != 0, "99 hops");
	queue_finish(&q, p.id);
	strcat(text, "\nReceived: x\nReceived: x\n");
	ok(put(text, 1, &code) != 0, "99 hops, and more in the body");
	queue_finish(&q, p.id);
	memmove(text + 12, text, strlen(text) + 1);
	memcpy(text, "Received: x\n", 12);
	ok(!put(text, 1, &code) && code == QQ_LOOP, "100 hops");
	q.databytes = 10;
	ok(put("123456789\n", 1, &code) && !put("1234567890\n", 1, &code) &&
		code == QQ_TOOBIG, "databytes");
	queue_finish(&q, p.id);
	shell("rm -f mess/0/* todo/[0-9]*");
	qput_begin(&p, &q, PUT_BOUNCE);
	ok(put_text("1234567890123\n") == 0, "a bounce may be larger");
	qput_abort(&p);
	q.databytes = 0;
	q.minfree = UINT64_MAX - 1;
	ok(!put("x\n", 1, &code) && code == QQ_WRITE, "minfree");
	q.minfree = 0;
	qput_begin(&p, &q, PUT_UID);
	mono = (int64_t)WRITER_SECS * 1000 + 1;
	ok(put_text("x\n") == QQ_TIMEOUT, "a writer lives for a day");
	mono = 0;
	ok(files() == 0, "nothing is left of all that");
}

static void test_umask(void)
{
	mode_t old = umask(0777);
	uint64_t id = put("x\n", 1, 0);
	char cmd[100];

	umask(old);
	snprintf(cmd, sizeof cmd, "stat -c %%a mess/0/%llu todo/%llu | tr '\\n' ' '",
		(unsigned long long)id, (unsigned long long)id);
	ok(!strcmp(out_of(cmd), "444 644 "), "umask does not matter: %s", out_of(cmd));
	queue_finish(&q, id);
}

/* Names that are taken: nothing is replaced, and a message still gets in. */
static void test_taken(void)
{
	char path[QPATH];
	struct stat st;
	uint64_t ino, id, i;
	int kept = 0;

	shell("echo precious >pid/x");
	snprintf(path, sizeof path, "%s", "pid/x");
	fstatat(q.dir, path, &st, 0);
	ino = st.st_ino;
	for (i = ino > 50 ? ino - 50 : 1; i < ino + 3000; i++)
		linkat(q.dir, "pid/x", q.dir, qpath(path, MESS, 0, i), 0);
	fstatat(q.dir, "pid/x", &st, 0);
	kept = (int)st.st_nlink;
	id = put("new\n", 1, 0);
	ok(id && (id < ino - 50 || id >= ino + 3000), "another name is chosen (%llu, not near %llu)",
		(unsigned long long)id, (unsigned long long)ino);
	fstatat(q.dir, "pid/x", &st, 0);
	ok((int)st.st_nlink == kept, "no name was replaced");
	ok(queue_finish(&q, id) == 0, "and the message can be finished");
	shell("rm -f mess/0/* pid/*");
}

static void test_settle(void)
{
	static struct qsettle s;
	struct qread r;
	struct qrcpt rc;
	struct qinfo i;
	uint64_t id = put("x\n", 2, 0), got;
	struct qwalk w;
	int64_t due;
	char cmd[100];

	now = 2000000000;
	ok(queue_set_birth(&q, id, 1999990000) == 0, "birth of a fresh message");
	snprintf(cmd, sizeof cmd, "for d in info local remote; do echo junk >$d/0/%llu; done; echo x >bounce/%llu",
		(unsigned long long)id, (unsigned long long)id);
	shell(cmd);
	ok(qwalk_open(&w, &q, SETTLED) == 0 && qwalk_next(&w, &got) == 0, "leftovers in info/ are not settled messages");
	qwalk_close(&w);
	ok(qsettle_begin(&s, &q, id, 0) == 0 && qsettle_rcpt(&s, REMOTE, 0, "ann@b", 5) == 0 &&
		qsettle_rcpt(&s, REMOTE, 1, "bo@b", 4) == 0, "begin and two recipients");
	qsettle_abort(&s);
	ok(queue_info(&q, id, FRESH, &i) == 1 && !i.bouncing && files() == 2, "abort leaves it fresh");
	ok(qsettle_begin(&s, &q, id, 0) == 0 && qsettle_rcpt(&s, REMOTE, 0, "ann@b", 5) == 0 &&
		qsettle_rcpt(&s, LOCAL, 0, "joe@a", 5) == 0 &&
		qsettle_rcpt(&s, REMOTE, 1, "bo@b", 4) == 0 && qsettle_commit(&s) == 0, "settled");
	ok(queue_info(&q, id, FRESH, &i) == 0 && queue_info(&q, id, SETTLED, &i) == 1 &&
		!strcmp(i.sender, "kim@a.example") && i.birth == 1999990000, "info has sender and birth");
	ok(files() == 4, "mess info local remote");
	ok(qread_chan(&r, &q, id, REMOTE) == 1 && qread_next(&r, &rc) == 1 && rc.off == 0 &&
		!rc.done && !strcmp(rc.addr, "ann@b") && qread_next(&r, &rc) == 1 && rc.done &&
		rc.off == 7 && qread_next(&r, &rc) == 0, "remote's recipients");
	ok(queue_mark(&q, id, REMOTE, 0) == 0 && queue_mark(&q, id, REMOTE, 0) == 0, "mark, twice");
	ok(queue_mark(&q, id, REMOTE, 3) < 0 && errno == EBADMSG, "no mark in the middle of an address");
	ok(qread_rewind(&r) == 0 && qread_next(&r, &rc) == 1 && rc.done &&
		!strcmp(rc.addr, "ann@b"), "it is done");
	ok(qread_seek(&r, 7) == 0 && qread_next(&r, &rc) == 1 && rc.off == 7, "seek");
	qread_close(&r);
	ok(queue_set_due(&q, id, LOCAL, 2000001234) == 0 && queue_due(&q, id, LOCAL, &due) == 1 &&
		due == 2000001234, "due");
	ok(queue_bounce_add(&q, id, "<a>:\nno\n\n", 9) == 0 && queue_info(&q, id, SETTLED, &i) == 1 &&
		i.bouncing, "bouncing");
	ok(queue_chan_done(&q, id, REMOTE) == 0 && queue_chan_done(&q, id, REMOTE) == 0 &&
		qread_chan(&r, &q, id, REMOTE) == 0 && queue_due(&q, id, REMOTE, &due) == 0, "channel done");
	close(queue_note_begin(&q, id));
	ok(qwalk_open(&w, &q, SETTLED) == 0 && qwalk_next(&w, &got) == 1 && got == id &&
		qwalk_next(&w, &got) == 0, "walk");
	qwalk_close(&w);
	ok(queue_finish(&q, id) == 0 && files() == 0, "finish");
	id = put("x\n", 1, 0);
	queue_bounce_add(&q, id, "text\n\n", 6);
	ok(qsettle_begin(&s, &q, id, 1) == 0 && qsettle_commit(&s) == 0 &&
		!strcmp(out_of("cat bounce/*"), "text"), "keep_bounce");
	queue_finish(&q, id);
}

/* Any split, or several: all files are found wherever they are. */
static void test_split(void)
{
	static struct qsettle s;
	struct qread r;
	struct qinfo i;
	struct qwalk w;
	uint64_t id, got;
	char path[QPATH], to[QPATH];
	int fd, n = 0, sub;

	id = put("x\n", 1, 0);
	ok(id && faccessat(q.dir, qpath_own(path, &q, MESS, id), F_OK, 0) == 0 &&
		faccessat(q.dir, qpath_own(path, &q, TODO, id), F_OK, 0) == 0, "in its sub-directory");
	sub = (int)((id + 1) % q.split);
	qpath_own(path, &q, MESS, id);
	renameat(q.dir, path, q.dir, qpath(to, MESS, sub, id));
	ok((fd = queue_message(&q, id)) >= 0, "message in another's");
	close(fd);
	if (q.bigtodo)	/* as a classic program would leave it */
		renameat(q.dir, qpath_own(path, &q, TODO, id), q.dir, qpath(to, TODO, -1, id));
	shell("echo x >todo/notanumber; echo x >todo/007; mkdir -p todo/2000");
	ok(qwalk_open(&w, &q, FRESH) == 0, "walk");
	while (qwalk_next(&w, &got) == 1)
		n += got == id ? 1 : 100;
	qwalk_close(&w);
	ok(n == 1, "seen once, and nothing else (%d)", n);
	shell("rm -r todo/notanumber todo/007 todo/2000");
	ok(qsettle_begin(&s, &q, id, 0) == 0 && qsettle_rcpt(&s, LOCAL, 0, "a@b", 3) == 0 &&
		qsettle_commit(&s) == 0, "settle");
	qpath_own(path, &q, LOCAL, id);
	renameat(q.dir, path, q.dir, qpath(to, LOCAL, sub, id));
	ok(qread_chan(&r, &q, id, LOCAL) == 1, "a channel's file in another's is not missing");
	qread_close(&r);
	ok(queue_info(&q, id, SETTLED, &i) == 1 && i.size > 50, "info");
	ok(queue_finish(&q, id) == 0 && files() == 0, "finish");
}

static int read_all(struct qread *r)
{
	struct qrcpt rc;
	int got, n = 0;

	while ((got = qread_next(r, &rc)) > 0)
		n++;
	qread_close(r);
	return got < 0 ? -errno : n;
}

static int damaged_list(const char *bytes)
{
	char cmd[3000];
	struct qread r;

	snprintf(cmd, sizeof cmd, "printf '%s' >local/0/77", bytes);
	shell(cmd);
	return qread_chan(&r, &q, 77, LOCAL) == 1 ? read_all(&r) : 1000;
}

static void test_damage(void)
{
	struct qread r;
	struct qinfo i;

	ok(damaged_list("Ta@b\\0Dc@d\\0") == 2, "a sound list");
	ok(damaged_list("Ta@b\\0Dc@d") == -EBADMSG, "no NUL at its end");
	ok(damaged_list("Ta@b\\0Xc@d\\0") == -EBADMSG, "unknown letter");
	ok(damaged_list("\\0\\0\\0\\0") == -EBADMSG, "zeroes, as a power cut leaves them");
	ok(damaged_list("Fa@b\\0Tc@d\\0") == -EBADMSG, "a sender in a list");
	shell("{ printf T; head -c 1003 /dev/zero | tr '\\0' a; printf '\\0'; } >local/0/77");
	ok(qread_chan(&r, &q, 77, LOCAL) == 1 && read_all(&r) == -EBADMSG, "address of 1003 bytes");
	shell(": >local/0/77; : >todo/77");
	ok(qread_chan(&r, &q, 77, LOCAL) == 1 && read_all(&r) == 0, "empty");
	ok(queue_info(&q, 77, FRESH, &i) < 0 && errno == EBADMSG, "empty envelope");
	shell("printf 'u0\\0p1\\0Fa@b\\0Tc@d\\0eextra\\0hX=1\\0' >todo/77; printf 'Fa@b\\0eextra\\0' >info/0/77");
	ok(qread_fresh(&r, &q, 77) == 1 && read_all(&r) == 1, "records of others are passed over");
	ok(queue_info(&q, 77, SETTLED, &i) == 1 && !strcmp(i.sender, "a@b"), "in info too");
	ok(queue_info(&q, 77, FRESH, &i) == 1 && i.size == 0 && queue_message(&q, 77) < 0 &&
		errno == ENOENT, "a message that is missing");
	shell("rm -f local/0/77 todo/77 info/0/77");
}

/* An orphan of ours (mode 0444) or another's (0644), so many seconds old. */
/* What the runner's walk does with all that it does not know. */
static int sweep(void)
{
	static const enum qpart order[] = { QPART_MESS, QPART_INTD, QPART_NOTE,
		QPART_BOUNCE, QPART_REMOTE, QPART_LOCAL };
	int n = queue_sweep_pid(&q);
	struct qwalk w;
	uint64_t id;
	size_t i;

	for (i = 0; i < sizeof order / sizeof *order; i++) {
		if (qwalk_part(&w, &q, order[i]) < 0)
			return -1;
		while (qwalk_entry(&w, &id) > 0)
			n += qwalk_orphan(&w, id);
		qwalk_close(&w);
	}
	return n;
}

static int swept(const char *name, const char *mode, int64_t age)
{
	char cmd[300];
	int n;

	snprintf(cmd, sizeof cmd, "rm -f %s; echo x >%s; chmod %s %s; touch -d @%lld %s",
		name, name, mode, name, (long long)(now - age), name);
	shell(cmd);
	n = sweep();
	return n < 0 ? -1 : files() == 0;
}

static void test_sweep(void)
{
	uint64_t id;
	int fd, before;

	ok(!swept("mess/0/5", "0444", 60), "(26) ours, a minute old: kept");
	ok(swept("mess/0/5", "0444", 1000), "(26) ours, 1000 seconds: removed");
	ok(swept("pid/5.5.5", "0444", 1000), "the same in pid/");
	ok(swept("mess/0/5", "0444", -5000), "ours, from the future: the lock decides");
	ok(swept("mess/0/5", "0444", now - 10), "ours, from 1970: the lock decides");
	ok(!swept("mess/0/5", "0644", 86400), "(26) a classic writer's, a day old: kept");
	ok(!swept("mess/0/5", "0644", now - 10), "a classic writer's, from 1970: kept");
	ok(swept("mess/0/5", "0644", 130000), "(26) a classic writer's, 36 hours: removed");
	shell("echo x >mess/0/5; chmod 444 mess/0/5; touch -d @1950000000 mess/0/5");
	fd = openat(q.dir, "mess/0/5", O_RDONLY);
	flock(fd, LOCK_EX);
	ok(sweep() == 0 && files() == 1, "a writer that lives: kept at any age");
	close(fd);
	shell("echo x >intd/5");
	ok(sweep() == 1 && files() == 0, "with its envelope once it is dead");
	shell("for f in intd/9 local/0/9 remote/0/9 bounce/9 note/9; do echo x >$f; done");
	ok(sweep() == 5 && files() == 0, "files of no message");
	shell("for f in info/0/9 local/0/9 bounce/9 note/9 mess/0/9; do echo x >$f; done; chmod 444 mess/0/9; touch -d @1950000000 mess/0/9");
	ok(sweep() == 0 && files() == 5, "files of a settled message stay");
	queue_finish(&q, 9);
	id = put("x\n", 1, 0);
	now += 200000;
	before = files();
	ok(sweep() == 0 && files() == before, "a queued message stays");
	queue_finish(&q, id);
	qput_begin(&p, &q, PUT_UID);
	put_text("x\n");
	now = 100;	/* clock not set: only the lock speaks */
	ok(sweep() == 0 && files() == 1, "a live writer without a clock");
	qput_sender(&p, "", 0);
	qput_rcpt(&p, "a@b", 3);
	ok(qput_commit(&p) == 0 && sweep() == 0, "goes on to commit");
	queue_finish(&q, p.id);
	now = 2000000000;
}

static void test_runner(void)
{
	struct buf b = BUF_HEAP(100);
	struct queue other;
	int fd, t;
	char c;

	ok((fd = queue_lock(&q)) >= 0, "lock");
	queue_open(&other, top);
	ok(queue_lock(&other) < 0 && errno == EWOULDBLOCK, "locked");
	queue_close(&other);
	close(fd);
	ok(queue_state_read(&q, &b) == 0 && queue_state_write(&q, "abc", 3) == 0 &&
		queue_state_read(&q, &b) == 1 && b.len == 3, "state");
	buf_free(&b);
	queue_trigger(&q);
	ok((t = queue_trigger_open(&q)) >= 0, "trigger is made when missing");
	ok(read(t, &c, 1) < 0 && errno == EAGAIN, "nothing in it");
	queue_trigger(&q);
	ok(read(t, &c, 1) == 1, "triggered");
	for (fd = 0; fd < 70000; fd++)
		queue_trigger(&q);
	ok(1, "a full trigger does not block");
	close(t);
	shell("rm lock/trigger; echo x >lock/trigger");
	ok(queue_trigger_open(&q) < 0, "a plain file is no trigger");
	shell("rm lock/trigger");
}

int main(void)
{
	strcpy(top, "/tmp/qmta-unit.XXXXXX");
	if (!mkdtemp(top) || chdir(top))
		return 1;
	setenv("CONTROLDIR", "/nonexistent", 1);
	umask(022);
	alarm(120);
	q.dir = q.mess = q.todo = -1;
	new_queue(1, 0);
	q.minfree = 0;
	test_put();
	test_abort();
	test_refuse();
	test_umask();
	test_taken();
	test_settle();
	test_damage();
	test_sweep();
	test_runner();
	new_queue(23, 0);
	test_split();
	new_queue(5, 5);
	test_split();
	test_put();
	shell("rm -rf *");
	if (chdir("/") || rmdir(top))
		ok(0, "clean-up");
	return done();
}
