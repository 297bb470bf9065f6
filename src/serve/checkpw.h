/* checkpw.h: a checkpassword program (https://cr.yp.to/checkpwd/interface.html). */
#ifndef SERVE_CHECKPW_H
#define SERVE_CHECKPW_H
#include <stddef.h>

/* Runs argv, which gets user, password (n bytes) and the time on descriptor 3. 1 it has
 * said yes (0), 0 no (1) or they are too long for it, -1 anything else, or no answer within
 * a minute. */
int checkpw_ask(char *const argv[], const char *user, const char *password, size_t n);

#endif
