/* replay.h: a target of tests/fuzz as a unit test: its corpus (TOP/tests/fuzz/corpus/NAME),
 * each file as it is, cut at each byte, and with each of its bytes changed. */
#ifndef TESTS_REPLAY_H
#define TESTS_REPLAY_H
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tap.h"

static void replay_file(const char *path, const char *name)
{
	static unsigned char p[8192];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(p, 1, sizeof p, f) : 0, i;

	if (f)
		fclose(f);
	for (i = 0; i <= n; i++)
		LLVMFuzzerTestOneInput(p, i);
	for (i = 0; i < n; i++) {
		unsigned char was = p[i];
		static const unsigned char to[] = "\n\r\0.@\"\xff";
		size_t k;

		for (k = 0; k < sizeof to - 1; k++) {
			p[i] = to[k];
			LLVMFuzzerTestOneInput(p, n);
		}
		p[i] = was;
	}
	ok(n > 0, "%s", name);
}

static int replay(const char *name)
{
	const char *top = getenv("TOP");
	char dir[4096], path[4600];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof dir, "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
	if (!(d = opendir(dir)))
		ok(0, "there is %s", dir);
	while (d && (e = readdir(d)))
		if (*e->d_name != '.') {
			snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
			replay_file(path, e->d_name);
		}
	if (d)
		closedir(d);
	return done();
}

#endif
