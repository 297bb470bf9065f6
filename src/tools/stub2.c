/* stub2.c: to be replaced. */
#include "../applet.h"
#include "../base/log.h"
#include "../exits.h"

int maildirmake_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
int maildir2mbox_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
int maildirwatch_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
int qail_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
int direct_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
int preline_main(int argc, char **argv)
{
	(void)argc;
	say(argv[0], "not built yet");
	return EXIT_PERM;
}
