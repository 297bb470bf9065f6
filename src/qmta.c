/* qmta.c: the multi-call program. All it does is to find the applet that is
 * meant; see applet.c. */
#include <string.h>
#include "applet.h"
#include "base/io.h"
#include "base/text.h"
#include "exits.h"

int main(int argc, char **argv)
{
	/* Too early for the applet to say it: callers of sendmail know 75 only. */
	if (io_fds012() == -1)
		return argc && !strcmp(argv[0] + text_dir(argv[0]), "sendmail") ?
			SM_TEMPFAIL : EXIT_TEMP;
	return applet_main(argc, argv);
}
