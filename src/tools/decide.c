/* decide.c: the applets condredirect, bouncesaying and except, for lines of .qmail
 * files: a command looks at the message and its exit number decides. 0 is yes and
 * any other number no, but for 111, which is "ask again later": then, and when the
 * command cannot be run or crashes, the message waits. */
#include <unistd.h>
#include "../applet.h"
#include "../base/log.h"
#include "../exits.h"
#include "child.h"
#include "forward.h"

enum { EXIT_STOP = 99 };	/* done, and no further line of the .qmail file */

/* The exit number for what the command says: EXIT_TEMP as it is, yes for 0. */
static int ask(char **argv, char **command, int yes)
{
	int code = child_run(argv[0], command);

	if (code == EXIT_TEMP)
		return code;
	return code ? EXIT_DONE : yes;
}

int condredirect_main(int argc, char **argv)
{
	char *to[2] = { argv[1], 0 };
	int code;

	if (argc < 3)
		return say_usage(argv[0], " address command [argument ...]");
	if (!redirect_check(argv[0], to))
		return EXIT_PERM;
	if ((code = ask(argv, argv + 2, EXIT_STOP)) != EXIT_STOP)
		return code;
	/* The command has read the message. */
	lseek(0, 0, SEEK_SET);
	code = redirect_send(argv[0], to);
	return code ? code : EXIT_STOP;
}

int bouncesaying_main(int argc, char **argv)
{
	int code = EXIT_PERM;

	if (argc < 2)
		return say_usage(argv[0], " text [command [argument ...]]");
	if (argc > 2)
		code = ask(argv, argv + 2, EXIT_PERM);
	if (code == EXIT_PERM)
		log_line("%s", argv[1]);
	return code;
}

int except_main(int argc, char **argv)
{
	if (argc < 2)
		return say_usage(argv[0], " command [argument ...]");
	return ask(argv, argv + 1, EXIT_PERM);
}
