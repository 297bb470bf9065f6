/* send.c: qmta-send, the runner: takes what lies in the queue to where it goes.
 * Start-up only: options, the lock, identities, then the loop. One-shot unless
 * -d; always in the foreground. Refuses to run twice on one queue. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "../base/err.h"
#include "../applet.h"
#include "../base/clock.h"
#include "../base/control.h"
#include "../base/defaults.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../base/passwd.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "conf.h"
#include "logger.h"
#include "loop.h"
#include "pass.h"
#include "report.h"
#include "spawn.h"
#include "../queue/submit.h"

struct queue queue;

static struct {
	int daemon, fix, all_now, verbose;
	uint64_t secs;		/* -t, 0 none */
	const char *split;
	const char *defaultdelivery;
	char **logger;
} opts;

static int usage(void)
{
	return say_usage("qmta-send",
		" [-d] [-a] [-f] [-v] [-t seconds] [-s split] [defaultdelivery [logger arg...]]");
}

static int cannot(const char *what)
{
	log_line("alert: cannot start: %s", what);
	return EXIT_TEMP;
}

/* -b -l -r -c are IndiMail's: big todo is found by looking, and the helpers that
 * the others would choose are built in. */
static int options(int argc, char **argv)
{
	struct opt o = OPT_INIT(argc, argv);
	int c;

	while ((c = opt_next(&o, "adfvblrcs:t:")) != -1)
		switch (c) {
		case 'a': opts.all_now = 1; break;
		case 'd': opts.daemon = 1; break;
		case 'f': opts.fix = 1; break;
		case 'v': opts.verbose = 1; break;
		case 's': opts.split = o.arg; break;
		case 't':
			if (!text_is_u64(o.arg, strlen(o.arg), &opts.secs) || !opts.secs ||
				opts.secs > RETRY_MAX_SECS)
				return -1;
			opts.all_now = 1;
			break;
		case 'b': case 'l': case 'r': case 'c': break;
		default: return -1;
		}
	if (opts.daemon && opts.secs)
		return -1;
	opts.defaultdelivery = o.at < argc ? argv[o.at++] : "";
	opts.logger = argv + o.at;
	return 0;
}

static int fix_queue(const char *dir)
{
	char *argv[5] = { "queue-fix", 0 };
	int n = 1;
	pid_t pid;

	if (opts.split) {
		argv[n++] = "-s";
		argv[n++] = (char *)(uintptr_t)opts.split;
	}
	argv[n++] = (char *)(uintptr_t)dir;
	/* In a process of its own: its lock, its umask and its owners end with it. */
	if ((pid = proc_fork()) == 0)
		_exit(CFG_SEND ? queuefix_main(n, argv) : 0);
	return pid < 0 ? -1 : proc_wait(pid);
}

static int read_conf(void)
{
	int r = conf_read();

	if (r < 0)
		return cannot(control_error());
	if (r > 0)
		log_line("alert: cannot start: write this host's full name into %s/me",
			control_dir());
	return r ? EXIT_TEMP : 0;
}

static int lock(struct loop *l)
{
	if ((l->lock = queue_lock(&queue)) >= 0)
		return 0;
	if (errno == EWOULDBLOCK || errno == EAGAIN)
		return cannot("qmta-send is already running");
	return cannot("unable to lock lock/sendmutex; run queue-fix");
}

/* Remote workers have no business in the queue. */
static void remote_identity(struct spawn *s, const struct stat *st)
{
	struct user u;

	passwd_worker(&u, st->st_uid, st->st_gid);
	s->remote_uid = u.uid;
	s->remote_gid = u.gid;
}

static int local_wanted(void)
{
	return CFG_LOCAL && (conf.locals.len || conf.virtualdomains.len);
}

/* From root to the owner of the queue, for good. */
static int become_owner(const struct stat *st)
{
	if (geteuid() != 0 || st->st_uid == 0)
		return 0;
	return proc_become(st->st_uid, st->st_gid);
}

