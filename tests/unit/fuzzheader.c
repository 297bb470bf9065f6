/* The corpus of tests/fuzz/header.c. */
#include "config.h"
#if (CFG_BS || CFG_SMTPD)
#include "../fuzz/header.c"
#include "../lib/replay.h"

int main(void)
{
	return replay("header");
}
#else
#include "../lib/tap.h"

int main(void)
{
	printf("1..0 # SKIP not built in\n");
	return 0;
}
#endif
