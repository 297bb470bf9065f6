/* exec.c: becoming another program that people name without its directory: the
 * logger behind qmta-send, the commands behind the small tools. No shell. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "buf.h"
#include "exec.h"

void exec_path(char *const argv[])
{
	const char *path = getenv("PATH");
	char file[512];

	if (strchr(*argv, '/')) {
		execv(*argv, argv);
		return;
	}
	if (!path)
		path = "/bin:/usr/bin";
	while (path) {
		const char *end = strchr(path, ':');

		if (buf_text(file, sizeof file, "%.*s/%s", end ? (int)(end - path) : 512,
			path, *argv))
			execv(file, argv);
		path = end ? end + 1 : 0;
	}
}
