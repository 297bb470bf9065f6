/* fate.c: the one table from reasons to exit numbers. Callers of sendmail try
 * again on 75 and on nothing else, so everything that may pass is 75 there. */
#include "../exits.h"
#include "fate.h"

static const struct { unsigned char inject, sendmail; } exits[] = {
	[FATE_DONE] = { EXIT_DONE, SM_OK },
	[FATE_USAGE] = { EXIT_PERM, SM_USAGE },
	[FATE_DATA] = { EXIT_PERM, SM_DATAERR },
	[FATE_NOINPUT] = { EXIT_TEMP, SM_NOINPUT },
	[FATE_NONAME] = { EXIT_TEMP, SM_CONFIG },
	[FATE_LATER] = { EXIT_TEMP, SM_TEMPFAIL },
	[FATE_REFUSED] = { EXIT_PERM, SM_UNAVAILABLE },
	[FATE_IO] = { EXIT_TEMP, SM_IOERR },
	[FATE_ABSENT] = { EXIT_PERM, SM_UNAVAILABLE },
};

int fate_exit(enum fate f, int sysexits)
{
	return sysexits ? exits[f].sendmail : exits[f].inject;
}

enum fate fate_queue(int code, int permanent)
{
	if (!permanent)
		return FATE_LATER;
	/* 115 is the old name of 11. */
	if (code == QQ_TOOLONG || code == 115 || code == QQ_LOOP || code == QQ_TOOBIG)
		return FATE_DATA;
	return FATE_REFUSED;
}
