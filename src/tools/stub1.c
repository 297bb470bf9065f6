/* stub1.c: to be replaced. */
#include "../applet.h"
#include "../base/log.h"
#include "../exits.h"

int qlocal_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
