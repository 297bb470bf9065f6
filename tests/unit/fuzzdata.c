/* The corpus of tests/fuzz/data.c. */
#include "config.h"
#if (CFG_BS || CFG_SMTPD)
#include "../fuzz/data.c"
#include "../lib/replay.h"

int main(void)
{
	return replay("data");
}
#else
#include "../lib/tap.h"

int main(void)
{
	printf("1..0 # SKIP not built in\n");
	return 0;
}
#endif
