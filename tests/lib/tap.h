/* tap.h: results of a unit test as prove(1) reads them. A test that ends
 * without done() has no plan and counts as failed. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H
#include <stdarg.h>
#include <stdio.h>

static int tap_run, tap_failed;

/* One test; the name is printf's format. */
static void __attribute__((format(printf, 2, 3), unused))
ok(int cond, const char *fmt, ...)
{
	va_list ap;

	tap_run++;
	if (!cond)
		tap_failed++;
	printf("%sok %d - ", cond ? "" : "not ", tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	if (!cond) {	/* prove shows only this stream */
		fprintf(stderr, "# failed: ");
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fprintf(stderr, "\n");
	}
}

/* Prints the plan; what main() returns. No test at all is a failure. */
static int __attribute__((unused))
done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed || !tap_run;
}

#endif
