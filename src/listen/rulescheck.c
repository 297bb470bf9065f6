/* rulescheck.c: tcprulescheck: what the listener would do with a client, by the variables
 * that it would have set: $TCPREMOTEIP and $TCPREMOTEHOST. */
#include <stdlib.h>
#include <string.h>
#include "../applet.h"
#include "../base/io.h"
#include "../base/log.h"
#include "../exits.h"
#include "peer.h"
#include "rules.h"

int tcprulescheck_main(int argc, char **argv)
{
	char space[1024];
	struct out o = OUT_OVER(1, space);
	struct buf data = BUF_HEAP(RULES_MAX);
	const char *ip = getenv("TCPREMOTEIP");
	struct addr a;
	size_t i;
	int found, r;

	if (argc != 2 || !ip || !addr_parse(&a, ip, strlen(ip)))
		return say_usage(argv[0], " cdb, with an address in $TCPREMOTEIP");
	peer_plain(&a);
	r = found = rules_find(argv[1], &a, getenv("TCPREMOTEHOST"), &data);
	if (r >= 0)
		r = rules_apply(&data);
	if (r < 0) {
		say(argv[0], "unable to use %s:", argv[1]);
		return EXIT_TEMP;
	}
	out_fmt(&o, found ? "rule %s:\n" : "default:\n", rules_key);
	for (i = 0; r && i < data.len; i += strlen(data.s + i) + 1)
		out_fmt(&o, "set environment variable %s\n", data.s + i + 1);
	out_fmt(&o, "%s connection\n", r ? "allow" : "deny");
	return out_flush(&o) < 0 ? EXIT_TEMP : EXIT_DONE;
}
