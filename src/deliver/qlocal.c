/* qlocal.c: the applet qmail-local: one delivery by hand, or for whoever calls it as
 * the qmail family does ($QMAILLOCAL): the message is standard input, the caller is
 * the user already, and what is forwarded goes into the queue from here. qmta-send
 * does not need it. */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../applet.h"
#include "../base/clock.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../base/opt.h"
#include "../base/proc.h"
#include "../base/text.h"
#include "../exits.h"
#include "visit.h"

enum { DAY_MS = 86400000, OPERANDS = 8 };

static int usage(void)
{
	return say_usage("qmail-local", " [-nN] user home local dash ext domain sender"
		" defaultdelivery [qqeh]");
}

/* 1 the arguments fit; 0. */
static int arguments(struct visit *v, char **a)
{
	struct who *w = &v->who;

	if (!text_copy(w->user, sizeof w->user, a[0]) || *a[1] != '/' ||
		!text_copy(w->home, sizeof w->home, a[1]) ||
		strlen(a[2]) > ADDR_MAX || strlen(a[5]) > ADDR_MAX || strlen(a[6]) > ADDR_MAX)
		return 0;
	v->local = a[2];
	w->dash = a[3];
	w->ext = a[4];
	v->host = a[5];
	v->sender = a[6];
	v->dflt = a[7];
	return 1;
}

static void deliver(struct visit *v)
{
	struct stat st;

	umask(077);
	if (fstat(0, &st) < 0 || !S_ISREG(st.st_mode))
		visit_over(v, 'Z', "The message on standard input is not a file. (#4.3.0)");
	else if (geteuid() == 0 && !v->show)
		visit_over(v, 'Z', "Not allowed to perform deliveries as root. (#4.3.0)");
	else {
		v->size = st.st_size;
		visit_run(v);
	}
}

int qlocal_main(int argc, char **argv)
{
	static struct visit v;
	static char window[WINDOW];
	struct out out = OUT_OVER(1, window);
	struct opt o = OPT_INIT(argc, argv);
	int c;

	while ((c = opt_next(&o, "nN")) != -1) {
		if (c == '?')
			return usage();
		v.show = c == 'n' ? &out : 0;
	}
	argc -= o.at;
	if (argc < OPERANDS || argc > OPERANDS + 1 || !arguments(&v, argv + o.at))
		return usage();
	proc_signals_reset();
	proc_signal(SIGXFSZ, SIG_IGN);	/* a file too big is an error, not a death */
	v.runner = -1;
	v.until = clock_mono() + DAY_MS;
	visit_init(&v);
	deliver(&v);
	out_put(&out, v.text.s, v.text.len);
	out_flush(&out);
	return v.fate == 'K' ? EXIT_DONE : v.fate == 'D' ? EXIT_PERM : EXIT_TEMP;
}