/* The spawner learns what it may be; then we are no longer root. */
static int settle_rights(const struct stat *st, int tcpto)
{
	struct spawn s = { opts.defaultdelivery, tcpto, local_wanted(), 0, 0,
		st->st_uid, st->st_gid };

	if (geteuid() == 0)
		remote_identity(&s, st);
	if (spawn_setup(&s) < 0)
		return -1;
	close(tcpto);
	return become_owner(st);
}

static void tell_end(int code)
{
	int64_t now = clock_mono(), at = IO_FOREVER;
	unsigned h, n = 0;

	if (!opts.verbose)
		return;
	if (code == EXIT_DONE) {
		log_line("info: qmta-send: the queue is empty");
		return;
	}
	for (h = 0; h < PLAN_HEAPS; h++) {
		n += (unsigned)plan_count(h);
		/* What is held, or whose channel is, is not tried at its time. */
		if (h < PLAN_HELD && (h >= PLAN_DONE || conf.limit[h]) && plan_next(h) < at)
			at = plan_next(h);
	}
	if (at == IO_FOREVER)
		log_line("info: qmta-send: %u messages stay in the queue, held", n);
	else
		log_line("info: qmta-send: %u messages stay in the queue, next try in %lld"
			" seconds", n, (long long)(at > now ? (at - now) / 1000 : 0));
}

/* Instructions for users without their own: the argument, else the control file. */
static int default_delivery(void)
{
	static struct buf text = BUF_HEAP(CONTROL_MAX);
	int r;

	if (*opts.defaultdelivery || (r = control_text(&text, "defaultdelivery")) == 0)
		return 0;
	opts.defaultdelivery = text.s;
	return r < 0 ? cannot(control_error()) : 0;
}

/* What is made in the queue, and who it belongs to. Not by root: what its owner has
 * put in the place of lock/ may lead anywhere. */
static int open_files(struct loop *l, struct stat *st, int *tcpto)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	int r;

	if (fstat(queue.dir, st) < 0 || queue_seem(&queue) < 0)
		return cannot(err_text(errno));
	if ((r = lock(l)) == 0) {
		if ((l->trigger = queue_trigger_open(&queue)) < 0)
			log_line("warning: unable to open lock/trigger: %s; run queue-fix",
				err_text(errno));
		*tcpto = queue_tcpto(&queue);
	}
	/* The control files may be root's alone. */
	return geteuid() != uid && proc_seem(uid, gid) < 0 ? cannot(err_text(errno)) : r;
}

/* Everything that may be missing, in the order in which somebody would mend it. */
static int start(struct loop *l, const char *dir)
{
	struct stat st;
	int r, tcpto;

	if ((r = queue_open(&queue, dir)) != 0) {
		log_line("alert: cannot start: %s: %s; make it with: queue-fix %s", dir,
			qq_words(r), dir);
		return EXIT_TEMP;
	}
	if ((r = open_files(l, &st, &tcpto)) || (r = read_conf()))
		return r;
	if (logger_start(opts.logger, st.st_uid, st.st_gid) < 0 ||
		(l->signals = sig_open()) < 0 || settle_rights(&st, tcpto) < 0)
		return cannot(err_text(errno));
	return 0;
}

int send_main(int argc, char **argv)
{
	struct loop l = { .spawner = -1, .trigger = -1, .signals = -1 };
	const char *dir;
	int r;

	umask(077);
	proc_signals_reset();
	if (defaults_load("qmta-send") < 0)
		return EXIT_TEMP;
	dir = queue_dir();
	if (options(argc, argv) < 0)
		return usage();
	l.daemon = opts.daemon;
	l.all_now = opts.all_now;
	if (opts.secs)
		l.until = clock_mono() + (int64_t)opts.secs * 1000;
	if (opts.fix && fix_queue(dir) != 0)
		return cannot("queue-fix could not repair the queue");
	if ((r = default_delivery()) != 0)
		return r;
	if ((l.spawner = spawn_open()) < 0)
		return cannot(err_text(errno));
	if ((r = start(&l, dir)) != 0)
		return r;
	log_hold(1);
	if (!queue.sync)
		log_line("warning: conf-fsync is 0: accepted mail is lost when the power goes");
	if (opts.daemon)
		report_status(0);
	r = loop_run(&l);
	tell_end(r);
	log_flush();
	return r;
}
