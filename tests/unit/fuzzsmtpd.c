/* The corpus of tests/fuzz/smtpd.c. */
#include "config.h"
#if CFG_SMTPD
#include "../fuzz/smtpd.c"
#include "../lib/replay.h"

int main(void)
{
	return replay("smtpd");
}
#else
#include "../lib/tap.h"

int main(void)
{
	printf("1..0 # SKIP not built in\n");
	return 0;
}
#endif
