/* The corpus of tests/fuzz/saslserve.c. */
#include "config.h"
#if CFG_TLSD
#include "../fuzz/saslserve.c"
#include "../lib/replay.h"

int main(void)
{
	return replay("saslserve");
}
#else
#include "../lib/tap.h"

int main(void)
{
	printf("1..0 # SKIP not built in\n");
	return 0;
}
#endif
